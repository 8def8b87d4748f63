import CKernels
import Tensors

/// The compute copy of a weight matrix `W [outputs, inputs]`, in panels of 16 outputs.
///
/// Products read it with vector lanes over outputs, so that each output is one chain over the
/// inputs whatever the batch. Packed anew after every update of the float32 master.
public final class PackedWeight: @unchecked Sendable {
  /// How the copy holds its numbers.
  public enum Precision: String, Sendable, CaseIterable {
    /// Multiplied and added in float32.
    case float32, bfloat16
    /// Whole numbers of at most 127 with a scale for each 32 inputs of an output. Products quantise
    /// the activations in the same way; sampling alone can use it, for nothing goes back.
    case int8

    /// Those that a gradient can go back through.
    public static let trainable: [Precision] = [.float32, .bfloat16]

    /// The bytes that `count` weights take, scales included.
    public func bytes(_ count: Double) -> Double {
      switch self {
      case .float32: 4 * count
      case .bfloat16: 2 * count
      case .int8: (1 + 2 / 32) * count
      }
    }

    /// How many numbers an instruction multiplies where it would multiply one float: four bytes.
    public var multiplies: Double { self == .int8 ? 4 : 1 }

    fileprivate var code: tk_dtype {
      switch self {
      case .float32: TK_FLOAT32
      case .bfloat16: TK_BFLOAT16
      case .int8: TK_INT8
      }
    }
  }

  public let outputs: Int
  public let inputs: Int
  public let type: Precision

  private let storage: Storage<UInt8>
  package let weight: tk_weight

  /// All zero until it is packed.
  public init(outputs: Int, inputs: Int, type: Precision = .float32) {
    precondition(outputs > 0 && inputs > 0, "a weight of [\(outputs), \(inputs)]")
    (self.outputs, self.inputs, self.type) = (outputs, inputs, type)
    storage = Storage(tk_weight_bytes(Int64(outputs), Int64(inputs), type.code))
    weight = tk_weight(
      panels: storage.pointer, dtype: type.code, outputs: Int64(outputs), inputs: Int64(inputs))
    withUnsafePointer(to: weight) { tk_weight_prepare($0) }
  }

  /// The size of the copy in bytes.
  public var byteCount: Int { storage.count }

  /// Packs rows `first..<first + rows.rows` of W; bfloat16 and int8 round to nearest even.
  public func pack(_ rows: Matrix, at first: Int = 0) {
    check(rows, at: first)
    withUnsafePointer(to: weight) {
      tk_weight_pack($0, Int64(first), Int64(rows.rows), rows.base)
    }
  }

  /// Reads rows `first..<first + rows.rows` of W back, widened to float32.
  public func unpack(into rows: Matrix, at first: Int = 0) {
    check(rows, at: first)
    withUnsafePointer(to: weight) {
      tk_weight_unpack($0, Int64(first), Int64(rows.rows), rows.base)
    }
  }

  private func check(_ rows: Matrix, at first: Int) {
    precondition(
      first >= 0 && first + rows.rows <= outputs && rows.columns == inputs,
      "rows [\(rows.rows), \(rows.columns)] at \(first) of a weight [\(outputs), \(inputs)]")
    precondition(
      rows.stride == inputs || rows.rows <= 1,
      "packed from tight rows: a stride of \(rows.stride) for \(inputs) columns")
  }
}
