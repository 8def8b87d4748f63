import Foundation

/// The learning rate of each update: a linear warm-up, then a decay.
public struct LearningRateSchedule: Sendable, Equatable {
  public enum Decay: String, Codable, Sendable, CaseIterable {
    case constant
    case linear
    case cosine
  }

  public var peak: Double
  public var decay: Decay
  /// `W`: updates until the peak; 0 for none.
  public var warmup: Int
  /// `N`: updates of the whole run, warm-up included.
  public var total: Int
  /// Where a decay ends.
  public var minimum: Double

  public init(
    peak: Double, decay: Decay = .constant, warmup: Int = 0, total: Int, minimum: Double = 0
  ) {
    precondition(warmup >= 0 && total >= 0, "a warm-up of \(warmup) in \(total) updates")
    (self.peak, self.decay, self.warmup) = (peak, decay, warmup)
    (self.total, self.minimum) = (total, minimum)
  }

  /// - Parameter t: the update, 1 for the first, so that a warm-up of `W` starts at `peak / W` and
  ///   a decay ends at the minimum in update `total`, where it stays.
  public func rate(at t: Int) -> Double {
    if t < warmup { return peak * Double(t) / Double(warmup) }
    let span = total - warmup
    let fraction = span > 0 ? min(Double(t - warmup) / Double(span), 1) : 0
    switch decay {
    case .constant: return peak
    case .linear: return peak + (minimum - peak) * fraction
    case .cosine: return minimum + 0.5 * (peak - minimum) * (1 + cos(.pi * fraction))
    }
  }
}
