import JSON

/// An estimate with its 95% interval.
public struct Score: Sendable, Equatable {
  public let value: Double
  public let interval: Interval

  public init(value: Double, interval: Interval) { (self.value, self.interval) = (value, interval) }

  var literal: JSONLiteral {
    ["value": .double(value), "low": .double(interval.low), "high": .double(interval.high)]
  }

  /// The mean of values of problems, with the interval that resampling problems gives.
  static func mean(of values: [Double]) -> Score { means(of: [values])[0] }

  /// The mean of each column; all columns see the same draws of problems.
  static func means(of columns: [[Double]]) -> [Score] {
    zip(columns, Interval.bootstraps(columns)).map { values, interval in
      let mean = values.reduce(0, +) / Double(max(values.count, 1))
      // Where every problem is solved, or none is, resampling finds no spread and Wilson's does.
      let isUniform =
        !values.isEmpty && values.allSatisfy { $0 == values[0] && ($0 == 0 || $0 == 1) }
      return Score(
        value: mean,
        interval: isUniform
          ? .wilson(successes: Int(mean) * values.count, count: values.count) : interval)
    }
  }
}
