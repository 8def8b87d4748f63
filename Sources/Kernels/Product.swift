import CKernels
import Tensors

/// Matrix products with a ``PackedWeight``: the linear layers and the head.
///
/// The forward product computes each output as one chain of fused multiply-adds over the inputs
/// in order, then adds the bias: the same bits for one row and for thousands, at any number of
/// threads and on any instruction set. Gradients repeat bit for bit at any number of threads.
///
/// An int8 copy quantises the rows of `x` too, in blocks of 32 inputs. A block's sum is one of whole
/// numbers, exact in any order; the chain goes over blocks, so the same holds.
public enum Product {
  /// `y [rows, n] = x [rows, inputs] W[..<n, :]^T + bias`, `n` being the columns of `y`: all of
  /// the weight's outputs or the first of them.
  ///
  /// - Parameter bias: `[n]` or nothing.
  public static func forward(
    _ x: Matrix, _ w: PackedWeight, bias: UnsafePointer<Float>? = nil, into y: Matrix
  ) {
    precondition(
      x.columns == w.inputs && y.columns <= w.outputs && x.rows == y.rows,
      "[\(y.rows), \(y.columns)] from [\(x.rows), \(x.columns)] times [\(w.outputs), \(w.inputs)]^T"
    )
    withUnsafePointer(to: w.weight) {
      tk_product_forward(
        y.base, Int64(y.stride), x.base, Int64(x.stride), $0, bias, Int64(y.rows),
        Int64(y.columns))
    }
  }

  /// `dx [rows, inputs] = dy [rows, n] W[..<n, :]`, or `+=`, with W as the forward saw it.
  public static func backwardInput(
    _ dy: Matrix, _ w: PackedWeight, into dx: Matrix, accumulate: Bool = false
  ) {
    precondition(w.type != .int8, "no gradient goes through an int8 copy")
    precondition(
      dx.columns == w.inputs && dy.columns <= w.outputs && dx.rows == dy.rows,
      "[\(dx.rows), \(dx.columns)] from [\(dy.rows), \(dy.columns)] times [\(w.outputs), \(w.inputs)]"
    )
    withUnsafePointer(to: w.weight) {
      tk_product_backward_input(
        dx.base, Int64(dx.stride), dy.base, Int64(dy.stride), $0, Int64(dy.rows),
        Int64(dy.columns), accumulate ? 1 : 0)
    }
  }

  /// `dw [n, inputs] += dy [rows, n]^T x [rows, inputs]`; `dw` is tight.
  public static func backwardWeight(_ dy: Matrix, _ x: Matrix, into dw: Matrix) {
    precondition(
      dw.rows == dy.columns && dw.columns == x.columns && dy.rows == x.rows,
      "[\(dw.rows), \(dw.columns)] from [\(dy.rows), \(dy.columns)]^T times [\(x.rows), \(x.columns)]"
    )
    precondition(
      dw.stride == dw.columns, "a stride of \(dw.stride) for \(dw.columns) columns of dw")
    tk_product_backward_weight(
      dw.base, dy.base, Int64(dy.stride), x.base, Int64(x.stride), Int64(dy.rows),
      Int64(dy.columns), Int64(x.columns))
  }

  /// `db [columns] +=` the sum of `dy` over its rows.
  public static func backwardBias(_ dy: Matrix, into db: UnsafeMutablePointer<Float>) {
    tk_product_backward_bias(
      db, dy.base, Int64(dy.stride), Int64(dy.rows), Int64(dy.columns))
  }
}
