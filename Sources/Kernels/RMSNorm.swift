import CKernels
import Tensors

/// Root-mean-square norm of each of `heads` slices of a row, side by side: one for the norms of a
/// block, one a head for those of queries and keys.
///
/// Zhang and Sennrich 2019, "Root Mean Square Layer Normalization" (arXiv:1910.07467).
public enum RMSNorm {
  /// `y = (offset + gain) * x * scale` with `scale = 1 / sqrt(mean(x^2) + epsilon)`, over the
  /// channels of each slice.
  ///
  /// - Parameters:
  ///   - x: `[rows, heads * width]`.
  ///   - gain: `[width]`.
  ///   - offset: 0, or 1 for the gemma families.
  ///   - y: `[rows, heads * width]`; may be `x`.
  ///   - scale: `[rows, heads]`, tight; kept for ``backward(_:x:scale:gain:offset:heads:into:gainGradient:accumulate:)``.
  public static func forward(
    _ x: Matrix, gain: Storage<Float>, offset: Float = 0, epsilon: Float, heads: Int = 1,
    into y: Matrix, scale: Matrix? = nil
  ) {
    check(x, y, gain: gain, heads: heads)
    if let scale { check(scale: scale, rows: x.rows, heads: heads) }
    tk_rmsnorm_forward(
      y.base, Int64(y.stride), scale?.base, x.base, Int64(x.stride), gain.pointer, offset, epsilon,
      Int64(x.rows), Int64(heads), Int64(gain.count))
  }

  /// `dx` of the same norm, and `gainGradient [width] +=` that of its gain.
  ///
  /// - Parameters:
  ///   - dy: `[rows, heads * width]`.
  ///   - x, scale: as the forward saw and gave them.
  ///   - dx: may be `dy` unless it accumulates.
  ///   - accumulate: add to `dx` instead of overwriting it.
  public static func backward(
    _ dy: Matrix, x: Matrix, scale: Matrix, gain: Storage<Float>, offset: Float = 0,
    heads: Int = 1, into dx: Matrix, gainGradient: Storage<Float>, accumulate: Bool = false
  ) {
    check(x, dy, gain: gain, heads: heads)
    check(x, dx, gain: gain, heads: heads)
    check(scale: scale, rows: x.rows, heads: heads)
    precondition(
      gainGradient.count == gain.count,
      "\(gainGradient.count) gradients for a gain of \(gain.count)")
    tk_rmsnorm_backward(
      dx.base, Int64(dx.stride), gainGradient.pointer, dy.base, Int64(dy.stride), x.base,
      Int64(x.stride), scale.base, gain.pointer, offset, Int64(x.rows), Int64(heads),
      Int64(gain.count), accumulate ? 1 : 0)
  }

  private static func check(_ x: Matrix, _ y: Matrix, gain: Storage<Float>, heads: Int) {
    precondition(
      x.rows == y.rows && x.columns == y.columns,
      "a norm from [\(x.rows), \(x.columns)] to [\(y.rows), \(y.columns)]")
    precondition(
      gain.count > 0 && x.columns == heads * gain.count,
      "\(heads) slices with a gain of \(gain.count) in rows of \(x.columns)")
  }

  private static func check(scale: Matrix, rows: Int, heads: Int) {
    precondition(
      scale.rows == rows && scale.columns == heads && scale.stride == heads,
      "scales [\(scale.rows), \(scale.columns)] for \(rows) rows of \(heads) slices")
  }
}
