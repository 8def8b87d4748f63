import Tensors

/// Buffers that a pass needs and the next one needs again, kept so that memory is touched first
/// only once.
final class Workspace {
  private struct Key: Hashable {
    let name: String
    let block: Int?
  }

  private var buffers: [Key: Storage<Float>] = [:]

  /// A `[rows, columns]` buffer with undefined contents; two names never share memory, nor two
  /// blocks.
  func matrix(_ name: String, of block: Int? = nil, _ rows: Int, _ columns: Int) -> Matrix {
    let key = Key(name: name, block: block)
    let count = rows * columns
    if let buffer = buffers[key], buffer.count >= count {
      return buffer.matrix(rows: rows, columns: columns)
    }
    let buffer = Storage<Float>(count, zeroed: false)
    buffers[key] = buffer
    return buffer.matrix(rows: rows, columns: columns)
  }
}

extension Matrix {
  func zero() {
    precondition(stride == columns, "zeroing a slice")
    base.update(repeating: 0, count: rows * columns)
  }
}
