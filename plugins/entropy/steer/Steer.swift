import Glibc
import TemperPlugin

/// Shrinks the update of the tokens whose step would move the entropy most, in either direction.
///
/// STEER, "Rethinking Entropy Interventions in RLVR: An Entropy Change Perspective"
/// (arXiv:2510.10150), in the form of its released code.
struct Steer: EntropyIntervention {
  enum Mapping: String, PluginChoice { case exp, linear }
  enum Estimator: String, PluginChoice { case sampled, full }
  enum EntropySource: String, PluginChoice { case old, current }

  struct Configuration: PluginConfiguration {
    var mapping = Mapping.exp
    var estimator = Estimator.sampled
    /// Of `sampled`; `full` has the entropy of the row.
    var entropySource = EntropySource.old
    var lambdaMin = 0.8
    /// Of `linear`.
    var lambdaMax = 1.2
    /// Scores below it are small in themselves, whatever the largest of the step is.
    var metricFloor = 0.02
  }

  static let id = "temper.steer"
  static let version = "1.0.0"
  static let summary = "STEER: weights tokens by the entropy change that their step predicts."

  let configuration: Configuration
  let host: Host

  init(_ configuration: Configuration, host: Host) throws {
    let least = configuration.lambdaMin
    try configuration.require("lambda_min", least, above: 0, atMost: 1)
    try configuration.require("lambda_max", configuration.lambdaMax, atLeast: least)
    try configuration.require("metric_floor", configuration.metricFloor, above: 0)
    (self.configuration, self.host) = (configuration, host)
  }

  var needs: EntropyNeeds {
    let isFull = configuration.estimator == .full
    return EntropyNeeds(stage: .weights, observed: isFull ? 1 : 0, currentRows: isFull)
  }

  /// The bracket of a tabular step: z moves by eta A r (e_y - p), and H falls by eta A r times
  ///
  ///     p_y (log p_y + H) - sum_v p_v^2 (log p_v + H)
  func observe(_ row: Row, _ observed: inout Observed) {
    let entropy = row.entropy
    let all = row.sum { p, logp in p * p * (logp + entropy) }
    observed[0] = Float(
      exp(Double(row.logprob)) * (Double(row.logprob) + Double(entropy)) - all)
  }

  func prepare(_ step: Step, _ shaping: inout Shaping, _ state: inout NoState) {
    let tokens = step.tokens
    let omega = tokens.trained { score(tokens, $0) }
    let sizes = omega.map(abs)
    guard let least = sizes.min(), let most = sizes.max() else { return }
    let weights = sizes.map { weight($0, least: least, most: most) }
    for (t, weight) in zip(tokens.trained, weights) { shaping.weights[t] *= Float(weight) }

    host.set(column: "omega", of: tokens, omega)
    host.set(column: "weight", of: tokens, weights)
    host.record("max_score", most)
    host.record("mean_weight", weights.mean!)
  }

  /// Omega: the step lowers the entropy by about eta Omega, and raises it where that is negative.
  private func score(_ tokens: Tokens, _ t: Int) -> Double {
    let advantage = Double(tokens.advantages[t])
    let omega: Double
    switch configuration.estimator {
    case .full:
      let ratio = exp(min(max(Double(tokens.logRatio(t)), -20), 20))
      omega = advantage * ratio * Double(tokens.observed(t)[0])
    case .sampled:
      // A / p_old x (1 - x) (log x + H), x = p_y
      let x = min(max(exp(Double(tokens.logprobs[t])), 1e-8), 1 - 1e-8)
      let old = min(max(exp(Double(tokens.oldLogprobs[t])), 1e-8), 1)
      let entropies =
        configuration.entropySource == .old ? tokens.oldEntropies : tokens.entropies
      omega = advantage / old * x * (1 - x) * (log(x) + Double(entropies[t]))
    }
    return omega.isFinite ? omega : 0
  }

  /// - Parameters:
  ///   - size: |Omega|
  ///   - least: the smallest of the step.
  ///   - most: the largest.
  private func weight(_ size: Double, least: Double, most: Double) -> Double {
    let (low, high) = (configuration.lambdaMin, configuration.lambdaMax)
    switch configuration.mapping {
    case .exp:
      let k = -log(low) / max(most, configuration.metricFloor)
      return min(max(exp(-k * size), low), 1)
    case .linear:
      guard most > least else { return (low + high) / 2 }
      let weight = high - (size - least) * (high - low) / (most - least)
      return min(max(weight, low), high)
    }
  }
}

@c(temper_plugin_entry)
public func entry(major: UInt32, minor: UInt32) -> UnsafeRawPointer? { export(Steer.self) }
