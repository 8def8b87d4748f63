import TemperPlugin

/// Sees a loss that jumps: the policy's, its divergence from the reference, or a supervised one.
///
/// Policy losses lie around zero, so what is watched is their magnitude.
struct LossSpike: Detector {
  struct Configuration: PluginConfiguration {
    /// Which are watched, where the run has them.
    var metrics = ["policy/loss", "policy/kl_reference", "sft/loss"]
    var window = 64  // steps
    /// The distance from the median in robust deviations.
    var z = 6.0
    /// Magnitudes up to here are no spikes: a policy loss may lie at rounding errors.
    var least = 0.1
    /// Of these many times the median one is enough.
    var catastrophe = 100.0
    /// What a roll-back does to the learning rate.
    var rateFactor = 0.5
    var alarm = AlarmSettings()
  }

  struct State: PluginState {
    var windows: [String: Window] = [:]
    var alarms = Alarms()
  }

  static let id = "temper.detector.loss-spike"
  static let version = "1.0.0"
  static let summary = "A policy, KL or supervised loss that jumps."

  let configuration: Configuration
  let host: Host

  init(_ configuration: Configuration, host: Host) throws {
    try configuration.require("window", Double(configuration.window), atLeast: 16)
    try configuration.require("z", configuration.z, above: 0)
    try configuration.require("least", configuration.least, atLeast: 0)
    try configuration.require("catastrophe", configuration.catastrophe, above: 1)
    try configuration.require("rate_factor", configuration.rateFactor, above: 0, atMost: 1)
    try configuration.alarm.validate(configuration)
    (self.configuration, self.host) = (configuration, host)
  }

  let needs = DetectorNeeds([.step])

  func detect(_ observation: Observation, _ state: inout State) -> Finding {
    var findings = Findings()
    for name in configuration.metrics {
      guard let value = observation.metric(name) else { continue }
      look(at: value, of: name, step: observation.step, &state, &findings)
    }
    return findings.strongest
  }

  private func look(
    at value: Double, of name: String, step: Int, _ state: inout State, _ findings: inout Findings
  ) {
    // "policy/loss" is recorded as loss-spike/policy-loss-z.
    let figure = name.split(separator: "/").joined(separator: "-")
    guard value.isFinite else {
      if state.alarms.look(name, true, step: step, isCatastrophe: true, configuration.alarm) {
        findings.add(
          .rollBack(factor: configuration.rateFactor), isCritical: true,
          "\(name) is not finite: go back to the last good state and lower the learning rate")
      }
      return
    }
    let size = abs(value)
    var window = state.windows[name] ?? Window()
    defer {
      window.append(size, keeping: configuration.window)
      state.windows[name] = window
    }
    guard let z = window.robustZ(of: size), let median = window.median else { return }
    host.record("\(figure)-z", min(z, 1000))  // where all were 0, there is no scale
    let isLarge = size > configuration.least
    let isBad = isLarge && z > configuration.z
    let isCatastrophe = isBad && size > configuration.catastrophe * median
    guard
      state.alarms.look(
        name, isBad, step: step, isCatastrophe: isCatastrophe, configuration.alarm)
    else { return }
    findings.add(
      isCatastrophe ? .rollBack(factor: configuration.rateFactor) : .warn,
      isCritical: isCatastrophe,
      """
      \(name) is \(short(value)), and its size was \(short(median)) in \
      the median of the last \(window.count) steps (robust z \(short(z))): look at \
      this step's rollout, and lower the learning rate
      """)
  }
}

@c(temper_plugin_entry)
public func entry(major: UInt32, minor: UInt32) -> UnsafeRawPointer? { export(LossSpike.self) }
