import TemperPlugin

/// The accuracies of a run's suites, evaluation by evaluation.
struct SuiteHistory {
  let suites: [Suite]
  /// Which one is learned; `nil` where it is not among them.
  private let trained: Int?

  init(_ state: Forgetting.State, trained: String?) {
    suites = zip(state.suites, state.accuracies).map { Suite(name: $0, accuracies: $1) }
    self.trained = trained.map { name in state.suites.firstIndex { $0 == name } } ?? 0
  }

  /// Those that are not learned.
  var sides: [Suite] { suites.indices.filter { $0 != trained }.map { suites[$0] } }

  /// The mean over the side suites of their worst points; `nil` before the second evaluation.
  var averageMinimum: Double? {
    let minima = sides.compactMap(\.minimum)
    return minima.count == sides.count ? minima.mean : nil
  }

  /// WC-ACC: `a/k + (1 - 1/k) average-min-ACC` of k suites, where a is the accuracy on the one that
  /// is learned.
  var worstCase: Double? {
    guard let trained, let now = suites[trained].accuracies.last else { return averageMinimum }
    guard suites[trained].accuracies.count > 1 else { return nil }
    guard !sides.isEmpty else { return now }
    let share = 1 / Double(suites.count)
    return averageMinimum.map { share * now + (1 - share) * $0 }
  }
}

/// One suite's accuracies; the first is before any training.
struct Suite {
  let name: String
  let accuracies: [Double]

  /// Since training began; `nil` before the second evaluation.
  var minimum: Double? { accuracies.dropFirst().min() }

  /// How far it is below its best.
  var forgetting: Double { (accuracies.max() ?? 0) - (accuracies.last ?? 0) }

  /// How deep it fell below where it began before it first came back there; `nil` before the second
  /// evaluation.
  var gap: Double? {
    guard let start = accuracies.first, accuracies.count > 1 else { return nil }
    return max(start - below.map { accuracies[$0] }.reduce(start, min), 0)
  }

  /// Evaluations of that fall, so far or until it came back; `nil` before the second evaluation.
  var gapLength: Int? { accuracies.count > 1 ? below.count : nil }

  /// The first run of evaluations below the start.
  private var below: Range<Int> {
    let start = accuracies[0]
    guard let first = accuracies.firstIndex(where: { $0 < start }) else { return 0..<0 }
    let end = accuracies[first...].firstIndex { $0 >= start } ?? accuracies.count
    return first..<end
  }

  /// The largest loss between two of any `length` evaluations in a row; below 0 where all are
  /// gains.
  func windowedForgetting(_ length: Int) -> Double { largest(length) { $0 - $1 } }

  /// The largest gain.
  func windowedPlasticity(_ length: Int) -> Double { largest(length) { $1 - $0 } }

  private func largest(_ length: Int, _ change: (Double, Double) -> Double) -> Double {
    var most = -Double.infinity
    for (i, before) in accuracies.enumerated() {
      for after in accuracies[(i + 1)...].prefix(length - 1) {
        most = max(most, change(before, after))
      }
    }
    return most.isFinite ? most : 0
  }
}
