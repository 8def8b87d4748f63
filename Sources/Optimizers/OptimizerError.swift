/// What an optimizer refuses; weights and state are then as they were.
public enum OptimizerError: Error, Equatable {
  case nonFiniteGradient(name: String, shape: [Int], index: Int, value: Float)
  case nonFiniteWeight(name: String, shape: [Int], index: Int, value: Float)
  case state(name: String, expected: Int, found: Int?)
}

extension OptimizerError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .nonFiniteGradient(let name, let shape, let index, let value):
      """
      the gradient of \(name) is \(value) at \(Self.place(of: index, in: shape)); the step is \
      refused, and the weights are as they were
      """
    case .nonFiniteWeight(let name, let shape, let index, let value):
      """
      the last updates have made \(name) \(value) at \(Self.place(of: index, in: shape)); such \
      weights are not saved. Start again with a lower learning rate
      """
    case .state(let name, let expected, let found?):
      """
      the optimizer state \(name) has \(found) elements and the model needs \(expected); \
      the checkpoint is of another model
      """
    case .state(let name, let expected, nil):
      """
      the optimizer state \(name), \(expected) elements, is missing; the checkpoint is of another \
      model or was written without its optimizer
      """
    }
  }

  /// `[3, 17]` for an index into a row-major tensor.
  private static func place(of index: Int, in shape: [Int]) -> [Int] {
    var rest = index
    var place: [Int] = []
    for size in shape.reversed() {
      place.insert(rest % size, at: 0)
      rest /= size
    }
    return place
  }
}
