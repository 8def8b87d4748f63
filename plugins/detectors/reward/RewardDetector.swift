import TemperPlugin

/// Sees rewards that teach nothing, that can be had without the task, or that small changes would
/// turn over: the policy cliff.
///
/// "The Policy Cliff" (arXiv:2507.20150).
struct RewardDetector: Detector {
  struct Configuration: PluginConfiguration {
    /// Rewards of a group that differ by less are equal.
    var degenerate = 1e-8
    /// Rewards within this of a group's best are optimal.
    var tolerance = 1e-9
    /// The least share of groups that teach something, in the mean of so many steps.
    var effective = 0.15
    var effectiveSteps = 10
    /// The least standard deviation of a step's rewards.
    var deviation = 0.02
    /// The largest share of samples whose verifier failed.
    var failed = 0.1
    /// The largest share of the advantages' variance that one of several verifiers has.
    var dominance = 0.9
    var window = 64  // steps
    /// The verifier that rewards the form, and the one that rewards being right (`null`: the share
    /// of right verdicts): the trends that tell form that is learned instead of the task.
    var format: String? = "format"
    var accuracy: String?
    var formatT = 3.0
    var accuracyT = 1.0
    var rise = 0.1
    /// A verifier that is only watched (weight 0), and how far its rank correlation with the
    /// training reward may fall.
    var heldBack: String?
    var heldBackDrop = 0.3
    /// Size of the perturbations, and the temperature of the soft policy over a group.
    var epsilon = 0.01
    var temperature = 0.5
    /// The largest advantage that a group may make of a difference of 1, standardised.
    var amplification = 100.0
    var alarm = AlarmSettings()
  }

  struct State: PluginState {
    var effective = Window()
    var form = Window()
    var right = Window()
    var rewards = Window()
    var heldBack: Double?
    var alarms = Alarms()
  }

  static let id = "temper.detector.reward"
  static let version = "1.0.0"
  static let summary =
    "Rewards that tie, saturate, fail, or turn over at a touch: the policy cliff."

  let configuration: Configuration
  let host: Host

  init(_ configuration: Configuration, host: Host) throws {
    try configuration.validate()
    (self.configuration, self.host) = (configuration, host)
  }

  let needs = DetectorNeeds([.rollout], outcomes: true)

  func detect(_ observation: Observation, _ state: inout State) -> Finding {
    guard let outcomes = observation.outcomes, outcomes.count > 0 else { return .nothing }
    var findings = Findings()
    let groups = outcomes.members.compactMap { members in
      RewardGroup(members, outcomes, configuration)
    }
    recordCliff(groups, outcomes, step: observation.step)
    lookForFailures(outcomes, step: observation.step, &state, &findings)
    lookForTies(groups, outcomes, step: observation.step, &state, &findings)
    lookForForm(outcomes, step: observation.step, &state, &findings)
    return findings.strongest
  }

  private func lookForFailures(
    _ outcomes: Outcomes, step: Int, _ state: inout State, _ findings: inout Findings
  ) {
    let failed = (0..<outcomes.count).count { outcomes.reward($0) == nil }
    let share = Double(failed) / Double(outcomes.count)
    host.record("failed", share)
    let isMost = share > 0.5
    if state.alarms.look(
      "failed", share > configuration.failed, step: step, configuration.alarm)
    {
      findings.add(
        .warn, isCritical: isMost,
        """
        the verifier failed on \(percent(share)) of the samples: its reasons are in the rollout log
        """)
    }
    findings.isCritical = isMost && state.alarms.isOn("failed")
  }

  private func lookForTies(
    _ groups: [RewardGroup], _ outcomes: Outcomes, step: Int, _ state: inout State,
    _ findings: inout Findings
  ) {
    let rewards = (0..<outcomes.count).compactMap(outcomes.reward)
    guard let mean = rewards.mean, !groups.isEmpty else { return }
    let deviation = rewards.map { ($0 - mean) * ($0 - mean) }.mean!.squareRoot()
    func share(where isMeant: (RewardGroup) -> Bool) -> Double {
      Double(groups.count(where: isMeant)) / Double(groups.count)
    }
    let effective = share { !$0.isTied }
    host.record("deviation", deviation)
    host.record("effective", effective)
    host.record("all_right", share { $0.isTied && $0.isRight })
    host.record("all_wrong", share { $0.isTied && !$0.isRight })
    state.effective.append(effective, keeping: configuration.effectiveSteps)
    let recent = state.effective.mean ?? 1
    let isKnown = state.effective.count >= configuration.effectiveSteps
    if state.alarms.look(
      "effective", isKnown && recent < configuration.effective, step: step,
      configuration.effectiveAlarm)
    {
      findings.warn(
        """
        \(percent(1 - recent)) of the groups of the last \(state.effective.count) steps have equal \
        rewards and teach nothing: choose problems by difficulty, larger groups, or dynamic sampling
        """)
    }
    let isFlat = deviation < configuration.deviation
    if state.alarms.look("flat", isFlat, step: step, configuration.alarm) {
      findings.warn(
        """
        rewards hardly differ any more (mean \(short(mean)), standard deviation \
        \(short(deviation))): look at the verifier, or choose other problems
        """)
    }
    let most = groups.map(\.amplification).max() ?? 0
    host.record("tie_amplification", most)
    if state.alarms.look(
      "amplification", most > configuration.amplification, step: step, configuration.alarm)
    {
      findings.warn(
        """
        dividing by the standard deviation makes an advantage of \(short(most)) of a reward \
        difference of 1: use centred advantages, or a floor on the deviation
        """)
    }
  }

  private func lookForForm(
    _ outcomes: Outcomes, step: Int, _ state: inout State, _ findings: inout Findings
  ) {
    let components = RewardComponents(outcomes)
    if let (name, share) = components.dominant(outcomes.members) {
      host.record("dominance", share)
      if state.alarms.look(
        "dominance", share > configuration.dominance, step: step, configuration.alarm)
      {
        findings.warn(
          """
          \(percent(share)) of what the advantages vary by comes from '\(name)': weigh the \
          verifiers anew if the others are meant to count
          """)
      }
    }
    lookForHeldBack(components, outcomes, step: step, &state, &findings)
    let right = (0..<outcomes.count).filter { outcomes.verdict($0) != .failed }
      .map { outcomes.verdict($0) == .right ? 1.0 : 0.0 }.mean
    guard let form = configuration.format.flatMap(components.mean),
      let accuracy = configuration.accuracy.flatMap(components.mean) ?? right,
      let reward = (0..<outcomes.count).compactMap(outcomes.reward).mean
    else { return }
    state.form.append(form, keeping: configuration.window)
    state.right.append(accuracy, keeping: configuration.window)
    state.rewards.append(reward, keeping: configuration.window)
    guard state.form.count >= configuration.window, let formT = state.form.values.slopeT,
      let accuracyT = state.right.values.slopeT
    else { return }
    let rewards = state.rewards.values
    let rise = Array(rewards.suffix(8)).mean! - Array(rewards.prefix(8)).mean!
    host.record("format_t", min(max(formT, -1e6), 1e6))
    host.record("accuracy_t", min(max(accuracyT, -1e6), 1e6))
    let isHack =
      formT > configuration.formatT && abs(accuracyT) < configuration.accuracyT
      && rise > configuration.rise
    if state.alarms.look("form", isHack, step: step, configuration.alarm) {
      findings.warn(
        """
        the reward has risen by \(short(rise)) through its form alone (trend t \(short(formT)), of \
        being right \(short(accuracyT))): give the form less weight
        """)
    }
  }

  private func lookForHeldBack(
    _ components: RewardComponents, _ outcomes: Outcomes, step: Int, _ state: inout State,
    _ findings: inout Findings
  ) {
    guard let name = configuration.heldBack, let score = components.values(of: name) else { return }
    let known = (0..<outcomes.count).filter { outcomes.reward($0) != nil && score[$0].isFinite }
    let rewards = known.map { outcomes.reward($0)! }
    guard let agreement = rankCorrelation(rewards, known.map { score[$0] }) else { return }
    host.record("held_back", agreement)
    let start = state.heldBack ?? agreement
    state.heldBack = start
    if state.alarms.look(
      "held_back", start - agreement > configuration.heldBackDrop, step: step, configuration.alarm)
    {
      findings.add(
        .warn, isCritical: true,
        """
        the training reward goes with '\(name)' no more (rank correlation \(short(agreement)), \
        \(short(start)) at the start): it is being had without the task
        """)
    }
    if state.alarms.isOn("held_back") { findings.isCritical = true }
  }
}

extension RewardDetector.Configuration {
  /// That a task is too easy or too hard is a state, not an event: it is worth a word now and then.
  fileprivate var effectiveAlarm: AlarmSettings {
    AlarmSettings(
      bad: alarm.bad, looks: alarm.looks, clean: alarm.clean, cooldown: 10 * alarm.cooldown)
  }

  fileprivate func validate() throws {
    try require("degenerate", degenerate, atLeast: 0)
    try require("tolerance", tolerance, atLeast: 0)
    try require("effective", effective, atLeast: 0, atMost: 1)
    try require("effective_steps", Double(effectiveSteps), atLeast: 1)
    try require("deviation", deviation, atLeast: 0)
    try require("failed", failed, atLeast: 0, atMost: 1)
    try require("dominance", dominance, above: 0, atMost: 1)
    try require("window", Double(window), atLeast: 16)
    try require("format_t", formatT, above: 0)
    try require("accuracy_t", accuracyT, above: 0)
    try require("rise", rise, atLeast: 0)
    try require("held_back_drop", heldBackDrop, above: 0)
    try require("epsilon", epsilon, above: 0)
    try require("temperature", temperature, above: 0)
    try require("amplification", amplification, above: 0)
    try alarm.validate(self)
  }
}

@c(temper_plugin_entry)
public func entry(major: UInt32, minor: UInt32) -> UnsafeRawPointer? { export(RewardDetector.self) }
