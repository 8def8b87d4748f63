import CKernels

/// The instruction sets that kernels are compiled for. Forward kernels give the same bits on all.
public enum InstructionSet: String, CaseIterable, Sendable {
  case portable, avx2, avx512, avx512vnni
  /// Only where `TEMPER_ISA` names it: the forward product with bfloat16 weights then rounds the
  /// activations to bfloat16 too, and has bits of its own.
  case amx

  /// The one in use: the widest that the machine has, or what `TEMPER_ISA` names.
  public static var current: InstructionSet { InstructionSet(tk_isa_current()) }

  /// Those that this machine has, `portable` first.
  public static var available: [InstructionSet] {
    let before = tk_isa_current()
    defer { tk_isa_select(before) }
    return allCases.filter { $0 != .amx && tk_isa_select($0.code) != 0 }
  }

  /// Switches every kernel to this set.
  ///
  /// - Returns: `false` where the machine lacks it; then nothing changes.
  @discardableResult
  public func select() -> Bool { tk_isa_select(code) != 0 }

  private init(_ code: tk_isa) {
    switch code {
    case TK_AMX: self = .amx
    case TK_AVX512VNNI: self = .avx512vnni
    case TK_AVX512: self = .avx512
    case TK_AVX2: self = .avx2
    default: self = .portable
    }
  }

  private var code: tk_isa {
    switch self {
    case .portable: TK_PORTABLE
    case .avx2: TK_AVX2
    case .avx512: TK_AVX512
    case .avx512vnni: TK_AVX512VNNI
    case .amx: TK_AMX
    }
  }
}
