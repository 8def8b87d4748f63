import CKernels
import Tensors

extension Storage where Element == Float {
  /// The sum of squares, in double and in fixed blocks: the same bits at any number of threads.
  public var sumOfSquares: Double { tk_sum_of_squares(pointer, Int64(count)) }

  /// The index of the first NaN or infinity.
  public var firstNonFinite: Int? {
    let index = tk_first_nonfinite(pointer, Int64(count))
    return index < 0 ? nil : Int(index)
  }
}
