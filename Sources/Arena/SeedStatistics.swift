import Evaluation

/// A mean over seeds with its 95% interval by Student's t.
public struct SeedEstimate: Sendable, Equatable {
  public let mean: Double
  /// Half the interval; NaN for fewer than two seeds.
  public let half: Double

  public var low: Double { mean - half }
  public var high: Double { mean + half }
  /// The interval does not hold 0.
  public var excludesZero: Bool { half.isFinite && (low > 0 || high < 0) }

  /// - Parameter values: one a seed.
  public init(_ values: [Double]) {
    mean = Arena.mean(values)
    guard values.count > 1 else {
      half = .nan
      return
    }
    let center = mean
    let squares = values.reduce(0) { $0 + ($1 - center) * ($1 - center) }
    let deviation = (squares / Double(values.count - 1)).squareRoot()
    half =
      studentQuantile(freedom: values.count - 1) * deviation / Double(values.count).squareRoot()
  }
}
