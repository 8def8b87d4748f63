import Glibc
import TemperPlugin

/// Sees the policy's entropy collapse, or explode, and that it is about to.
struct EntropyDetector: Detector {
  struct State: PluginState {
    var window = Window()
    var beginning: [Double] = []
    var rewards = Window()
    var short = MovingAverage()
    var long = MovingAverage()
    var deadSteps = 0
    /// Of the last rollout, the share of completions that are right.
    var right: Double?
    var alarms = Alarms()
  }

  static let id = "temper.detector.entropy"
  static let version = "1.0.0"
  static let summary = "Entropy that collapses or explodes against where it began, and its trend."

  let configuration: Configuration
  let host: Host

  init(_ configuration: Configuration, host: Host) throws {
    try configuration.validate()
    (self.configuration, self.host) = (configuration, host)
  }

  let needs = DetectorNeeds([.rollout, .gradients], tokens: true, outcomes: true)

  func detect(_ observation: Observation, _ state: inout State) -> Finding {
    if let outcomes = observation.outcomes { state.right = outcomes.rightShare }
    guard observation.event == .gradients else { return .nothing }
    // Updates of one rollout share their tokens.
    guard let tokens = observation.tokens, observation.update == 0 else { return .nothing }
    let entropies = tokens.trained { Double(tokens.entropies[$0]) }.filter(\.isFinite)
    guard let mean = entropies.mean else { return .nothing }
    let figures = Figures(
      mean: mean, robustZ: state.window.robustZ(of: mean), median: state.window.median,
      isRewardFalling: state.isRewardFalling(observation.metric("reward/mean")))
    record(entropies, tokens, figures, state.window)
    state.take(mean, configuration)
    let trend = recordTrend(state)
    return find(
      figures, trend, deterministic: share(of: entropies), step: observation.step, &state)
  }

  /// What one look comes to.
  private struct Figures {
    let mean: Double
    /// From the steps before.
    let robustZ: Double?
    let median: Double?
    let isRewardFalling: Bool
  }

  /// The window with its last value.
  private struct Trend {
    let whole: MannKendall
    let slope: Double
    /// Of the later half: the trend, and the slope of the logarithm. Entropy that a policy no
    /// longer needs falls ever more slowly, which a straight line would take for a collapse.
    let recent: MannKendall
    let logSlope: Double
    let isFull: Bool

    init?(_ values: [Double], window: Int) {
      let later = Array(values.suffix(window / 2))
      let logarithms = later.map { log(max($0, 1e-12)) }
      guard let slope = values.medianSlope, let logSlope = logarithms.medianSlope else {
        return nil
      }
      (whole, recent) = (MannKendall(values), MannKendall(later))
      (self.slope, self.logSlope) = (slope, logSlope)
      isFull = values.count >= window
    }
  }

  private func share(of entropies: [Double]) -> Double {
    entropies.map { $0 < configuration.deterministicEntropy ? 1 : 0 }.mean ?? 0
  }

  private func record(
    _ entropies: [Double], _ tokens: Tokens, _ figures: Figures, _ window: Window
  ) {
    host.record("mean", figures.mean)
    let sequences = tokens.sequences.compactMap { sequence in
      tokens.trained(in: tokens.range(sequence)).map { Double(tokens.entropies[$0]) }
        .filter(\.isFinite).mean
    }
    if let mean = sequences.mean { host.record("sequence_mean", mean) }
    if let size = host.tokenizer?.vocabularySize, size > 1 {
      host.record("normalised", figures.mean / log(Double(size)))
    }
    for (name, q) in [("q10", 0.1), ("q50", 0.5), ("q90", 0.9)] {
      host.record(name, entropies.quantile(q)!)
    }
    host.record("deterministic_share", share(of: entropies))
    let forking = entropies.places(ofLargest: max(1, entropies.count / 5)).map { entropies[$0] }
    host.record("forking", forking.mean!)
    let covariances = tokens.covariances
    if let covariance = covariances.mean, covariance.isFinite {
      host.record("covariance", covariance)
      let total = covariance * Double(covariances.count)
      let heavy = covariances.count { total != 0 && abs($0) > 0.01 * abs(total) }
      host.record("covariance_share", Double(heavy) / Double(covariances.count))
    }
    if let z = figures.robustZ { host.record("robust_z", z) }
    if let median = window.median { host.record("window_median", median) }
    if let deviation = window.medianDeviation { host.record("window_mad", deviation) }
  }

  private func recordTrend(_ state: State) -> Trend? {
    let trend = Trend(state.window.values, window: configuration.window)
    guard let trend else { return nil }
    host.record("trend_s", trend.whole.s)
    host.record("trend_variance", trend.whole.variance)
    host.record("trend_z", trend.whole.z)
    host.record("slope", trend.slope)
    return trend
  }

  private func find(
    _ figures: Figures, _ trend: Trend?, deterministic: Double, step: Int, _ state: inout State
  ) -> Finding {
    let mean = figures.mean
    let floor = state.floor(configuration)
    let isLearned = state.right ?? 0 >= configuration.learned
    host.record("floor", floor)
    var findings = Findings()
    func sounds(_ name: String, _ isBad: Bool) -> Bool {
      state.alarms.look(name, isBad, step: step, configuration.alarm)
    }
    state.deadSteps = mean < configuration.deadEntropy ? state.deadSteps + 1 : 0
    if state.deadSteps >= configuration.deadSteps, !isLearned {
      findings.add(
        .stop, isCritical: true,
        """
        entropy has been below \(short(configuration.deadEntropy)) nats for \(state.deadSteps) \
        steps: nothing is explored any more, so go back to an earlier checkpoint and add an \
        entropy method
        """)
    }
    if sounds("collapse", mean < floor && !isLearned) {
      findings.add(
        .rollBack(factor: configuration.rateFactor), isCritical: true,
        """
        entropy is \(short(mean)) nats, below the floor of \(short(floor)): add an entropy method \
        (--entropy) or lower the learning rate
        """)
    }
    findings.isCritical = state.alarms.isOn("collapse")
    let distance = trend.flatMap { stepsUntil(log(floor), from: log(mean), slope: $0.logSlope) }
    let isFalling =
      trend.map { $0.isFull && max($0.whole.z, $0.recent.z) < -configuration.trendZ } ?? false
    if let distance, distance.isFinite { host.record("steps_to_floor", distance) }
    let isNear = mean > floor && distance ?? .infinity < configuration.horizon
    if sounds("falling", isFalling && isNear && !isLearned) {
      findings.warn(
        """
        entropy falls by \(percent(1 - exp(trend!.logSlope))) a step (Mann-Kendall Z \
        \(short(trend!.recent.z))) and would reach its floor of \(short(floor)) nats in \
        \(Int(distance!)) steps: add an entropy method or lower the learning rate
        """)
    }
    let isDeterministic = deterministic > configuration.deterministicShare
    if sounds("deterministic", isDeterministic && !isLearned) {
      findings.warn(
        """
        \(percent(deterministic)) of the tokens are sampled without a choice (entropy below \
        \(short(configuration.deterministicEntropy))): raise the temperature or add an entropy method
        """)
    }
    let ceiling = state.ceiling(configuration)
    let rise = figures.median.map { mean - $0 > configuration.explosionRise * abs($0) } ?? false
    let isFar = rise && figures.robustZ ?? 0 > configuration.explosionZ
    if sounds("explosion", isFar || mean > ceiling ?? .infinity) {
      findings.add(
        .scaleRate(factor: configuration.rateFactor, steps: configuration.rateSteps),
        isCritical: figures.isRewardFalling,
        """
        entropy has risen to \(short(mean)) nats from \(short(state.start ?? mean)) at the start\
        \(figures.isRewardFalling ? ", and the reward falls" : ""): lower the learning rate or the \
        entropy bonus
        """)
    }
    if let ratio = oscillation(state) {
      host.record("oscillation", ratio)
      let bound = configuration.oscillation
      // What goes one way does not swing.
      let isSteady =
        trend.map { max(abs($0.whole.z), abs($0.recent.z)) > configuration.trendZ } ?? false
      if sounds("oscillation", !isSteady && (ratio > bound || ratio < 1 / bound)) {
        findings.warn(
          """
          entropy is \(short(ratio)) times its long average: it swings, so lower the learning rate \
          or smooth the entropy term
          """)
      }
    }
    return findings.strongest
  }

  /// The short moving average over the long one, once both have seen enough.
  private func oscillation(_ state: State) -> Double? {
    guard state.short.count >= configuration.baseline, let short = state.short.mean,
      let long = state.long.mean, long > 0
    else { return nil }
    return short / long
  }
}

extension Outcomes {
  /// Of those whose verifier did not fail; `nil` where it failed on all.
  fileprivate var rightShare: Double? {
    (0..<count).filter { verdict($0) != .failed }.map { verdict($0) == .right ? 1.0 : 0 }.mean
  }
}

extension EntropyDetector.State {
  /// `H_0`; `nil` until the run has begun.
  var start: Double? { beginning.mean }

  func floor(_ configuration: EntropyDetector.Configuration) -> Double {
    guard beginning.count >= configuration.baseline, let start else { return configuration.floor }
    return max(configuration.floor, configuration.floorShare * start)
  }

  func ceiling(_ configuration: EntropyDetector.Configuration) -> Double? {
    guard beginning.count >= configuration.baseline, let start else { return nil }
    return max(configuration.explosionFactor * start, start + configuration.explosionMargin)
  }

  mutating func take(_ mean: Double, _ configuration: EntropyDetector.Configuration) {
    window.append(mean, keeping: configuration.window)
    if beginning.count < configuration.baseline { beginning.append(mean) }
    short.add(mean, past: configuration.shortPast)
    long.add(mean, past: configuration.longPast)
  }

  mutating func isRewardFalling(_ reward: Double?) -> Bool {
    guard let reward else { return false }
    defer { rewards.append(reward, keeping: 64) }
    return rewards.robustZ(of: reward).map { $0 < -3 } ?? false
  }
}

@c(temper_plugin_entry)
public func entry(major: UInt32, minor: UInt32) -> UnsafeRawPointer? {
  export(EntropyDetector.self)
}
