import CKernels
import Tensors

/// The residual connection: `y += x`, both tight and of one shape.
public func add(_ x: Matrix, to y: Matrix) {
  precondition(
    x.rows == y.rows && x.columns == y.columns,
    "[\(x.rows), \(x.columns)] added to [\(y.rows), \(y.columns)]")
  precondition(
    x.stride == x.columns && y.stride == y.columns,
    "strides of \(x.stride) and \(y.stride) for \(x.columns) columns")
  tk_add(y.base, x.base, Int64(x.rows * x.columns))
}
