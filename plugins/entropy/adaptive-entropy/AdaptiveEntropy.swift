import TemperPlugin

/// An entropy bonus that grows while the entropy is below a target, and shrinks above it.
///
///     after a step of mean entropy h:  c <- clip(c + delta if h < target else c - delta, min, max)
///     in the next step:                loss -= c sum W H  if h < target
///
/// "Skywork Open Reasoner 1" (arXiv:2505.22312), `EntController` of its code.
struct AdaptiveEntropy: EntropyIntervention {
  struct Configuration: PluginConfiguration {
    var `init` = 0.0
    var min = 0.0
    var max = 0.005
    var delta = 0.0001
    /// Nats.
    var target = 0.2
    /// An entropy at the target is below it.
    var inclusive = false
  }

  struct State: PluginState {
    var coefficient: Double?
    /// Of the step before.
    var entropy: Double?
  }

  static let id = "temper.adaptive-entropy"
  static let version = "1.0.0"
  static let summary = "Adapts the entropy bonus so that the entropy stays at a target."

  let configuration: Configuration
  let host: Host

  init(_ configuration: Configuration, host: Host) throws {
    try configuration.require("init", configuration.`init`)
    try configuration.require("min", configuration.min)
    try configuration.require("max", configuration.max, atLeast: configuration.min)
    try configuration.require("delta", configuration.delta, atLeast: 0)
    (self.configuration, self.host) = (configuration, host)
  }

  func prepare(_ step: Step, _ shaping: inout Shaping, _ state: inout State) {
    let coefficient = state.coefficient ?? configuration.`init`
    let applied = state.entropy.map(isLow) == true ? coefficient : 0
    shaping.entropyCoefficient += applied
    host.record("applied", applied)

    guard let entropy = step.tokens.trained({ Double(step.tokens.entropies[$0]) }).mean
    else { return }
    let moved = coefficient + (isLow(entropy) ? configuration.delta : -configuration.delta)
    let next = Swift.min(Swift.max(moved, configuration.min), configuration.max)
    (state.coefficient, state.entropy) = (next, entropy)
    host.record("coef_next", next)
    host.record("entropy", entropy)
  }

  /// Compared in Float, as entropies come.
  private func isLow(_ entropy: Double) -> Bool {
    let (entropy, target) = (Float(entropy), Float(configuration.target))
    return configuration.inclusive ? entropy <= target : entropy < target
  }
}

@c(temper_plugin_entry)
public func entry(major: UInt32, minor: UInt32) -> UnsafeRawPointer? {
  export(AdaptiveEntropy.self)
}
