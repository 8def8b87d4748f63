import COpenBLAS
import Foundation

/// How a tensor's weights differ between two checkpoints, `W+` from `W0`.
///
/// The quantities are those by which "The Path Not Taken" tells reinforcement learning from
/// supervised fine-tuning: its updates are sparse at bfloat16 and leave the spectrum where it is.
public struct MatrixChange: Sendable, Equatable {
  public let name: String
  public let shape: [Int]
  /// `‖W+ − W0‖ / ‖W0‖`, Frobenius; 0 where nothing changed.
  public let relativeNorm: Double
  /// `max |W+ − W0|`
  public let largest: Double
  /// The share of entries that moved by at most a thousandth of themselves, `|w+ − w0| ≤ 1e-3
  /// max(|w0|, |w+|)`: those that bfloat16 hardly sees.
  public let sparsity: Double
  /// The share of entries that are the same once rounded to bfloat16.
  public let sameInBFloat16: Double
  /// `nil` for a vector, and where it was not asked for.
  public let spectrum: SpectralChange?

  /// The relative change below which an entry counts as unchanged.
  static let tolerance = 1e-3

  /// - Parameters:
  ///   - before, after: row-major values of `shape`.
  ///   - withSpectrum: also compare singular values and vectors, where it is a matrix.
  public init(
    _ name: String, shape: [Int], before: [Float], after: [Float], withSpectrum: Bool = true
  ) {
    precondition(before.count == after.count && before.count == shape.reduce(1, *), name)
    (self.name, self.shape) = (name, shape)
    var (difference, norm, largest) = (0.0, 0.0, 0.0)
    var (kept, same) = (0, 0)
    for (w0, w1) in zip(before, after) {
      let (a, b) = (Double(w0), Double(w1))
      let change = abs(b - a)
      difference += change * change
      norm += a * a
      largest = max(largest, change)
      if change <= Self.tolerance * max(abs(a), abs(b)) { kept += 1 }
      if w0.bfloat16 == w1.bfloat16 { same += 1 }
    }
    let count = Double(max(before.count, 1))
    relativeNorm = difference == 0 ? 0 : (difference / norm).squareRoot()
    self.largest = largest
    (sparsity, sameInBFloat16) = (Double(kept) / count, Double(same) / count)
    spectrum =
      shape.count == 2 && withSpectrum
      ? SpectralChange(before, after, rows: shape[0], columns: shape[1], isSame: largest == 0) : nil
  }
}

/// How the singular values and the leading singular subspaces of a matrix moved.
public struct SpectralChange: Sendable, Equatable {
  /// `‖σ(W+) − σ(W0)‖ / ‖σ(W0)‖`
  public let normalisedShift: Double
  /// Degrees between the leading left singular subspaces: the largest and the mean of the principal
  /// angles.
  public let leftAngle: Angle
  public let rightAngle: Angle
  /// `‖ΔW‖_F² / ‖ΔW‖₂²`: how many directions the update spreads over; 0 where nothing changed.
  public let stableRank: Double
  /// The share of the update's energy outside of the leading subspaces of `W0`; 0 where nothing
  /// changed.
  public let offPrincipalEnergy: Double
  /// Singular vectors in a leading subspace.
  public let subspace: Int

  /// In degrees.
  public struct Angle: Sendable, Equatable {
    public let largest, mean: Double
  }

  /// A tenth of the shorter side, at least 8.
  static func subspace(rows: Int, columns: Int) -> Int {
    let side = min(rows, columns)
    return min(side, max(8, side / 10))
  }

  init(
    _ before: [Float], _ after: [Float], rows: Int, columns: Int, isSame: Bool, subspace: Int? = nil
  ) {
    let k = subspace ?? Self.subspace(rows: rows, columns: columns)
    self.subspace = k
    guard !isSame else {
      (normalisedShift, stableRank, offPrincipalEnergy) = (0, 0, 0)
      (leftAngle, rightAngle) = (Angle(largest: 0, mean: 0), Angle(largest: 0, mean: 0))
      return
    }
    let (w0, w1) = (before.map(Double.init), after.map(Double.init))
    let old = Spectrum(w0, rows: rows, columns: columns, vectors: k)
    let new = Spectrum(w1, rows: rows, columns: columns, vectors: k)
    let shift = zip(old.values, new.values).reduce(0) { $0 + ($1.1 - $1.0) * ($1.1 - $1.0) }
    normalisedShift = (shift / old.values.reduce(0) { $0 + $1 * $1 }).squareRoot()
    leftAngle = Self.angle(old.left, new.left, k, rows)
    rightAngle = Self.angle(old.right, new.right, k, columns)

    let update = zip(w1, w0).map { $0 - $1 }
    let values = Spectrum(update, rows: rows, columns: columns, vectors: 0).values
    let energy = update.reduce(0) { $0 + $1 * $1 }
    stableRank = energy / (values[0] * values[0])
    // U_k^T ΔW V_k, which has the norm of its projection.
    var half = [Double](repeating: 0, count: k * columns)
    cblas_dgemm(
      CblasRowMajor, CblasNoTrans, CblasNoTrans, Int32(k), Int32(columns), Int32(rows), 1, old.left,
      Int32(rows), update, Int32(columns), 0, &half, Int32(columns))
    let inner = Self.products(half, old.right, k, columns)
    offPrincipalEnergy = min(max(1 - inner.reduce(0) { $0 + $1 * $1 } / energy, 0), 1)
  }

  /// `[k, k]` inner products of the rows of two `[k, width]`.
  private static func products(_ a: [Double], _ b: [Double], _ k: Int, _ width: Int) -> [Double] {
    var result = [Double](repeating: 0, count: k * k)
    cblas_dgemm(
      CblasRowMajor, CblasNoTrans, CblasTrans, Int32(k), Int32(k), Int32(width), 1, a,
      Int32(width), b, Int32(width), 0, &result, Int32(k))
    return result
  }

  /// The principal angles between the spans of the rows of two `[k, width]`.
  ///
  /// By their sines, the singular values of what is left of the one span outside of the other:
  /// cosines near 1 could not tell small angles apart.
  private static func angle(_ a: [Double], _ b: [Double], _ k: Int, _ width: Int) -> Angle {
    var rest = b
    let inside = products(b, a, k, width)
    cblas_dgemm(
      CblasRowMajor, CblasNoTrans, CblasNoTrans, Int32(k), Int32(width), Int32(k), -1, inside,
      Int32(k), a, Int32(width), 1, &rest, Int32(width))
    let sines = Spectrum(rest, rows: k, columns: width, vectors: 0).values
    let degrees = sines.map { asin(min($0, 1)) * 180 / .pi }
    return Angle(
      largest: degrees[0], mean: degrees.reduce(0, +) / Double(max(degrees.count, 1)))
  }
}

extension Float {
  /// The upper half of the bits, rounded to the nearest, ties to even.
  fileprivate var bfloat16: UInt16 {
    let bits = bitPattern
    return UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16)
  }
}
