/// A mean over problems of several samples each, with what is uncertain about it.
public struct MeanOverProblems: Sendable, Equatable {
  public let mean: Double
  /// Standard error from the choice of problems: their deviation (ddof 1) over the root of their
  /// number. NaN for one problem.
  public let problemError: Double
  /// The part that comes from drawing the samples alone: root of the mean of p(1-p)/k, over the
  /// root of the number of problems.
  public let samplingError: Double

  /// - Parameters:
  ///   - shares: `[P]` the share of right samples of each problem.
  ///   - samples: samples of each problem.
  public init(shares: [Double], samples: Int) {
    let count = Double(shares.count)
    let mean = shares.reduce(0, +) / count
    let squares = shares.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let noise = shares.reduce(0) { $0 + $1 * (1 - $1) / Double(samples) }
    self.mean = mean
    problemError = shares.count < 2 ? .nan : (squares / (count - 1) / count).squareRoot()
    samplingError = (noise / count).squareRoot() / count.squareRoot()
  }
}
