import Glibc
import TemperPlugin

/// Sees updates beyond the radius in which a first-order step of the softmax can be trusted, and
/// shortens them.
///
/// "Ghosts of Softmax" (arXiv:2603.13552): with logits linearised along the update, the partition
/// function has no zero within `rho = pi / spread` of the directional derivatives.
///
///     r = |update| / rho = max over tokens of (max_k dz_k - min_k dz_k) / (pi temperature)
struct StepRadius: Detector {
  struct Configuration: PluginConfiguration {
    /// Shortens updates to `kappa` of the radius, which has to be looked at in every one.
    var controller = false
    var kappa = 0.9
    /// Without the controller: a warning, and a step that spoils the run.
    var warn = 0.5
    var critical = 3.0
    var rows = 64
    /// What a critical step asks of the learning rate.
    var rateFactor = 0.5
    var rateSteps = 50
    var alarm = AlarmSettings()
  }

  struct State: PluginState {
    var alarms = Alarms()
  }

  static let id = "temper.detector.step-radius"
  static let version = "1.0.0"
  static let summary = "Updates beyond the radius of convergence of the softmax, and a controller."

  let configuration: Configuration
  let host: Host

  init(_ configuration: Configuration, host: Host) throws {
    try configuration.require("kappa", configuration.kappa, above: 0, atMost: 1)
    try configuration.require("warn", configuration.warn, above: 0)
    try configuration.require("critical", configuration.critical, atLeast: configuration.warn)
    try configuration.require("rows", Double(configuration.rows), atLeast: 1)
    try configuration.require("rate_factor", configuration.rateFactor, above: 0, atMost: 1)
    try configuration.require("rate_steps", Double(configuration.rateSteps), atLeast: 1)
    try configuration.alarm.validate(configuration)
    (self.configuration, self.host) = (configuration, host)
  }

  var needs: DetectorNeeds {
    DetectorNeeds(
      [.update], norms: true, logits: configuration.rows, logitChange: true,
      every: configuration.controller ? 1 : 10)
  }

  func detect(_ observation: Observation, _ state: inout State) -> Finding {
    let spreads = observation.logits.compactMap(\.spread)
    guard let spread = spreads.max() else { return .nothing }
    let ratio = spread / (.pi * observation.temperature)
    host.record("ratio", ratio)
    host.record("spread_mean", spreads.mean!)
    let lengths = observation.tensors.map { $0.updateNorm * $0.updateNorm }
    let length = lengths.reduce(0, +).squareRoot()
    if !lengths.isEmpty, length > 0, length.isFinite, ratio > 0 {
      host.record("radius", length / ratio)
      let pairs = observation.logits.compactMap { $0.pairRadius(observation.temperature) }
      if let least = pairs.min() { host.record("radius_top2", length * least) }
    }
    return find(ratio, step: observation.step, &state)
  }

  private func find(_ ratio: Double, step: Int, _ state: inout State) -> Finding {
    let figures =
      "the update reaches \(short(ratio)) times the radius in which softmax can be trusted"
    if configuration.controller {
      let factor = min(1, configuration.kappa / ratio)
      host.record("shortened", factor < 1 ? 1 : 0)
      guard factor < 1 else { return .nothing }
      return Finding(
        .shorten(factor: factor),
        figures + ": it is shortened to \(short(factor)) of its length")
    }
    let isCritical = ratio > configuration.critical
    guard
      state.alarms.look(
        "radius", ratio > configuration.warn, step: step, isCatastrophe: isCritical,
        configuration.alarm)
    else { return .nothing }
    return Finding(
      isCritical
        ? .scaleRate(factor: configuration.rateFactor, steps: configuration.rateSteps) : .warn,
      isCritical: isCritical,
      figures + ": lower the learning rate, or let step-radius:controller=true shorten such updates"
    )
  }
}

extension LogitRow {
  /// `max dz - min dz`, which a shift of all logits does not change; `nil` where there is no finite
  /// change.
  fileprivate var spread: Double? {
    guard let change else { return nil }
    var (least, most) = (Float.infinity, -Float.infinity)
    for (logit, change) in zip(logits, change) where logit > -.infinity {
      guard change.isFinite else { return nil }
      least = min(least, change)
      most = max(most, change)
    }
    return least <= most ? Double(most) - Double(least) : nil
  }

  /// Of the two most probable symbols alone, in lengths of the update: exact for two,
  /// `sqrt(delta^2 + pi^2) / |a_1 - a_2|` with logits over the temperature.
  fileprivate func pairRadius(_ temperature: Double) -> Double? {
    guard let change, logits.count > 1 else { return nil }
    var (first, second) = (-1, -1)
    for (id, logit) in logits.enumerated() {
      if first < 0 || logit > logits[first] {
        (first, second) = (id, first)
      } else if second < 0 || logit > logits[second] {
        second = id
      }
    }
    let delta = Double(logits[first] - logits[second]) / temperature
    let apart = abs(Double(change[first]) - Double(change[second])) / temperature
    let radius = (delta * delta + .pi * .pi).squareRoot() / apart
    return radius.isFinite ? radius : nil
  }
}

@c(temper_plugin_entry)
public func entry(major: UInt32, minor: UInt32) -> UnsafeRawPointer? { export(StepRadius.self) }
