import CKernels
import Tensors

/// What is worth knowing of a tensor before its update. Sums are taken in double and in fixed
/// blocks: the same bits at any number of threads and on every instruction set.
public struct TensorFigures: Sendable, Equatable {
  /// Sums of squares.
  public let weightSquares, gradientSquares: Double
  /// Largest and mean `|g|`.
  public let gradientMax, gradientMean: Double
  /// `sum of -g w`: what a step along `-g` adds to `|w|^2 / 2`, to first order.
  public let alignment: Double
  /// Entries with `g^2 > spike v` that have had a gradient before; `nil` without ``Spikes``.
  public let spikes: Int?

  /// Which of the gradient's entries stand out of their own history.
  ///
  /// Huang et al. 2025, "SPAM: Spike-Aware Adam with Momentum Reset" (arXiv:2501.06842).
  public struct Spikes {
    /// `v`, Adam's second moment before the update.
    public let secondMoment: Storage<Float>
    public let threshold: Double

    public init(over threshold: Double, times secondMoment: Storage<Float>) {
      (self.secondMoment, self.threshold) = (secondMoment, threshold)
    }
  }

  /// Reads each tensor once.
  public init(weights: Storage<Float>, gradient: Storage<Float>, spikes: Spikes? = nil) {
    let count = weights.count
    precondition(
      gradient.count == count && spikes?.secondMoment.count ?? count == count,
      """
      \(gradient.count) gradients and \(spikes?.secondMoment.count ?? count) moments of \(count) \
      weights
      """)
    let figures = tk_tensor_figures(
      weights.pointer, gradient.pointer, spikes?.secondMoment.pointer,
      Float(spikes?.threshold ?? 0), Int64(count))
    weightSquares = figures.weight_squares
    gradientSquares = figures.gradient_squares
    gradientMax = figures.gradient_max
    gradientMean = figures.gradient_sum / Double(max(count, 1))
    alignment = figures.alignment
    self.spikes = spikes == nil ? nil : Int(figures.spikes)
  }
}

extension Storage where Element == Float {
  /// Elements `at..<at + count` become `a + share (b - a)` of `count` elements of `a` and `b` from
  /// `first` on; this storage may be either. Everything, unless it is said.
  public func setBetween(
    _ a: Storage, _ b: Storage, share: Float, from first: Int = 0, count: Int? = nil, at: Int = 0
  ) {
    let count = count ?? self.count
    precondition(
      first >= 0 && at >= 0 && first + count <= min(a.count, b.count) && at + count <= self.count,
      "\(count) of \(a.count) and \(b.count) elements from \(first), at \(at) of \(self.count)")
    tk_between(pointer + at, a.pointer + first, b.pointer + first, share, Int64(count))
  }
}
