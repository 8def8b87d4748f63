import Tensors

/// One trained tensor: its float32 master value and the gradient that accumulates beside it.
public final class Parameter {
  /// The name in the checkpoint: `model.layers.0.self_attn.q_proj.weight`.
  public let name: String
  /// `[outputs, inputs]` of a matrix, `[width]` of a vector.
  public let shape: [Int]
  public let value: Storage<Float>
  /// The sum over the micro-batches of a step; zeroed by ``Transformer/zeroGradients()``.
  public let gradient: Storage<Float>

  /// Vectors and embeddings do not decay.
  public var decays: Bool { shape.count > 1 && !name.hasSuffix("embed_tokens.weight") }

  /// Value and gradient as `[rows, columns]`; a vector is one row.
  var matrix: Matrix { value.matrix(rows: rows, columns: shape.last!) }
  var gradientMatrix: Matrix { gradient.matrix(rows: rows, columns: shape.last!) }
  private var rows: Int { shape.count > 1 ? shape[0] : 1 }

  init(name: String, shape: [Int], value: Storage<Float>) {
    precondition(value.count == shape.reduce(1, *), "\(name): \(value.count) values for \(shape)")
    (self.name, self.shape, self.value) = (name, shape, value)
    gradient = Storage(value.count)
  }
}
