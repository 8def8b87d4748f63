/// The last values of a series, and how far a new one stands from them: part of a detector's state.
public struct Window: Codable, Sendable, Equatable {
  /// Oldest first.
  public private(set) var values: [Double] = []

  public init() {}

  public var count: Int { values.count }

  /// Takes a value in, and lets go of the oldest beyond `capacity`; what is not finite is left out.
  public mutating func append(_ value: Double, keeping capacity: Int) {
    guard value.isFinite else { return }
    values.append(value)
    if values.count > capacity { values.removeFirst(values.count - capacity) }
  }

  public var mean: Double? { values.mean }
  /// `nil` of nothing, as the next.
  public var median: Double? { values.quantile(0.5) }
  /// The median distance from the median.
  public var medianDeviation: Double? {
    median.flatMap { median in values.map { abs($0 - median) }.quantile(0.5) }
  }

  /// How far a value stands from the median, in deviations that outliers do not stretch:
  ///
  ///     z = (x - med) / (1.4826 MAD + 0.01 |med| + 1e-12)
  ///
  /// The middle term holds the scale up where the values hardly differ.
  ///
  /// - Returns: `nil` for a window of fewer than 16 values, or a value that is not finite.
  public func robustZ(of value: Double, relativeFloor: Double = 0.01) -> Double? {
    guard count >= 16, value.isFinite, let median, let medianDeviation else { return nil }
    return (value - median) / (1.4826 * medianDeviation + relativeFloor * abs(median) + 1e-12)
  }
}
