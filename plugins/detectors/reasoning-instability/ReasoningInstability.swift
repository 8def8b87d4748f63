import TemperPlugin

/// Sees completions that lose their thread: how much each token's distribution differs from the one
/// before, and how spread it is.
///
/// "I May Not Have Articulated Myself Clearly: Diagnosing Dynamic Instability in LLM Reasoning at
/// Inference Time" (arXiv:2602.02863).
struct ReasoningInstability: Detector {
  struct Configuration: PluginConfiguration {
    /// The most probable symbols of a row that are kept; 0 for all, of up to 512 symbols.
    var k = 20
    /// What entropy counts beside the divergence.
    var lambda = 1.0
    /// The prefixes of a completion whose strength is recorded.
    var prefixes = [50, 100, 200]
    /// A trace is unstable above this quantile of the strengths of the last `memory` completions.
    var quantile = 0.8
    var memory = 512
    /// An unstable trace is corrective where its peak comes this early and it calms down `settling`
    /// tokens later, destructive where it comes that late or lasts.
    var early = 0.33
    var late = 0.66
    var settling = 16
    var lasting = 0.8
    var lastingShare = 0.25
    /// The largest share of destructive traces, and the mean strength in robust deviations.
    var destructive = 0.25
    var z = 4.0
    var window = 64  // steps
    /// Drops what is destructive and cut off.
    var drops = false
    var alarm = AlarmSettings()
  }

  struct State: PluginState {
    /// Of completions, and the means of steps.
    var strengths = Window()
    var means = Window()
    var alarms = Alarms()
  }

  static let id = "temper.detector.reasoning-instability"
  static let version = "1.0.0"
  static let summary = "Completions whose distributions jump or spread, early or late, and lasting."

  let configuration: Configuration
  let host: Host

  init(_ configuration: Configuration, host: Host) throws {
    try configuration.validate()
    (self.configuration, self.host) = (configuration, host)
  }

  let needs = DetectorNeeds([.rollout, .evaluation], tokens: true, outcomes: true, rows: true)

  func observe(_ row: Row, _ observed: inout Observed) throws {
    try observed.keep(LikelySymbols(of: row, atMost: configuration.k).packed)
  }

  func detect(_ observation: Observation, _ state: inout State) -> Finding {
    guard let tokens = observation.tokens else { return .nothing }
    let traces = tokens.sequences.compactMap { sequence in
      Trace(tokens, sequence, temperature: observation.temperature, configuration)
    }
    guard let strength = traces.map(\.strength).mean else { return .nothing }
    let isRollout = observation.event == .rollout
    let known = isRollout ? state.strengths.values : []
    let threshold = (known.count < 64 ? known + traces.map(\.strength) : known)
      .quantile(configuration.quantile)!
    let classes = traces.map { $0.strength > threshold ? $0.horizon(configuration) : .neutral }
    record(traces, classes, observation.outcomes)
    guard isRollout else { return .nothing }
    let z = state.means.robustZ(of: strength)
    if let z { host.record("robust_z", z) }
    for trace in traces {
      state.strengths.append(trace.strength, keeping: configuration.memory)
    }
    state.means.append(strength, keeping: configuration.window)
    return find(traces, classes, observation, strength, z, &state)
  }

  private func record(_ traces: [Trace], _ classes: [Trace.Horizon], _ outcomes: Outcomes?) {
    func mean(_ name: String, _ value: (Trace) -> Double?) {
      if let mean = traces.compactMap(value).mean { host.record(name, mean) }
    }
    mean("strength") { $0.strength }
    mean("divergence_max") { $0.divergences.max() }
    mean("entropy_max") { $0.entropies.max() }
    mean("instability") { $0.instability.mean }
    mean("peak") { Double($0.peak + 1) }
    mean("position") { $0.position }
    for length in configuration.prefixes {
      mean("strength_\(length)") { $0.strength(within: length) }
    }
    for horizon in [Trace.Horizon.corrective, .destructive] {
      host.record(
        horizon.rawValue, Double(classes.count { $0 == horizon }) / Double(classes.count))
    }
    guard let outcomes else { return }
    let judged = traces.filter { outcomes.verdict($0.sequence) != .failed }
    let isWrong = judged.map { outcomes.verdict($0.sequence) != .right }
    let strengths = judged.map(\.strength)
    if let auc = separability(strengths, isPositive: isWrong) { host.record("auc", auc) }
    guard judged.count >= 5 else { return }
    let ascending = strengths.places(ofSmallest: strengths.count)
    for fifth in 0..<5 {
      let places = ascending[judged.count * fifth / 5..<judged.count * (fifth + 1) / 5]
      host.record("accuracy_fifth_\(fifth + 1)", places.map { isWrong[$0] ? 0.0 : 1 }.mean!)
    }
  }

  private func find(
    _ traces: [Trace], _ classes: [Trace.Horizon], _ seen: Observation, _ strength: Double,
    _ z: Double?, _ state: inout State
  ) -> Finding {
    var findings = Findings()
    let destructive = Double(classes.count { $0 == .destructive }) / Double(classes.count)
    if state.alarms.look(
      "destructive", destructive > configuration.destructive, step: seen.step, configuration.alarm)
    {
      findings.warn(
        """
        \(percent(destructive)) of the completions become unstable late or stay so: lower the \
        learning rate, or look at the rollouts of this step
        """)
    }
    if state.alarms.look(
      "strength", z ?? 0 > configuration.z, step: seen.step, configuration.alarm)
    {
      findings.warn(
        """
        the instability of completions is \(short(strength)) in the mean, far above what it was \
        (robust z \(short(z!))): lower the learning rate or the temperature
        """)
    }
    if configuration.drops, let outcomes = seen.outcomes, let tokens = seen.tokens {
      var dropped = [Bool](repeating: false, count: tokens.sequenceCount)
      for (trace, horizon) in zip(traces, classes)
      where horizon == .destructive && outcomes.isTruncated(trace.sequence) {
        dropped[trace.sequence] = true
      }
      let number = dropped.count(where: \.self)
      if number > 0 {
        findings.add(
          .dropSequences(dropped),
          "\(number) completions became unstable late and were cut off: they are left out")
      }
    }
    return findings.strongest
  }
}

extension ReasoningInstability.Configuration {
  fileprivate func validate() throws {
    try require("k", Double(k), atLeast: 0, atMost: Double(LikelySymbols.most))
    try require("lambda", lambda, atLeast: 0)
    for length in prefixes { try require("prefixes", Double(length), atLeast: 1) }
    try require("quantile", quantile, atLeast: 0, atMost: 1)
    try require("memory", Double(memory), atLeast: 64)
    try require("early", early, atLeast: 0, atMost: 1)
    try require("late", late, atLeast: early, atMost: 1)
    try require("settling", Double(settling), atLeast: 0)
    try require("lasting", lasting, above: 0, atMost: 1)
    try require("lasting_share", lastingShare, atLeast: 0, atMost: 1)
    try require("destructive", destructive, atLeast: 0, atMost: 1)
    try require("z", z, above: 0)
    try require("window", Double(window), atLeast: 16)
    try alarm.validate(self)
  }
}

@c(temper_plugin_entry)
public func entry(major: UInt32, minor: UInt32) -> UnsafeRawPointer? {
  export(ReasoningInstability.self)
}
