import CKernels
import Tensors

/// The gated linear unit: `s = act(gate) * up`.
///
/// Shazeer 2020, "GLU Variants Improve Transformer" (arXiv:2002.05202).
public enum GatedActivation {
  public enum Function: Sendable, CaseIterable {
    /// `u / (1 + exp(-u))`.
    case silu
    /// `u / 2 (1 + tanh(sqrt(2 / pi) (u + 0.044715 u^3)))`.
    case geluTanh
  }

  /// - Parameters:
  ///   - gateUp: `[rows, 2 * width]`, tight: the gate's channels, then those of up.
  ///   - s: `[rows, width]`, tight.
  public static func forward(_ gateUp: Matrix, _ function: Function, into s: Matrix) {
    check(gateUp, s)
    tk_gated_forward(s.base, gateUp.base, function.code, Int64(s.rows), Int64(s.columns))
  }

  /// Overwrites `dGateUp [rows, 2 * width]` with the gradient of gate and up; it is tight, and may
  /// be `gateUp`.
  public static func backward(
    _ ds: Matrix, _ gateUp: Matrix, _ function: Function, into dGateUp: Matrix
  ) {
    check(gateUp, ds)
    check(dGateUp, ds)
    tk_gated_backward(
      dGateUp.base, ds.base, gateUp.base, function.code, Int64(ds.rows), Int64(ds.columns))
  }

  private static func check(_ gateUp: Matrix, _ s: Matrix) {
    precondition(
      gateUp.rows == s.rows && gateUp.columns == 2 * s.columns && s.columns > 0,
      "a gate and up of [\(gateUp.rows), \(gateUp.columns)] for [\(s.rows), \(s.columns)]")
    precondition(
      gateUp.stride == gateUp.columns && s.stride == s.columns,
      "strides of \(gateUp.stride) and \(s.stride) for \(gateUp.columns) and \(s.columns) columns")
  }
}

extension GatedActivation.Function {
  fileprivate var code: tk_activation { self == .silu ? TK_SILU : TK_GELU_TANH }
}
