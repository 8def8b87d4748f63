import Tensors

/// Buffers that a pass needs and the next one needs again, kept so that memory is touched first
/// only once.
final class Workspace {
  private var buffers: [String: Storage<Float>] = [:]

  /// A `[rows, columns]` buffer with undefined contents; two names never share memory.
  func matrix(_ name: String, _ rows: Int, _ columns: Int) -> Matrix {
    let count = rows * columns
    if let buffer = buffers[name], buffer.count >= count {
      return buffer.matrix(rows: rows, columns: columns)
    }
    let buffer = Storage<Float>(count, zeroed: false)
    buffers[name] = buffer
    return buffer.matrix(rows: rows, columns: columns)
  }

  func release() { buffers = [:] }
}

extension Matrix {
  /// Copies `other`, which has the same shape; both are dense.
  func assign(_ other: Matrix) {
    precondition(rows == other.rows && columns == other.columns, "copy of another shape")
    precondition(stride == columns && other.stride == other.columns, "copy of a slice")
    base.update(from: other.base, count: rows * columns)
  }

  func zero() {
    precondition(stride == columns, "zeroing a slice")
    base.update(repeating: 0, count: rows * columns)
  }
}
