import Glibc
import TemperPlugin

/// Sees a softmax whose sum is one term to the last bit, and gradients that only make logits
/// larger.
///
/// Prieto et al. 2025, "Grokking at the Edge of Numerical Stability" (arXiv:2501.04697): softmax
/// collapse, and naive loss minimisation (NLM).
struct SoftmaxCollapse: Detector {
  struct Configuration: PluginConfiguration {
    var rows = 64
    /// The share of collapsed rows: a warning, and one that spoils the run.
    var collapsed = 0.25
    var criticalCollapsed = 0.5
    /// A row is nearly collapsed where all but its first symbol have less than this together.
    var near = 1e-6
    /// NLM: the cosine of the step against the gradient with the weights, at so many looks in a
    /// row, while logits grow (Mann-Kendall Z) and the reward does not (trend t).
    var alignment = 0.9
    var alignedLooks = 20
    var growthZ = 3.0
    var rewardT = 1.0
    var window = 64
    var alarm = AlarmSettings()
  }

  struct State: PluginState {
    var aligned = 0
    /// Norms of centred logits, and rewards.
    var logits = Window()
    var rewards = Window()
    var alarms = Alarms()
  }

  static let id = "temper.detector.softmax-collapse"
  static let version = "1.0.0"
  static let summary = "Softmax sums absorbed by one term, and steps that only scale the weights."

  let configuration: Configuration
  let host: Host

  init(_ configuration: Configuration, host: Host) throws {
    try configuration.require("rows", Double(configuration.rows), atLeast: 1)
    try configuration.require("collapsed", configuration.collapsed, atLeast: 0, atMost: 1)
    try configuration.require(
      "critical_collapsed", configuration.criticalCollapsed, atLeast: configuration.collapsed,
      atMost: 1)
    try configuration.require("near", configuration.near, above: 0, below: 1)
    try configuration.require("alignment", configuration.alignment, above: 0, atMost: 1)
    try configuration.require("aligned_looks", Double(configuration.alignedLooks), atLeast: 1)
    try configuration.require("growth_z", configuration.growthZ, above: 0)
    try configuration.require("reward_t", configuration.rewardT, above: 0)
    try configuration.require("window", Double(configuration.window), atLeast: 16)
    try configuration.alarm.validate(configuration)
    (self.configuration, self.host) = (configuration, host)
  }

  var needs: DetectorNeeds {
    DetectorNeeds([.gradients], norms: true, logits: configuration.rows, every: 10)
  }

  func detect(_ observation: Observation, _ state: inout State) -> Finding {
    var findings = Findings()
    let rows = observation.logits.compactMap {
      SoftmaxRow($0, temperature: observation.temperature, near: configuration.near)
    }
    lookForCollapse(rows, observation, &state, &findings)
    lookForScaling(observation, rows, &state, &findings)
    return findings.strongest
  }

  private func lookForCollapse(
    _ rows: [SoftmaxRow], _ seen: Observation, _ state: inout State, _ findings: inout Findings
  ) {
    guard !rows.isEmpty else { return }
    func share(where isMeant: (SoftmaxRow) -> Bool) -> Double {
      Double(rows.count(where: isMeant)) / Double(rows.count)
    }
    let collapsed = share(where: \.isCollapsed)
    host.record("collapsed", collapsed)
    host.record("zero_loss", share(where: \.isCertain))
    host.record("near_collapse", share(where: \.isNear))
    host.record("scale_alignment", rows.compactMap(\.scaleAlignment).mean ?? 0)
    guard
      state.alarms.look(
        "collapsed", collapsed > configuration.collapsed, step: seen.step, configuration.alarm)
    else { return }
    findings.add(
      .warn, isCritical: collapsed > configuration.criticalCollapsed,
      """
      the softmax of \(percent(collapsed)) of the rows is one term to the last bit of a float, so \
      that their other symbols get no gradient: lower the learning rate, add weight decay or an \
      entropy method
      """)
  }

  private func lookForScaling(
    _ seen: Observation, _ rows: [SoftmaxRow], _ state: inout State, _ findings: inout Findings
  ) {
    guard let alignment = recordAlignment(seen.tensors) else { return }
    if let norm = rows.map(\.norm).mean {
      host.record("logit_norm", norm)
      state.logits.append(norm, keeping: configuration.window)
    }
    if let reward = seen.metric("reward/mean") {
      state.rewards.append(reward, keeping: configuration.window)
    }
    state.aligned = alignment > configuration.alignment ? state.aligned + 1 : 0
    let growth = MannKendall(state.logits.values).z
    let isFlat = state.rewards.values.slopeT.map { abs($0) < configuration.rewardT } ?? true
    let isScaling =
      state.aligned >= configuration.alignedLooks && growth > configuration.growthZ && isFlat
    guard state.alarms.look("scaling", isScaling, step: seen.step, configuration.alarm) else {
      return
    }
    findings.warn(
      """
      for \(state.aligned) looks the step has gone along the weights (cosine \(short(alignment))), \
      which scales logits (trend Z \(short(growth))) and teaches nothing: project the gradient \
      (orthogonal gradients), or add weight decay
      """)
  }

  /// `<-g, w> / (|g| |w|)` of all weights as one vector; above 0 the step inflates them.
  private func recordAlignment(_ tensors: [TensorView]) -> Double? {
    let known = tensors.filter {
      $0.alignment.isFinite && $0.gradientNorm.isFinite && $0.weightNorm.isFinite
    }
    let along = known.reduce(0) { $0 + $1.alignment }
    let gradients = known.reduce(0) { $0 + $1.gradientNorm * $1.gradientNorm }
    let weights = known.reduce(0) { $0 + $1.weightNorm * $1.weightNorm }
    let scale = gradients.squareRoot() * weights.squareRoot()
    guard scale > 0, scale.isFinite else { return nil }
    let cosine = along / scale
    host.record("nlm_cosine", cosine)
    host.record("radial_share", cosine * cosine)
    let cosines = known.compactMap { tensor -> Double? in
      let scale = tensor.gradientNorm * tensor.weightNorm
      return scale > 0 ? tensor.alignment / scale : nil
    }
    if let most = cosines.max() { host.record("nlm_cosine_max", most) }
    return cosine
  }
}

@c(temper_plugin_entry)
public func entry(major: UInt32, minor: UInt32) -> UnsafeRawPointer? {
  export(SoftmaxCollapse.self)
}
