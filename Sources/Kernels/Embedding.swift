import CKernels
import Tensors

/// Rows of the embedding matrix by token id.
public enum Embedding {
  /// `y [rows, width] = scale * W[ids[r], :]`, read from the compute copy; `y` is tight.
  public static func forward(
    _ ids: UnsafeBufferPointer<Int32>, _ w: PackedWeight, scale: Float = 1, into y: Matrix
  ) {
    check(ids, vocabulary: w.outputs, rows: y)
    precondition(y.columns == w.inputs, "rows of \(y.columns) from a width of \(w.inputs)")
    withUnsafePointer(to: w.weight) {
      tk_embedding_forward(y.base, $0, ids.baseAddress, scale, Int64(y.rows))
    }
  }

  /// `dw[ids[r], :] += scale * dy[r, :]`, in the order of rows; both are tight.
  public static func backward(
    _ dy: Matrix, _ ids: UnsafeBufferPointer<Int32>, scale: Float = 1, into dw: Matrix
  ) {
    check(ids, vocabulary: dw.rows, rows: dy)
    precondition(
      dw.columns == dy.columns && dw.stride == dw.columns,
      "gradients of \(dy.columns) channels into \(dw.columns) with a stride of \(dw.stride)")
    tk_embedding_backward(
      dw.base, dy.base, ids.baseAddress, scale, Int64(dy.rows), Int64(dy.columns))
  }

  private static func check(
    _ ids: UnsafeBufferPointer<Int32>, vocabulary: Int, rows: Matrix
  ) {
    precondition(ids.count == rows.rows, "\(ids.count) ids for \(rows.rows) rows")
    precondition(
      rows.stride == rows.columns || rows.rows <= 1,
      "a stride of \(rows.stride) for \(rows.columns) columns")
    for id in ids {
      precondition(id >= 0 && id < vocabulary, "id \(id) is outside 0..<\(vocabulary)")
    }
  }
}
