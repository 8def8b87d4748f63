import TemperPlugin

/// Sees attention that collapses onto single places, and scores that grow without bound.
///
/// Zhai et al. 2023, "Stabilizing Transformer Training by Preventing Attention Entropy Collapse"
/// (arXiv:2303.06296); Dehghani et al. 2023, "Scaling Vision Transformers to 22 Billion Parameters"
/// (arXiv:2302.05442) for the growth of attention logits.
struct AttentionDetector: Detector {
  struct Configuration: PluginConfiguration {
    /// A head is collapsed below this normalised entropy, and overloaded above that one.
    var collapsed = 0.05
    var overloaded = 0.95
    /// A head is a sink where position 0 has more than this.
    var sink = 0.9
    /// How far the share of collapsed heads may rise, and what a layer may keep of its entropy.
    var rise = 0.1
    var kept = 0.5
    /// The largest |score|: worth a warning where it has doubled, one that spoils the run, one that
    /// ends it, and steps in which its trend may reach the second.
    var score = 200.0
    var growth = 2.0
    var criticalScore = 1e3
    var stopScore = 1e4
    var horizon = 200.0
    var window = 16  // looks
    /// What a critical score asks of the learning rate.
    var rateFactor = 0.3
    var rateSteps = 100
    var alarm = AlarmSettings(bad: 2, looks: 3, clean: 3, cooldown: 50)
  }

  struct State: PluginState {
    /// At the first look.
    var share: Double?
    var score: Double?
    var layers: [Int: Double] = [:]
    /// The largest score at each look, and its steps.
    var scores = Window()
    var steps = Window()
    var alarms = Alarms()
  }

  static let id = "temper.detector.attention"
  static let version = "1.0.0"
  static let summary = "Attention entropy that collapses, and attention scores that grow."

  let configuration: Configuration
  let host: Host

  init(_ configuration: Configuration, host: Host) throws {
    try configuration.validate()
    (self.configuration, self.host) = (configuration, host)
  }

  let needs = DetectorNeeds([.step], attention: true, every: 50)

  func detect(_ observation: Observation, _ state: inout State) -> Finding {
    let heads = observation.heads.filter(\.entropy.isFinite)
    guard !heads.isEmpty else { return .nothing }
    var findings = Findings()
    lookAtEntropy(heads, observation.step, &state, &findings)
    lookAtScores(heads, observation.step, &state, &findings)
    return findings.strongest
  }

  private func lookAtEntropy(
    _ heads: [AttentionHead], _ step: Int, _ state: inout State, _ findings: inout Findings
  ) {
    func share(where isMeant: (AttentionHead) -> Bool) -> Double {
      Double(heads.count(where: isMeant)) / Double(heads.count)
    }
    let isSink = { (head: AttentionHead) in head.sink > configuration.sink }
    let collapsed = share { $0.entropy < configuration.collapsed && !isSink($0) }
    host.record("entropy", heads.map(\.entropy).mean!)
    host.record("entropy_min", heads.map(\.entropy).min()!)
    if let bound = heads.map(\.bound).filter(\.isFinite).mean {
      host.record("entropy_bound", bound)
    }
    host.record("collapsed", collapsed)
    host.record("sinks", share(where: isSink))
    host.record("overloaded", share { $0.entropy > configuration.overloaded })
    for (name, figure) in [("query_rms", \AttentionHead.queryRMS), ("key_rms", \.keyRMS)] {
      if let most = heads.map({ $0[keyPath: figure] }).filter(\.isFinite).max() {
        host.record(name, most)
      }
    }
    let layers = Dictionary(grouping: heads, by: \.layer)
      .mapValues { $0.map(\.entropy).mean! }
    let start = state.share ?? collapsed
    state.share = start
    if state.layers.isEmpty { state.layers = layers }
    if state.alarms.look(
      "collapsed", collapsed - start > configuration.rise, step: step, configuration.alarm)
    {
      findings.warn(
        """
        \(percent(collapsed)) of the attention heads look at one place, \(percent(start)) at the \
        start: lower the learning rate
        """)
    }
    let kept = layers.compactMap { layer, entropy in
      state.layers[layer].flatMap { $0 > 0 ? (layer, entropy / $0) : nil }
    }.min { ($0.1, $0.0) < ($1.1, $1.0) }
    guard let kept else { return }
    host.record("kept_min", kept.1)
    if state.alarms.look(
      "layer", kept.1 < configuration.kept, step: step, configuration.alarm)
    {
      findings.warn(
        """
        the attention of layer \(kept.0) has \(percent(kept.1)) of the entropy that it began with: \
        lower the learning rate
        """)
    }
  }

  private func lookAtScores(
    _ heads: [AttentionHead], _ step: Int, _ state: inout State, _ findings: inout Findings
  ) {
    let known = heads.filter(\.scoreMax.isFinite)
    guard let top = known.max(by: { $0.scoreMax < $1.scoreMax }) else { return }
    let score = top.scoreMax
    host.record("score_max", score)
    if let norm = heads.map(\.scoreNorm).filter(\.isFinite).max() {
      host.record("score_norm", norm)
    }
    let start = state.score ?? score
    state.score = start
    state.scores.append(score, keeping: configuration.window)
    state.steps.append(Double(step), keeping: configuration.window)
    let distance = stepsToCritical(score, state)
    if let distance { host.record("steps_to_critical", distance) }
    let hasGrown = score > configuration.growth * start
    // What a pretrained model brings along is no growth.
    let isCritical = score > configuration.criticalScore && hasGrown
    let isHigh = score > configuration.score && hasGrown
    let isRising = distance ?? .infinity < configuration.horizon && score > configuration.score
    guard
      state.alarms.look(
        "score", isHigh || isRising, step: step, isCatastrophe: isCritical, configuration.alarm)
    else { return }
    let action: Finding.Action =
      score > configuration.stopScore && isCritical
      ? .stop
      : isCritical
        ? .scaleRate(factor: configuration.rateFactor, steps: configuration.rateSteps) : .warn
    findings.add(
      action, isCritical: isCritical,
      """
      the largest attention score is \(short(score)), in head \(top.head) of layer \(top.layer), \
      \(short(start)) at the start: lower the learning rate
      """)
  }

  /// By the trend of the last looks, in steps.
  private func stepsToCritical(_ score: Double, _ state: State) -> Double? {
    guard state.scores.count >= 8, let slope = state.scores.values.medianSlope,
      let first = state.steps.values.first, let last = state.steps.values.last, last > first,
      MannKendall(state.scores.values).z > 3
    else { return nil }
    let apart = (last - first) / Double(state.steps.count - 1)
    return stepsUntil(configuration.criticalScore, from: score, slope: slope / apart)
  }
}

extension AttentionDetector.Configuration {
  fileprivate func validate() throws {
    try require("collapsed", collapsed, atLeast: 0, atMost: 1)
    try require("overloaded", overloaded, atLeast: collapsed, atMost: 1)
    try require("sink", sink, atLeast: 0, atMost: 1)
    try require("rise", rise, atLeast: 0, atMost: 1)
    try require("kept", kept, atLeast: 0, atMost: 1)
    try require("score", score, above: 0)
    try require("growth", growth, atLeast: 1)
    try require("critical_score", criticalScore, atLeast: score)
    try require("stop_score", stopScore, atLeast: criticalScore)
    try require("horizon", horizon, atLeast: 0)
    try require("window", Double(window), atLeast: 8)
    try require("rate_factor", rateFactor, above: 0, atMost: 1)
    try require("rate_steps", Double(rateSteps), atLeast: 1)
    try alarm.validate(self)
  }
}

@c(temper_plugin_entry)
public func entry(major: UInt32, minor: UInt32) -> UnsafeRawPointer? {
  export(AttentionDetector.self)
}
