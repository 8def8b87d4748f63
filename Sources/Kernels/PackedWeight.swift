import CKernels
import Tensors

/// The compute copy of a weight matrix `W [outputs, inputs]`, in panels of 16 outputs.
///
/// Products read it with vector lanes over outputs, so that each output is one chain over the
/// inputs whatever the batch. Packed anew after every update of the float32 master.
public final class PackedWeight: @unchecked Sendable {
  /// How the copy holds its numbers; both are multiplied and added in float32.
  public enum Precision: String, Sendable, CaseIterable {
    case float32, bfloat16
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
    let code = type == .float32 ? TK_FLOAT32 : TK_BFLOAT16
    storage = Storage(tk_weight_bytes(Int64(outputs), Int64(inputs), code), zeroed: false)
    weight = tk_weight(
      panels: storage.pointer, dtype: code, outputs: Int64(outputs), inputs: Int64(inputs))
    withUnsafePointer(to: weight) { tk_weight_clear($0) }
  }

  /// The size of the copy in bytes.
  public var byteCount: Int { storage.count }

  /// Packs rows `first..<first + rows.rows` of W; bfloat16 rounds to nearest even.
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
