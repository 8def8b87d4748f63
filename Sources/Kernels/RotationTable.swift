import CKernels
import Tensors

/// Cosines and sines of rotary position embedding, for positions `0..<count`.
///
/// Su et al. 2021, "RoFormer" (arXiv:2104.09864), with the pairs `(m, m + width / 2)` of the
/// Hugging Face layout.
public final class RotationTable: Sendable {
  /// Positions in the table.
  public let count: Int
  /// Channels of a head.
  public let width: Int
  private let cosine: Storage<Float>
  private let sine: Storage<Float>

  /// - Parameters:
  ///   - frequencies: `[width / 2]`, radians per position.
  ///   - multiplier: of cosine and sine alike; 1 but for YaRN.
  ///   - count: no angle may reach 2^20 radians, where it would lose digits.
  public init(frequencies: [Double], multiplier: Double = 1, count: Int) {
    precondition(count >= 0 && !frequencies.isEmpty, "a rotation of \(count) positions")
    let fastest = frequencies.reduce(0) { max($0, abs($1)) }
    precondition(
      fastest * Double(count) < 0x1p20,
      "a rotation of \(count) positions with frequencies up to \(fastest)")
    self.count = count
    width = 2 * frequencies.count
    cosine = Storage(count * frequencies.count, zeroed: false)
    sine = Storage(count * frequencies.count, zeroed: false)
    tk_rope_table(
      cosine.pointer, sine.pointer, frequencies, multiplier, Int64(count),
      Int64(frequencies.count))
  }

  /// Rotates in place the `heads` slices of each row of `x` `[rows, heads * width]` by the angle
  /// of `positions[row]`.
  public func rotate(_ x: Matrix, positions: [Int32], heads: Int) {
    check(x, positions, heads)
    tk_rope_forward(
      x.base, Int64(x.stride), cosine.pointer, sine.pointer, positions, Int64(x.rows),
      Int64(heads), Int64(width))
  }

  /// The transpose of ``rotate(_:positions:heads:)``, in place on a gradient.
  public func rotateBack(_ dx: Matrix, positions: [Int32], heads: Int) {
    check(dx, positions, heads)
    tk_rope_backward(
      dx.base, Int64(dx.stride), cosine.pointer, sine.pointer, positions, Int64(dx.rows),
      Int64(heads), Int64(width))
  }

  private func check(_ x: Matrix, _ positions: [Int32], _ heads: Int) {
    precondition(
      x.columns == heads * width, "\(heads) heads of \(width) in rows of \(x.columns)")
    precondition(x.rows == positions.count, "\(positions.count) positions for \(x.rows) rows")
    for position in positions {
      precondition(
        position >= 0 && position < count, "position \(position) is outside 0..<\(count)")
    }
  }
}
