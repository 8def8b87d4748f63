import Glibc
import TemperPlugin

/// Leaves a few tokens out of the update whose log-probability and advantage go together most.
///
///     cov_t = (A_t - mean A) (lp_t - mean lp)
///
/// Clip-Cov, "The Entropy Mechanism of Reinforcement Learning for Reasoning Language Models"
/// (arXiv:2505.22617).
struct ClipCov: EntropyIntervention {
  struct Configuration: PluginConfiguration {
    /// Share of the step's tokens that is left out at most.
    var clipCovRatio = 0.0002
    var covLb = 1.0
    var covUb = 5.0
    /// Tokens of the step to be left out; `nil` for drawn ones.
    var selected: [Int]?
  }

  static let id = "temper.clip-cov"
  static let version = "1.0.0"
  static let summary = "Clip-Cov: drops random tokens of high covariance from the update."

  let configuration: Configuration
  let host: Host
  let needs = EntropyNeeds(stage: .weights)

  init(_ configuration: Configuration, host: Host) throws {
    try configuration.require("clip_cov_ratio", configuration.clipCovRatio, above: 0, atMost: 1)
    try configuration.require("cov_ub", configuration.covUb, above: configuration.covLb)
    (self.configuration, self.host) = (configuration, host)
  }

  func prepare(_ step: Step, _ shaping: inout Shaping, _ state: inout NoState) {
    let tokens = step.tokens
    let trained = Array(tokens.trained)
    let cov = tokens.covariances
    let isCandidate = zip(trained, cov).map { t, cov in
      cov > configuration.covLb && cov < configuration.covUb && !isClipped(tokens, t, shaping)
    }
    let candidates = zip(trained, isCandidate).filter(\.1).map(\.0)
    let dropped = Set(configuration.selected ?? draw(step, from: candidates, of: trained.count))
      .intersection(candidates)
    for t in dropped { shaping.weights[t] = 0 }

    host.set(column: "cov", of: tokens, cov)
    host.set(column: "candidate", of: tokens, isCandidate)
    host.set(column: "dropped", of: tokens, trained.map(dropped.contains))
    host.record("candidates", Double(candidates.count))
    host.record("dropped", Double(dropped.count))
  }

  /// A random subset, decided by seed, step and place in the step.
  private func draw(_ step: Step, from candidates: [Int], of count: Int) -> [Int] {
    let number = max(Int(configuration.clipCovRatio * Double(count)), 1)
    let lots = candidates.map {
      (host.randomBits(stream: UInt64(step.step), counter: UInt64($0)), $0)
    }
    return lots.sorted { $0 < $1 }.prefix(number).map(\.1)
  }

  /// The surrogate's bound has silenced the token already.
  private func isClipped(_ tokens: Tokens, _ t: Int, _ shaping: Shaping) -> Bool {
    let ratio = exp(min(max(Double(tokens.logRatio(t)), -20), 20))
    return tokens.advantages[t] > 0 && ratio > 1 + Double(shaping.clipHigh[t])
      || tokens.advantages[t] < 0 && ratio < 1 - Double(shaping.clipLow[t])
  }
}

@c(temper_plugin_entry)
public func entry(major: UInt32, minor: UInt32) -> UnsafeRawPointer? { export(ClipCov.self) }
