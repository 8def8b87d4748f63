import Tensors

/// A 95% interval around an estimate, both ends between 0 and 1 for shares.
public struct Interval: Sendable, Equatable {
  public let low: Double
  public let high: Double

  public init(low: Double, high: Double) { (self.low, self.high) = (low, high) }

  /// Wilson's interval for a share of `successes` in `count`; sound near 0 and 1 and for few.
  public static func wilson(successes: Int, count: Int) -> Interval {
    precondition(successes >= 0 && successes <= count, "\(successes) successes in \(count)")
    guard count > 0 else { return Interval(low: 0, high: 1) }
    let n = Double(count)
    let p = Double(successes) / n
    let z = 1.959963984540054  // the normal quantile at 0.975
    let centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    let half = z * (p * (1 - p) / n + z * z / (4 * n * n)).squareRoot() / (1 + z * z / n)
    return Interval(low: max(0, centre - half), high: min(1, centre + half))
  }

  /// The percentile interval of the mean of `values`, drawn anew `resamples` times.
  ///
  /// - Parameter values: one for each problem; problems are what is resampled.
  public static func bootstrap(
    _ values: [Double], resamples: Int = 10_000, seed: UInt64 = 0
  ) -> Interval {
    guard let first = values.first else { return Interval(low: 0, high: 1) }
    guard values.contains(where: { $0 != first }) else { return Interval(low: first, high: first) }
    let random = CounterRandom(seed: seed, purpose: .bootstrap)
    var means = (0..<resamples).map { resample in
      var sum = 0.0
      for draw in values.indices {
        sum += values[random.integer(below: values.count, resample, draw)]
      }
      return sum / Double(values.count)
    }
    means.sort()
    func quantile(_ q: Double) -> Double { means[Int((q * Double(resamples - 1)).rounded())] }
    return Interval(low: quantile(0.025), high: quantile(0.975))
  }
}
