import CKernels
import Tensors

/// The residual connection: `y = x + branch`, all tight and of one shape; `y` may be either.
public func add(_ x: Matrix, _ branch: Matrix, into y: Matrix) {
  for other in [x, branch] {
    precondition(
      other.rows == y.rows && other.columns == y.columns,
      "[\(other.rows), \(other.columns)] added into [\(y.rows), \(y.columns)]")
  }
  for matrix in [x, branch, y] {
    precondition(
      matrix.stride == matrix.columns,
      "a stride of \(matrix.stride) for \(matrix.columns) columns")
  }
  tk_add(y.base, x.base, branch.base, Int64(y.rows * y.columns))
}
