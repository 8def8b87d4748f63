import TemperPlugin

/// The plain entropy bonus.
///
///     loss -= entropy_coef sum_t W_t H_t
struct EntropyBonus: EntropyIntervention {
  enum Aggregation: String, PluginChoice {
    case tokenMean = "token-mean"
    case sequenceMeanTokenMean = "seq-mean-token-mean"
    case sequenceMeanTokenSum = "seq-mean-token-sum"
  }

  struct Configuration: PluginConfiguration {
    var entropyCoef = 0.001
    /// `nil` for the policy's.
    var entropyAgg: Aggregation?
  }

  static let id = "temper.entropy-bonus"
  static let version = "1.0.0"
  static let summary = "Adds the policy's entropy to what is maximised."

  let configuration: Configuration

  init(_ configuration: Configuration, host: Host) throws {
    try configuration.require("entropy_coef", configuration.entropyCoef)
    self.configuration = configuration
  }

  /// - Returns: `[N]` the slope in H in units of phi, where the aggregation is its own.
  func prepare(_ step: Step, _ shaping: inout Shaping, _ state: inout NoState) -> [Float] {
    guard let aggregation = configuration.entropyAgg else {
      shaping.entropyCoefficient += configuration.entropyCoef
      return []
    }
    let tokens = step.tokens
    let counts = tokens.sequences.map { Array(tokens.trained(in: tokens.range($0))).count }
    let (all, rows) = (Double(counts.reduce(0, +)), Double(counts.count { $0 > 0 }))
    var slopes = [Float](repeating: 0, count: tokens.count)
    for sequence in tokens.sequences {
      let coefficient =
        switch aggregation {
        case .tokenMean: 1 / all
        case .sequenceMeanTokenMean: 1 / (Double(counts[sequence]) * rows)
        case .sequenceMeanTokenSum: 1 / rows
        }
      for t in tokens.trained(in: tokens.range(sequence)) {
        // The host multiplies by the policy's W.
        slopes[t] = Float(
          -configuration.entropyCoef * coefficient / Double(tokens.coefficients[t]))
      }
    }
    return slopes
  }

  func evaluate(_ run: Run, _ slopes: [Float], _ additions: inout Additions) {
    guard !slopes.isEmpty else { return }
    for t in run.tokens.trained {
      additions.phi[t] += slopes[run.first + t] * run.tokens.entropies[t]
      additions.dEntropy[t] += slopes[run.first + t]
    }
  }
}

@c(temper_plugin_entry)
public func entry(major: UInt32, minor: UInt32) -> UnsafeRawPointer? { export(EntropyBonus.self) }
