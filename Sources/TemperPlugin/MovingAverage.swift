import Glibc

/// An exponential moving average with its variance: part of a detector's state.
///
///     e <- b e + (1 - b) x,   mean = e / (1 - b^n)
///     d = x - the mean before,   s^2 <- b (s^2 + (1 - b) d^2)
public struct MovingAverage: Codable, Sendable, Equatable {
  /// Values so far.
  public private(set) var count = 0
  public private(set) var variance = 0.0
  private var sum = 0.0
  /// `b^n`
  private var unseen = 1.0

  public init() {}

  /// `nil` of nothing.
  public var mean: Double? { count == 0 ? nil : sum / (1 - unseen) }

  public var deviation: Double { variance.squareRoot() }

  /// Takes a value in; what is not finite is left out.
  ///
  /// - Parameter past: `b`, the share of the past, below 1.
  public mutating func add(_ value: Double, past: Double) {
    guard value.isFinite else { return }
    let distance = mean.map { value - $0 } ?? 0
    variance = past * (variance + (1 - past) * distance * distance)
    sum = past * sum + (1 - past) * value
    unseen *= past
    count += 1
  }
}
