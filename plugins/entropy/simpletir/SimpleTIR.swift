import Glibc
import TemperPlugin

/// Takes trajectories with a turn that did nothing out of the update, so that tool use over many
/// turns stays stable; with the filters that it was compared with.
///
/// Rewards, and the means and deviations of groups, are formed before and count every trajectory;
/// only masks change, and with them the denominators of the loss.
///
/// SimpleTIR, "End-to-End Reinforcement Learning for Multi-Turn Tool-Integrated Reasoning"
/// (arXiv:2509.02479).
struct SimpleTIR: EntropyIntervention {
  enum Filter: String, PluginChoice {
    /// A turn that neither acted nor answered.
    case void
    /// A token less likely than ``Configuration/minProbability``.
    case lowProbability = "low_probability"
    /// A token whose importance ratio is above ``Configuration/maxRatio``.
    case highRatio = "high_ratio"
    case none
  }

  struct Configuration: PluginConfiguration {
    var filter = Filter.void
    var minProbability = 1e-4
    var maxRatio = 2.0
  }

  static let id = "temper.simpletir"
  static let version = "1.0.0"
  static let summary = "SimpleTIR: leaves out trajectories with a turn that did nothing."

  let configuration: Configuration
  let host: Host

  init(_ configuration: Configuration, host: Host) throws {
    try configuration.require(
      "min_probability", configuration.minProbability, atLeast: 0, atMost: 1)
    try configuration.require("max_ratio", configuration.maxRatio, atLeast: 1)
    (self.configuration, self.host) = (configuration, host)
  }

  var needs: EntropyNeeds { EntropyNeeds(stage: .masks) }

  func prepare(_ step: Step, _ shaping: inout Shaping, _ state: inout NoState) {
    let tokens = step.tokens
    var (withTokens, void, filtered) = (0.0, 0.0, 0.0)
    var isKept: [Bool] = []
    for sequence in tokens.sequences {
      let trained = Array(tokens.trained(in: tokens.range(sequence)))
      guard !trained.isEmpty else { continue }
      let isFiltered = isFiltered(trained, tokens)
      withTokens += 1
      void += trained.contains(where: tokens.isInVoidTurn) ? 1 : 0
      filtered += isFiltered ? 1 : 0
      isKept += trained.map { _ in !isFiltered }
      if isFiltered { for t in trained { shaping.mask[t] = 0 } }
    }
    host.set(column: "kept", of: tokens, isKept)
    guard withTokens > 0 else { return }
    host.record("void_turn_ratio", void / withTokens)
    host.record("filtered", filtered / withTokens)
  }

  /// Whether a trajectory, by its trained tokens, is left out.
  private func isFiltered(_ trained: [Int], _ tokens: Tokens) -> Bool {
    switch configuration.filter {
    case .void: trained.contains(where: tokens.isInVoidTurn)
    case .lowProbability:
      trained.contains { Double(tokens.logprobs[$0]) < log(configuration.minProbability) }
    case .highRatio:
      trained.contains { Double(tokens.logRatio($0)) > log(configuration.maxRatio) }
    case .none: false
    }
  }
}

@c(temper_plugin_entry)
public func entry(major: UInt32, minor: UInt32) -> UnsafeRawPointer? { export(SimpleTIR.self) }
