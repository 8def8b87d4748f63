/// The accuracies that a run had, evaluation by evaluation, and what they say of its worst points.
///
/// The first suite is the task that is being learned; the others are what the model could do
/// before, as tasks whose training ended at the first evaluation. De Lange et al. 2023
/// (arXiv:2205.13452), with one task under training.
public struct TrainingHistory: Sendable, Equatable {
  /// The suites, the one that is learned first.
  public let suites: [String]
  /// `[suites][evaluations]`, the first evaluation before any training.
  public private(set) var accuracy: [[Double]]

  public init(suites: [String]) {
    precondition(!suites.isEmpty, "a history of no suite")
    self.suites = suites
    accuracy = suites.map { _ in [] }
  }

  /// - Parameter values: `[suites]`
  public mutating func add(_ values: [Double]) {
    precondition(values.count == suites.count, "\(values.count) values of \(suites.count) suites")
    for (suite, value) in values.enumerated() { accuracy[suite].append(value) }
  }

  /// Evaluations so far.
  public var count: Int { accuracy[0].count }

  /// The lowest accuracy on a suite since training began; `nil` before the second evaluation.
  public func minimum(of suite: Int) -> Double? { accuracy[suite].dropFirst().min() }

  /// How far a suite fell below where it began; `nil` before the second evaluation.
  public func stabilityGap(of suite: Int) -> Double? {
    minimum(of: suite).map { accuracy[suite][0] - $0 }
  }

  /// min-ACC: the mean of the lowest accuracies on the suites that are not being learned; `nil`
  /// without such a suite and before the second evaluation.
  public var minimumAccuracy: Double? {
    let minima = suites.indices.dropFirst().compactMap(minimum)
    return minima.isEmpty ? nil : minima.reduce(0, +) / Double(minima.count)
  }

  /// WC-ACC: `a/k + (1 - 1/k) min-ACC` of k suites, where a is the accuracy on the one that is
  /// being learned; `nil` before the second evaluation.
  public var worstCaseAccuracy: Double? {
    guard count > 1 else { return nil }
    let share = 1 / Double(suites.count)
    return share * accuracy[0].last! + (1 - share) * (minimumAccuracy ?? 0)
  }
}
