import TemperPlugin

/// Trains on the tokens of highest entropy alone, the forks of the reasoning.
///
/// "Beyond the 80/20 Rule: High-Entropy Minority Tokens Drive Effective Reinforcement Learning for
/// LLM Reasoning" (arXiv:2506.01939).
struct HighEntropyTokens: EntropyIntervention {
  enum Variant: String, PluginChoice { case quantile, topk }

  struct Configuration: PluginConfiguration {
    /// Share of the step's tokens.
    var rho = 0.2
    var variant = Variant.quantile
  }

  static let id = "temper.high-entropy-tokens"
  static let version = "1.0.0"
  static let summary = "80/20: trains on the tokens of highest entropy alone."

  let configuration: Configuration
  let host: Host

  init(_ configuration: Configuration, host: Host) throws {
    try configuration.require("rho", configuration.rho, above: 0, atMost: 1)
    (self.configuration, self.host) = (configuration, host)
  }

  var needs: EntropyNeeds {
    EntropyNeeds(stage: configuration.variant == .topk ? .masks : .weights)
  }

  func prepare(_ step: Step, _ shaping: inout Shaping, _ state: inout NoState) {
    let tokens = step.tokens
    let trained = Array(tokens.trained)
    let entropies = trained.map { Double(tokens.entropies[$0]) }
    guard let threshold = entropies.quantile(1 - configuration.rho) else { return }
    var isKept: [Bool]
    switch configuration.variant {
    case .quantile:
      isKept = entropies.map { $0 >= threshold }
      // Denominators count the others too.
      for (t, isKept) in zip(trained, isKept) where !isKept { shaping.weights[t] = 0 }
    case .topk:
      let number = max(Int(configuration.rho * Double(trained.count)), 1)
      isKept = Array(repeating: false, count: trained.count)
      for place in entropies.places(ofLargest: number) { isKept[place] = true }
      for (t, isKept) in zip(trained, isKept) where !isKept { shaping.mask[t] = 0 }
    }
    host.set(column: "kept", of: tokens, isKept)
    host.record("kept", Double(isKept.count { $0 }) / Double(isKept.count))
  }
}

@c(temper_plugin_entry)
public func entry(major: UInt32, minor: UInt32) -> UnsafeRawPointer? {
  export(HighEntropyTokens.self)
}
