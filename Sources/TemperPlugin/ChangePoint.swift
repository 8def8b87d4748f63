/// Page and Hinkley's test for a mean that has risen: part of a detector's state. Page 1954,
/// "Continuous inspection schemes".
///
///     c_t = sum (x_i - mean_i - d),   alarm where c_t - min c > l
///
/// with d = `drift` s and l = `limit` s, s being the deviation of a moving average. Noise without a
/// trend sounds about every `(e^x - 1 - x) / (2 d^2)` values, x = 2 d l in deviations: every 220 at
/// the defaults, never in practice at 0.5 and 20.
public struct PageHinkley: Codable, Sendable, Equatable {
  public private(set) var count = 0
  /// Since it started.
  public private(set) var mean = 0.0
  private var sum = 0.0
  private var least = 0.0
  private var average = MovingAverage()

  public init() {}

  /// `c_t - min c` in deviations; 0 before there is one.
  public var rise: Double {
    average.deviation > 0 ? (sum - least) / average.deviation : 0
  }

  /// Takes a value in; what is not finite is left out.
  ///
  /// - Returns: whether the mean has risen; it then starts anew.
  public mutating func add(
    _ value: Double, past: Double = 0.98, drift: Double = 0.1, limit: Double = 10
  ) -> Bool {
    guard value.isFinite else { return false }
    count += 1
    mean += (value - mean) / Double(count)
    average.add(value, past: past)
    sum += value - mean - drift * average.deviation
    least = min(least, sum)
    guard count >= 16, rise > limit else { return false }
    self = PageHinkley()
    return true
  }
}

/// A one-sided sum of standardised values for a mean that has risen: part of a detector's state.
///
///     C <- max(0, C + z - k),   alarm where C > limit
public struct CUSUM: Codable, Sendable, Equatable {
  public private(set) var sum = 0.0

  public init() {}

  /// Takes a value in; what is not finite is left out.
  ///
  /// - Returns: whether the mean has risen; it then starts anew.
  public mutating func add(_ z: Double, slack: Double = 0.5, limit: Double = 8) -> Bool {
    guard z.isFinite else { return false }
    sum = max(0, sum + z - slack)
    guard sum > limit else { return false }
    sum = 0
    return true
  }
}
