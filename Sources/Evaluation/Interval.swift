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
    bootstraps([values], resamples: resamples, seed: seed)[0]
  }

  /// The interval of each column's mean, all from the same draws.
  public static func bootstraps(
    _ columns: [[Double]], resamples: Int = 10_000, seed: UInt64 = 0
  ) -> [Interval] {
    let count = columns.first?.count ?? 0
    precondition(columns.allSatisfy { $0.count == count }, "columns of different lengths")
    guard count > 0 else { return columns.map { _ in Interval(low: 0, high: 1) } }
    let open = columns.indices.filter { place in
      columns[place].contains { $0 != columns[place][0] }
    }
    var means = open.map { _ in [Double](repeating: 0, count: resamples) }
    let random = CounterRandom(seed: seed, purpose: .bootstrap)
    for resample in 0..<resamples where !open.isEmpty {
      var sums = [Double](repeating: 0, count: open.count)
      for draw in 0..<count {
        let problem = random.integer(below: count, resample, draw)
        for (place, column) in open.enumerated() { sums[place] += columns[column][problem] }
      }
      for place in open.indices { means[place][resample] = sums[place] / Double(count) }
    }
    var intervals = columns.map { Interval(low: $0[0], high: $0[0]) }
    for (place, column) in open.enumerated() {
      means[place].sort()
      func quantile(_ q: Double) -> Double {
        means[place][Int((q * Double(resamples - 1)).rounded())]
      }
      intervals[column] = Interval(low: quantile(0.025), high: quantile(0.975))
    }
    return intervals
  }
}
