import TemperPlugin

/// Sees what a run unlearns: the worst points of side suites, measured throughout.
///
/// De Lange et al. 2023, "Continual evaluation for lifelong learning: identifying the stability
/// gap" (arXiv:2205.13452). It reads `eval/<suite>/accuracy`; the first suite is the one that is
/// learned.
struct Forgetting: Detector {
  struct Configuration: PluginConfiguration {
    /// The suite that is learned; `null` for the run's first.
    var trained: String?
    /// Items of a suite, for the standard error of its accuracy.
    var items = 64
    /// A loss counts from so many standard errors on, and from this.
    var errors = 3.0
    var least = 0.03
    /// The windows, in evaluations, in which losses and gains are looked for.
    var windows = [10, 100]
    /// Rolls back where WC-ACC is this far below its best at so many evaluations in a row.
    var tolerated = 0.1
    var rollBackAfter = 3
    var rateFactor = 0.5
  }

  struct State: PluginState {
    /// In the order of the first evaluation.
    var suites: [String] = []
    /// `[suites][evaluations]`
    var accuracies: [[Double]] = []
    var bestWorstCase: Double?
    var below = 0
    /// The depth that each suite was last warned of.
    var warned: [String: Double] = [:]
  }

  static let id = "temper.detector.forgetting"
  static let version = "1.0.0"
  static let summary = "What side suites lose while another is learned: worst case, gap, windows."

  let configuration: Configuration
  let host: Host

  init(_ configuration: Configuration, host: Host) throws {
    try configuration.require("items", Double(configuration.items), atLeast: 1)
    try configuration.require("errors", configuration.errors, above: 0)
    try configuration.require("least", configuration.least, atLeast: 0)
    for window in configuration.windows {
      try configuration.require("windows", Double(window), atLeast: 2)
    }
    try configuration.require("tolerated", configuration.tolerated, above: 0, below: 1)
    try configuration.require("roll_back_after", Double(configuration.rollBackAfter), atLeast: 1)
    try configuration.require("rate_factor", configuration.rateFactor, above: 0, atMost: 1)
    (self.configuration, self.host) = (configuration, host)
  }

  let needs = DetectorNeeds([.evaluation])

  func detect(_ observation: Observation, _ state: inout State) -> Finding {
    let measured = observation.metrics.compactMap { name, value -> (String, Double)? in
      guard name.hasPrefix("eval/"), name.hasSuffix("/accuracy"), value.isFinite else { return nil }
      return (String(name.dropFirst(5).dropLast(9)), value)
    }
    guard !measured.isEmpty else { return .nothing }
    for (suite, accuracy) in measured { state.add(accuracy, of: suite) }
    let history = SuiteHistory(state, trained: configuration.trained)
    record(history)
    return find(history, &state)
  }

  private func record(_ history: SuiteHistory) {
    if let worst = history.worstCase { host.record("worst_case", worst) }
    if let least = history.averageMinimum { host.record("min_accuracy", least) }
    for suite in history.suites {
      func name(_ figure: String) -> String { "\(suite.name)/\(figure)" }
      if let least = suite.minimum { host.record(name("min_accuracy"), least) }
      host.record(name("forgetting"), suite.forgetting)
      if let gap = suite.gap { host.record(name("stability_gap"), gap) }
      if let length = suite.gapLength { host.record(name("gap_length"), Double(length)) }
      for window in configuration.windows {
        host.record(name("windowed_forgetting_\(window)"), suite.windowedForgetting(window))
        host.record(name("windowed_plasticity_\(window)"), suite.windowedPlasticity(window))
      }
    }
  }

  private func find(_ history: SuiteHistory, _ state: inout State) -> Finding {
    var findings = Findings()
    for suite in history.sides {
      guard let start = suite.accuracies.first, let now = suite.accuracies.last else { continue }
      let error = (start * (1 - start) / Double(configuration.items)).squareRoot()
      let loss = start - now
      let isReal = loss > configuration.errors * error && loss > configuration.least
      guard isReal else {
        state.warned[suite.name] = nil
        continue
      }
      // Once for each further step down.
      guard loss > (state.warned[suite.name] ?? 0) + configuration.least else { continue }
      state.warned[suite.name] = loss
      findings.warn(
        """
        '\(suite.name)' has fallen to \(percent(now)) from \(percent(start)) at the start (standard \
        error \(percent(error))): lower the learning rate, or add a KL term to the reference
        """)
    }
    if let worst = history.worstCase {
      let best = max(state.bestWorstCase ?? worst, worst)
      state.bestWorstCase = best
      state.below = best - worst > configuration.tolerated ? state.below + 1 : 0
      if state.below >= configuration.rollBackAfter {
        state.below = 0
        findings.add(
          .rollBack(factor: configuration.rateFactor), isCritical: true,
          """
          the worst-case accuracy is \(percent(worst)), and was \(percent(best)): go back, with a \
          lower learning rate or a KL term
          """)
      }
    }
    return findings.strongest
  }
}

extension Forgetting.State {
  mutating func add(_ accuracy: Double, of suite: String) {
    guard let place = suites.firstIndex(of: suite) else {
      suites.append(suite)
      accuracies.append([accuracy])
      return
    }
    accuracies[place].append(accuracy)
  }
}

@c(temper_plugin_entry)
public func entry(major: UInt32, minor: UInt32) -> UnsafeRawPointer? { export(Forgetting.self) }
