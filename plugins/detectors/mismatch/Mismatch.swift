import Glibc
import TemperPlugin

/// Sees the sampler and the trainer disagree about the same tokens, the policy run away from the
/// one that sampled, and from the reference.
struct Mismatch: Detector {
  struct Configuration: PluginConfiguration {
    /// KL(sampler, trainer) by the k3 estimate: a warning, and a run that is being spoiled.
    var k3 = 1e-3
    var criticalK3 = 1e-2
    /// The largest |d| in nats that is critical.
    var criticalGap = 1.0
    /// Skips the step: more than this share of the tokens beyond this gap.
    var skipGap = 5.0
    var skipShare = 0.01
    /// What the trainer's forward pass gives for tokens just sampled may differ by this, in nats.
    var forwardGap = 0.05
    /// The effective share of the tokens, and the share of ratios outside of the clip bounds.
    var ess = 0.5
    var clipShare = 0.3
    var clipLow = 0.2
    var clipHigh = 0.28
    /// Where an importance weight is cut off.
    var truncation = 2.0
    /// Divergence from the reference: in nats a token, against its median, and its trend.
    var kl = 0.5
    var klRatio = 10.0
    /// Below this a divergence has no ratio worth speaking of.
    var leastKl = 0.01
    var klTrendZ = 4.0
    var window = 64  // steps
    /// What a roll-back does to the learning rate.
    var rateFactor = 0.5
    var alarm = AlarmSettings()
  }

  struct State: PluginState {
    var kl = Window()
    var rewards = Window()
    var alarms = Alarms()
  }

  static let id = "temper.detector.mismatch"
  static let version = "1.0.0"
  static let summary =
    "Sampler against trainer, policy against the one that sampled and the reference."

  let configuration: Configuration
  let host: Host

  init(_ configuration: Configuration, host: Host) throws {
    try configuration.validate()
    (self.configuration, self.host) = (configuration, host)
  }

  let needs = DetectorNeeds([.gradients], tokens: true)

  func detect(_ observation: Observation, _ state: inout State) -> Finding {
    guard let tokens = observation.tokens else { return .nothing }
    var findings = Findings()
    if observation.update == 0 { compareWithSampler(tokens, observation, &state, &findings) }
    compareWithOld(tokens, observation, &state, &findings)
    if observation.update == 0 { compareWithReference(tokens, observation, &state, &findings) }
    return findings.strongest
  }

  private func compareWithSampler(
    _ tokens: Tokens, _ seen: Observation, _ state: inout State, _ findings: inout Findings
  ) {
    let pairs = tokens.trained {
      (sampler: Double(tokens.behaviourLogprobs[$0]), trainer: Double(tokens.oldLogprobs[$0]))
    }.filter { $0.sampler.isFinite && $0.trainer.isFinite }
    guard let gap = LogprobGap(from: pairs.map(\.sampler), to: pairs.map(\.trainer)) else { return }
    gap.record(host)
    let cut = gap.differences.count { exp($0) > configuration.truncation }
    host.record("truncated_share", Double(cut) / Double(gap.differences.count))
    let far = gap.differences.count { abs($0) > configuration.skipGap }
    let share = Double(far) / Double(gap.differences.count)
    let figures = """
      sampler and trainer differ by up to \(short(gap.maxAbs)) nats on the same tokens (KL \
      \(short(gap.k3)) nats a token)
      """
    let remedy = """
      : look for a sampler that is out of date or cuts the distribution (top_p, top_k, min_p), or \
      correct it with importance weights
      """
    let isCritical = gap.k3 > configuration.criticalK3 || gap.maxAbs > configuration.criticalGap
    if state.alarms.look(
      "far", false, step: seen.step, isCatastrophe: share > configuration.skipShare,
      configuration.alarm)
    {
      findings.add(
        .skipStep, isCritical: true,
        figures + ", \(percent(share)) of them by more than \(short(configuration.skipGap))"
          + remedy)
    } else if state.alarms.look(
      "gap", isCritical || gap.k3 > configuration.k3, step: seen.step, configuration.alarm)
    {
      findings.add(.warn, isCritical: isCritical, figures + remedy)
    }
    findings.isCritical = isCritical && state.alarms.isOn("gap")
    lookAtForwardPass(seen, &state, &findings)
  }

  /// No other run of the same program mends this one, so that it proposes the end.
  private func lookAtForwardPass(
    _ seen: Observation, _ state: inout State, _ findings: inout Findings
  ) {
    guard let forward = seen.metric("policy/forward_gap") else { return }
    host.record("forward_gap", forward)
    if state.alarms.look(
      "forward", !(forward <= configuration.forwardGap), step: seen.step, configuration.alarm)
    {
      findings.add(
        .stop, isCritical: true,
        """
        the trainer's forward pass gives log-probabilities up to \(short(forward)) nats from those \
        that were sampled by: the sampler's weights are out of date, or the two compute differently
        """)
    }
    if state.alarms.isOn("forward") { findings.isCritical = true }
  }

  private func compareWithOld(
    _ tokens: Tokens, _ seen: Observation, _ state: inout State, _ findings: inout Findings
  ) {
    let ratios = LogRatios(tokens)
    guard let ratios else { return }
    ratios.record(host)
    let low = ratios.share { $0 < 1 - configuration.clipLow }
    let high = ratios.share { $0 > 1 + configuration.clipHigh }
    host.record("clip_low", low)
    host.record("clip_high", high)
    if state.alarms.look(
      "ess", ratios.ess < configuration.ess, step: seen.step, configuration.alarm)
    {
      findings.warn(
        """
        the policy has moved so far from the one that sampled that \(percent(ratios.ess)) of the \
        tokens count: make fewer updates of a rollout, or lower the learning rate
        """)
    }
    if state.alarms.look(
      "clip", low + high > configuration.clipShare, step: seen.step, configuration.alarm)
    {
      findings.warn(
        """
        \(percent(low + high)) of the ratios are outside of the clip bounds: make fewer updates of \
        a rollout, or lower the learning rate
        """)
    }
  }

  private func compareWithReference(
    _ tokens: Tokens, _ seen: Observation, _ state: inout State, _ findings: inout Findings
  ) {
    let reward = seen.metric("reward/mean")
    let isRewardFalling = reward.flatMap { state.rewards.robustZ(of: $0) }.map { $0 < -3 } ?? false
    if let reward { state.rewards.append(reward, keeping: configuration.window) }
    guard let reference = tokens.referenceLogprobs else { return }
    let pairs = tokens.trained { (Double(tokens.logprobs[$0]), Double(reference[$0])) }
      .filter { $0.0.isFinite && $0.1.isFinite }
    guard let gap = LogprobGap(from: pairs.map(\.0), to: pairs.map(\.1)) else { return }
    host.record("kl_reference", gap.k3)
    host.record("kl_reference_k1", gap.k1)
    let error = gap.deviation / Double(pairs.count).squareRoot()
    let median = state.kl.count >= 16 ? state.kl.median : nil
    state.kl.append(gap.k3, keeping: configuration.window)
    let trend = state.kl.count >= configuration.window ? MannKendall(state.kl.values).z : 0
    host.record("kl_trend_z", trend)
    let ratio = median.map { gap.k3 / max($0, 1e-12) } ?? 0
    let isRising = trend > configuration.klTrendZ && gap.k3 > configuration.kl / 2
    let isHigh =
      gap.k3 > configuration.kl
      || gap.k3 > configuration.leastKl && ratio > configuration.klRatio || isRising
    if state.alarms.look("kl", isHigh, step: seen.step, configuration.alarm) {
      findings.add(
        isRewardFalling ? .rollBack(factor: configuration.rateFactor) : .warn,
        isCritical: isRewardFalling,
        """
        the policy is \(short(gap.k3)) nats a token from the reference (median \
        \(short(median ?? gap.k3)), trend Z \(short(trend)))\
        \(isRewardFalling ? " while the reward falls" : ""): raise the KL coefficient or lower the \
        learning rate
        """)
    }
    let isImpossible = gap.k1 < -3 * error && gap.k1 < -1e-3
    if state.alarms.look("alignment", isImpossible, step: seen.step, configuration.alarm) {
      findings.warn(
        """
        the estimated divergence from the reference is negative, \(short(gap.k1)) nats with an \
        error of \(short(error)): look whether the reference's tokens are aligned
        """)
    }
  }
}

extension Mismatch.Configuration {
  fileprivate func validate() throws {
    try require("k3", k3, atLeast: 0)
    try require("critical_k3", criticalK3, atLeast: k3)
    try require("critical_gap", criticalGap, above: 0)
    try require("skip_gap", skipGap, above: 0)
    try require("skip_share", skipShare, atLeast: 0, atMost: 1)
    try require("forward_gap", forwardGap, above: 0)
    try require("ess", ess, atLeast: 0, atMost: 1)
    try require("clip_share", clipShare, atLeast: 0, atMost: 1)
    try require("clip_low", clipLow, above: 0)
    try require("clip_high", clipHigh, above: 0)
    try require("truncation", truncation, above: 0)
    try require("kl", kl, above: 0)
    try require("kl_ratio", klRatio, above: 1)
    try require("least_kl", leastKl, atLeast: 0)
    try require("kl_trend_z", klTrendZ, above: 0)
    try require("window", Double(window), atLeast: 16)
    try require("rate_factor", rateFactor, above: 0, atMost: 1)
    try alarm.validate(self)
  }
}

@c(temper_plugin_entry)
public func entry(major: UInt32, minor: UInt32) -> UnsafeRawPointer? { export(Mismatch.self) }
