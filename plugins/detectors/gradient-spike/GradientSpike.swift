import Glibc
import TemperPlugin

/// Sees gradients and updates that are far larger, or far smaller, than they have been.
struct GradientSpike: Detector {
  struct State: PluginState {
    var norms = Window()
    var before: Double?
    /// 1 where the update was clipped.
    var clipped = Window()
    /// Of each tensor, the mean |g|.
    var means: [String: MovingAverage] = [:]
    var gss = Window()
    /// The norm of each update over that of the weights.
    var updates = Window()
    var rise = PageHinkley()
    var alarms = Alarms()
  }

  static let id = "temper.detector.gradient-spike"
  static let version = "1.0.0"
  static let summary = "Gradients and updates that jump, grow, are always clipped, or vanish."

  let configuration: Configuration
  let host: Host

  init(_ configuration: Configuration, host: Host) throws {
    try configuration.validate()
    (self.configuration, self.host) = (configuration, host)
  }

  var needs: DetectorNeeds {
    DetectorNeeds(
      [.gradients, .update], norms: true, logits: configuration.rows, spike: configuration.spam)
  }

  func detect(_ observation: Observation, _ state: inout State) -> Finding {
    switch observation.event {
    case .gradients:
      record(LogitMass(of: observation, lowProbability: configuration.lowProbability))
      return gradients(observation, &state)
    case .update: return update(observation, &state)
    default: return .nothing
    }
  }

  private func gradients(_ seen: Observation, _ state: inout State) -> Finding {
    guard !seen.tensors.isEmpty else { return .nothing }
    if let broken = seen.tensors.first(where: { !$0.gradientNorm.isFinite }) {
      return Finding(
        .skipStep, isCritical: true,
        """
        the gradient of \(broken.name) is not finite: look at this step's rollout, and lower the \
        learning rate if it comes again
        """)
    }
    let norm = seen.tensors.reduce(0) { $0 + $1.gradientNorm * $1.gradientNorm }.squareRoot()
    host.record("norm", norm)
    var findings = Findings()
    lookForSpikes(norm, seen, &state, &findings)
    lookForGrowth(norm, seen, &state, &findings)
    lookAtEntries(norm, seen, &state, &findings)
    state.before = norm
    state.norms.append(norm, keeping: configuration.window)
    return findings.strongest
  }

  private func lookForSpikes(
    _ norm: Double, _ seen: Observation, _ state: inout State, _ findings: inout Findings
  ) {
    guard let median = state.norms.median, state.norms.count >= 16, median > 0 else { return }
    let ratio = norm / median
    let z = state.norms.robustZ(of: norm) ?? 0
    host.record("norm_ratio", ratio)
    host.record("robust_z", z)
    let isSpike = ratio > configuration.criticalRatio
    let isHigh =
      ratio > configuration.ratio || z > configuration.z && ratio > configuration.leastRatio
    let sentence = """
      the gradient's norm is \(short(norm)), \(short(ratio)) times the median of the last \
      \(state.norms.count) updates (robust z \(short(z)))
      """
    // A single spike has to be skipped when it is there, not at the third.
    if state.alarms.look(
      "spike", isSpike, step: seen.step, isCatastrophe: ratio > configuration.catastrophe,
      AlarmSettings(bad: 1, looks: 1, clean: 1, cooldown: configuration.alarm.cooldown))
    {
      findings.add(
        .skipStep, isCritical: true,
        sentence + ": skip this update, and look at the rollout that it comes from")
    } else if state.alarms.look("norm", isHigh, step: seen.step, configuration.alarm) {
      findings.warn(sentence + ": lower the learning rate, or clip at a smaller norm")
    }
  }

  private func lookForGrowth(
    _ norm: Double, _ seen: Observation, _ state: inout State, _ findings: inout Findings
  ) {
    if let before = state.before, before > 0 {
      let growth = norm / before
      host.record("growth", growth)
      if state.alarms.look(
        "growth", growth > configuration.growth, step: seen.step, configuration.alarm)
      {
        findings.warn(
          """
          the gradient's norm grows \(short(growth)) times from one update to the next, again and \
          again: lower the learning rate
          """)
      }
    }
    let usual = state.rise.mean
    let hasRisen =
      norm > 0
      && state.rise.add(
        log(norm), drift: configuration.riseDrift, limit: configuration.riseLimit)
    if hasRisen, norm > configuration.riseRatio * exp(usual) {
      findings.add(
        .scaleRate(factor: configuration.rateFactor, steps: configuration.rateSteps),
        """
        the gradient's norm has risen to \(short(norm)) for good, and was \(short(exp(usual))) \
        (Page-Hinkley test of its logarithm): lower the learning rate
        """)
    }
    if let clip = seen.clipNorm {
      state.clipped.append(norm > clip ? 1 : 0, keeping: configuration.clipWindow)
      let share = state.clipped.mean ?? 0
      host.record("clip_share", share)
      let isSaturated = state.clipped.count >= configuration.clipWindow
      if state.alarms.look(
        "clip", isSaturated && share > configuration.clipShare, step: seen.step,
        configuration.clipAlarm)
      {
        findings.warn(
          """
          \(percent(share)) of the last \(state.clipped.count) updates are clipped at \
          \(short(clip)): the norm says nothing any more, so lower the learning rate or raise the \
          clip norm
          """)
      }
    }
  }

  /// What single entries and tensors say: SPAM, the gradient spike score, Adam's epsilon.
  private func lookAtEntries(
    _ norm: Double, _ seen: Observation, _ state: inout State, _ findings: inout Findings
  ) {
    let counted = seen.tensors.filter(\.spikes.isFinite)
    let entries = counted.reduce(0) { $0 + $1.count }
    if seen.adamUpdates >= configuration.spamFrom, entries > 0 {
      let share = counted.reduce(0) { $0 + $1.spikes } / Double(entries)
      host.record("spam_share", share)
      // Where most groups tie, every gradient stands out of a silent past: that spoils nothing.
      let isLarge = norm > state.norms.median ?? 0
      if state.alarms.look(
        "spam", isLarge && share > configuration.spamShare, step: seen.step, configuration.alarm)
      {
        findings.warn(
          """
          \(percent(share)) of the gradient's entries are spikes (g^2 above \
          \(short(configuration.spam)) v): reset the moments, or clip entries as SPAM does
          """)
      }
    }
    if let (score, name) = score(seen.tensors, &state) {
      host.record("gss", score)
      let usual = state.gss.count >= 16 ? state.gss.median : nil
      let isHigh = usual.map { score > configuration.gssGrowth * $0 } ?? false
      if state.alarms.look(
        "gss", isHigh && score > configuration.gss, step: seen.step, configuration.alarm)
      {
        findings.warn(
          """
          the largest entry of the gradient of \(name) is \(short(score)) times the mean of its \
          tensor so far, usually \(short(usual!)) times: look for a token that stands out
          """)
      }
      state.gss.append(score, keeping: configuration.window)
    }
    let faint = seen.tensors.filter { tensor in
      let rms = tensor.gradientNorm / Double(max(tensor.count, 1)).squareRoot()
      return rms > 0 && rms < configuration.vanishing * seen.adamEpsilon
    }
    host.record("vanishing", Double(faint.count))
    if state.alarms.look("vanishing", !faint.isEmpty, step: seen.step, configuration.alarm) {
      findings.warn(
        """
        the gradient of \(faint.count) tensors, \(faint[0].name) first, is within \
        \(short(configuration.vanishing)) of Adam's epsilon of \(short(seen.adamEpsilon)), which \
        shrinks their updates: lower epsilon
        """)
    }
  }

  /// The largest `max |g|` over the mean |g| of its tensor in the updates so far, this one
  /// included.
  private func score(_ tensors: [TensorView], _ state: inout State) -> (Double, String)? {
    var most: (Double, String)?
    for tensor in tensors where tensor.gradientMean.isFinite && tensor.gradientMax.isFinite {
      state.means[tensor.name, default: MovingAverage()]
        .add(tensor.gradientMean, past: configuration.gssPast)
      guard let mean = state.means[tensor.name]?.mean, mean > 0 else { continue }
      let score = tensor.gradientMax / mean
      if score > most?.0 ?? 0 { most = (score, tensor.name) }
    }
    return most
  }

  private func record(_ mass: LogitMass?) {
    guard let mass else { return }
    host.record("logit_mass", mass.mean)
    host.record("logit_mass_top_share", mass.topShare)
    host.record("logit_mass_top_probability", mass.topProbability)
    host.record("low_prob_negative", mass.lowNegative)
  }
}

@c(temper_plugin_entry)
public func entry(major: UInt32, minor: UInt32) -> UnsafeRawPointer? { export(GradientSpike.self) }
