import Tensors

/// A named parameter as an optimizer sees it. The storages are shared with the model, not copied.
public struct ParameterSlot: Sendable {
  /// The tensor's name in the model's folder.
  public let name: String
  public let shape: [Int]
  /// The master weights, row-major.
  public let value: Storage<Float>
  /// The gradient of the step, read only.
  public let gradient: Storage<Float>
  /// Whether weight decay acts on it; never on a tensor of one dimension.
  public let decays: Bool

  /// - Parameter decays: `false` for a table of embeddings.
  public init(
    name: String, shape: [Int], value: Storage<Float>, gradient: Storage<Float>,
    decays: Bool
  ) {
    let count = shape.reduce(1, *)
    precondition(
      value.count == count && gradient.count == count,
      "\(name) of shape \(shape) has \(value.count) weights and \(gradient.count) gradients")
    (self.name, self.shape, self.value, self.gradient) = (name, shape, value, gradient)
    self.decays = decays && shape.count > 1
  }
}
