import TemperPlugin

/// Raises the advantage of tokens of high entropy, by no more than a share of itself.
///
///     A' = A + min(alpha H, |A| / kappa)
///
/// "Reasoning with Exploration: An Entropy Perspective" (arXiv:2506.14758).
struct EntropyAdvantage: EntropyIntervention {
  struct Configuration: PluginConfiguration {
    var alpha = 0.4
    var kappa = 2.0
  }

  static let id = "temper.entropy-advantage"
  static let version = "1.0.0"
  static let summary = "Raises the advantage of tokens of high entropy."

  let configuration: Configuration
  let host: Host
  let needs = EntropyNeeds(stage: .advantages)

  init(_ configuration: Configuration, host: Host) throws {
    try configuration.require("alpha", configuration.alpha, atLeast: 0)
    try configuration.require("kappa", configuration.kappa, above: 0)
    (self.configuration, self.host) = (configuration, host)
  }

  func prepare(_ step: Step, _ shaping: inout Shaping, _ state: inout NoState) {
    let tokens = step.tokens
    let added = tokens.trained { t in
      min(
        configuration.alpha * Double(tokens.entropies[t]),
        Double(abs(tokens.advantages[t])) / configuration.kappa)
    }
    let shaped = zip(tokens.trained, added).map { Double(tokens.advantages[$0]) + $1 }
    for (t, advantage) in zip(tokens.trained, shaped) { shaping.advantages[t] = Float(advantage) }
    host.set(column: "shaped_advantage", of: tokens, shaped)
    if let mean = added.mean { host.record("added", mean) }
  }
}

@c(temper_plugin_entry)
public func entry(major: UInt32, minor: UInt32) -> UnsafeRawPointer? {
  export(EntropyAdvantage.self)
}
