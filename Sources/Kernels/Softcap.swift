import CKernels
import Tensors

/// The bound on logits of the Gemma 2 family: `cap * tanh(z / cap)`.
///
/// Gemma Team 2024, "Gemma 2" (arXiv:2408.00118), section 2.
public enum Softcap {
  /// In place on `z [rows, columns]`.
  public static func forward(_ z: Matrix, cap: Float) {
    check(cap)
    tk_softcap_forward(z.base, Int64(z.stride), cap, Int64(z.rows), Int64(z.columns))
  }

  /// In place: `dz *= 1 - (z / cap)^2`, `capped` being what the forward left.
  public static func backward(_ dz: Matrix, capped: Matrix, cap: Float) {
    check(cap)
    precondition(
      dz.rows == capped.rows && dz.columns == capped.columns,
      "a gradient [\(dz.rows), \(dz.columns)] of logits [\(capped.rows), \(capped.columns)]")
    tk_softcap_backward(
      dz.base, Int64(dz.stride), capped.base, Int64(capped.stride), cap, Int64(dz.rows),
      Int64(dz.columns))
  }

  private static func check(_ cap: Float) { precondition(cap > 0, "a softcap of \(cap)") }
}
