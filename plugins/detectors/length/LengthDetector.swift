import Glibc
import TemperPlugin

/// Sees completions that grow without getting better, run into their budget, or repeat themselves.
struct LengthDetector: Detector {
  struct Configuration: PluginConfiguration {
    var window = 64  // steps
    /// Steps that say where the run began.
    var baseline = 10
    /// Explosion: the mean over that of the beginning, while accuracy has not risen by this.
    var growth = 2.0
    var progress = 0.02
    /// The share of completions that run into their budget: a warning, one that spoils the run, and
    /// one that ends it.
    var truncated = 0.2
    var criticalTruncated = 0.5
    var stopTruncated = 0.9
    /// The share of completions that end in a repetition: at least three periods of at most
    /// `period` tokens, and at least `least_repeated` tokens.
    var periodic = 0.05
    var period = 64
    var leastRepeated = 24
    /// Bytes over compressed bytes of a repetitive text, of at least `least_bytes`.
    var compression = 6.0
    var leastBytes = 256
    /// How far the share of bytes that are not ASCII may rise.
    var script = 0.2
    /// The probability of ending where a completion ended, as a share of what it was at the start.
    var end = 0.5
    /// How far the share of unparsable completions may rise.
    var unparsable = 0.3
    var alarm = AlarmSettings()
  }

  struct State: PluginState {
    var lengths = Window()
    var rights = Window()
    /// Of the first steps: mean length, accuracy, bytes that are not ASCII, unparsable.
    var beginning: [[Double]] = []
    /// Of the first steps, the probability of ending.
    var ends: [Double] = []
    /// The shortest mean of right completions so far.
    var briefest: Double?
    var alarms = Alarms()
  }

  static let id = "temper.detector.length"
  static let version = "1.0.0"
  static let summary = "Completions that grow, are cut off, or repeat themselves."

  let configuration: Configuration
  let host: Host

  init(_ configuration: Configuration, host: Host) throws {
    try configuration.validate()
    (self.configuration, self.host) = (configuration, host)
  }

  let needs = DetectorNeeds([.rollout], tokens: true, outcomes: true)

  func detect(_ observation: Observation, _ state: inout State) -> Finding {
    guard let outcomes = observation.outcomes, outcomes.count > 0 else { return .nothing }
    var findings = Findings()
    let step = CompletionLengths(outcomes)
    record(step, &state)
    state.lengths.append(step.mean, keeping: configuration.window)
    state.rights.append(step.accuracy, keeping: configuration.window)
    if state.lengths.count >= 8 {
      host.record("trend_z", MannKendall(state.lengths.values).z)
    }
    let figures = [step.mean, step.accuracy, outcomes.foreignShare, step.unparsable]
    if state.beginning.count < configuration.baseline { state.beginning.append(figures) }
    lookForGrowth(step, observation.step, &state, &findings)
    lookForDrift(figures, observation.step, &state, &findings)
    lookForCuts(step, observation.step, &state, &findings)
    if let tokens = observation.tokens {
      lookForRepetition(tokens, outcomes, observation.step, &state, &findings)
      lookAtEnds(tokens, outcomes, observation.step, &state, &findings)
    }
    return findings.strongest
  }

  private func record(_ step: CompletionLengths, _ state: inout State) {
    host.record("mean", step.mean)
    host.record("q90", step.lengths.quantile(0.9)!)
    host.record("truncated", step.truncated)
    host.record("unparsable", step.unparsable)
    if let wrong = step.wrongMean, let right = step.rightMean {
      host.record("wrong_minus_right", wrong - right)
    }
    if let right = step.rightMean, right > 0 {
      let briefest = min(state.briefest ?? right, right)
      state.briefest = briefest
      host.record("brevity", right / briefest)
    }
    if let correlation = step.correlation { host.record("correlation", correlation) }
    for (quarter, accuracy) in step.quarters.enumerated() {
      host.record("accuracy_quarter_\(quarter + 1)", accuracy)
    }
  }

  private func lookForGrowth(
    _ step: CompletionLengths, _ number: Int, _ state: inout State, _ findings: inout Findings
  ) {
    guard state.beginning.count >= configuration.baseline,
      let start = state.beginning.map({ $0[0] }).mean,
      let accuracy = state.beginning.map({ $0[1] }).mean, start > 0
    else { return }
    // A step's accuracy is a few samples; the last ones together say more.
    let recent = Array(state.rights.values.suffix(configuration.baseline)).mean ?? 0
    let isLong = step.mean > configuration.growth * start
    if state.alarms.look(
      "growth", isLong && recent < accuracy + configuration.progress, step: number,
      configuration.alarm)
    {
      findings.warn(
        """
        completions are \(short(step.mean / start)) times as long as at the start (\(short(step.mean)) \
        tokens) and no better (\(percent(recent)) right, \(percent(accuracy)) at the start): add an \
        overlong penalty or a length verifier
        """)
    }
  }

  /// What the text is made of, against the start.
  private func lookForDrift(
    _ figures: [Double], _ number: Int, _ state: inout State, _ findings: inout Findings
  ) {
    host.record("non_ascii", figures[2])
    guard state.beginning.count >= configuration.baseline else { return }
    let start = (0..<4).map { place in state.beginning.map { $0[place] }.mean! }
    if state.alarms.look(
      "script", figures[2] - start[2] > configuration.script, step: number, configuration.alarm)
    {
      findings.warn(
        """
        \(percent(figures[2])) of the bytes are not ASCII, \(percent(start[2])) at the start: the \
        model changes its language, so give the form a reward
        """)
    }
    if state.alarms.look(
      "unparsable", figures[3] - start[3] > configuration.unparsable, step: number,
      configuration.alarm)
    {
      findings.warn(
        """
        \(percent(figures[3])) of the completions have no answer that can be read, \
        \(percent(start[3])) at the start: look at the rollout log, and give the form a reward
        """)
    }
  }

  private func lookForCuts(
    _ step: CompletionLengths, _ number: Int, _ state: inout State, _ findings: inout Findings
  ) {
    let share = step.truncated
    func sounds(_ name: String, above bound: Double) -> Bool {
      state.alarms.look(name, share > bound, step: number, configuration.alarm)
    }
    // Alarms of their own, so that what was a warning can grow.
    let isOver = sounds("stop_truncated", above: configuration.stopTruncated)
    let isCritical = sounds("critical_truncated", above: configuration.criticalTruncated)
    findings.isCritical = state.alarms.isOn("critical_truncated")
    guard sounds("truncated", above: configuration.truncated) || isCritical || isOver else {
      return
    }
    findings.add(
      isOver ? .stop : .warn,
      isCritical: share > configuration.criticalTruncated,
      """
      \(percent(share)) of the completions are cut off by their budget of tokens: raise it \
      (--max-new-tokens), or add an overlong penalty
      """)
  }

  /// The probability of the token that ends a completion, where it does: a policy that forgets how
  /// to stop becomes unsure of it before it runs into the budget.
  private func lookAtEnds(
    _ tokens: Tokens, _ outcomes: Outcomes, _ number: Int, _ state: inout State,
    _ findings: inout Findings
  ) {
    let ends = tokens.sequences.filter { !outcomes.isTruncated($0) }
      .compactMap { tokens.trained(in: tokens.range($0)).max() }
      .map { exp(Double(tokens.oldLogprobs[$0])) }
    guard let mean = ends.filter(\.isFinite).mean else { return }
    host.record("end_probability", mean)
    if state.ends.count < configuration.baseline { return state.ends.append(mean) }
    let start = state.ends.mean!
    if state.alarms.look("end", mean < configuration.end * start, step: number, configuration.alarm)
    {
      findings.warn(
        """
        completions end with a token of probability \(short(mean)), \(short(start)) at the start: \
        the model forgets how to stop, so watch their lengths and add an overlong penalty
        """)
    }
  }

  private func lookForRepetition(
    _ tokens: Tokens, _ outcomes: Outcomes, _ number: Int, _ state: inout State,
    _ findings: inout Findings
  ) {
    let completions = tokens.sequences.map { sequence in
      tokens.range(sequence).filter { tokens.author($0) == .model }.map { tokens.tokens[$0] }
    }.filter { !$0.isEmpty }
    guard !completions.isEmpty else { return }
    let isPeriodic = completions.map {
      repeatedTail($0, period: configuration.period, least: configuration.leastRepeated) != nil
    }
    let share = Double(isPeriodic.count(where: \.self)) / Double(completions.count)
    host.record("periodic", share)
    if let distinct = completions.compactMap(distinctShareOfFour).mean {
      host.record("distinct_4", distinct)
    }
    let ratios = (0..<outcomes.count).map { Array(outcomes.text($0).utf8) }
      .filter { $0.count >= configuration.leastBytes }.map(compressionRatio)
    if let most = ratios.max() { host.record("compression_max", most) }
    let repetitive =
      Double(ratios.count { $0 > configuration.compression })
      / Double(max(outcomes.count, 1))
    host.record("repetitive", repetitive)
    let worse = max(share, repetitive)
    if state.alarms.look(
      "periodic", worse > configuration.periodic, step: number, configuration.alarm)
    {
      findings.warn(
        """
        \(percent(worse)) of the completions repeat themselves to the end: raise the temperature, \
        or add a penalty on repetition to the reward
        """)
    }
  }
}

extension LengthDetector.Configuration {
  fileprivate func validate() throws {
    try require("window", Double(window), atLeast: 16)
    try require("baseline", Double(baseline), atLeast: 1)
    try require("growth", growth, above: 1)
    try require("progress", progress, atLeast: 0)
    try require("truncated", truncated, atLeast: 0, atMost: 1)
    try require("critical_truncated", criticalTruncated, atLeast: truncated, atMost: 1)
    try require("stop_truncated", stopTruncated, atLeast: criticalTruncated, atMost: 1)
    try require("periodic", periodic, atLeast: 0, atMost: 1)
    try require("period", Double(period), atLeast: 1)
    try require("least_repeated", Double(leastRepeated), atLeast: 3)
    try require("compression", compression, above: 1)
    try require("least_bytes", Double(leastBytes), atLeast: 1)
    try require("script", script, atLeast: 0)
    try require("end", end, atLeast: 0, atMost: 1)
    try require("unparsable", unparsable, atLeast: 0)
    try alarm.validate(self)
  }
}

@c(temper_plugin_entry)
public func entry(major: UInt32, minor: UInt32) -> UnsafeRawPointer? { export(LengthDetector.self) }
