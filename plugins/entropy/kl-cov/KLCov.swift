import TemperPlugin

/// Holds the tokens back whose log-probability and advantage go together most.
///
///     cov_t = (A_t - mean A) (lp_t - mean lp)
///     phi = -A r, and + coef |lp - lp_old| on the share kl_cov_ratio of largest cov
///
/// KL-Cov, "The Entropy Mechanism of Reinforcement Learning for Reasoning Language Models"
/// (arXiv:2505.22617).
struct KLCov: EntropyIntervention {
  struct Configuration: PluginConfiguration {
    /// Share of the step's tokens.
    var klCovRatio = 0.0002
    var coef = 1.0
  }

  static let id = "temper.kl-cov"
  static let version = "1.0.0"
  static let summary = "KL-Cov: penalises moves of the tokens of highest covariance."

  let configuration: Configuration
  let host: Host
  let needs = EntropyNeeds(replacesBase: true)

  init(_ configuration: Configuration, host: Host) throws {
    try configuration.require("kl_cov_ratio", configuration.klCovRatio, above: 0, atMost: 1)
    try configuration.require("coef", configuration.coef, atLeast: 0)
    (self.configuration, self.host) = (configuration, host)
  }

  /// - Returns: `[N]` the selected tokens.
  func prepare(_ step: Step, _ shaping: inout Shaping, _ state: inout NoState) -> [Bool] {
    let tokens = step.tokens
    var isSelected = [Bool](repeating: false, count: tokens.count)
    if !step.clipIsExplicit {
      shaping.clipLow.update(repeating: .infinity)
      shaping.clipHigh.update(repeating: .infinity)
    }
    let trained = Array(tokens.trained)
    let cov = tokens.covariances
    let number = max(Int(configuration.klCovRatio * Double(trained.count)), 1)
    for place in cov.places(ofLargest: number) { isSelected[trained[place]] = true }

    host.set(column: "cov", of: tokens, cov)
    host.set(column: "selected", of: tokens, trained.map { isSelected[$0] })
    host.record("selected", Double(isSelected.count { $0 }))
    return isSelected
  }

  func evaluate(_ run: Run, _ isSelected: [Bool], _ additions: inout Additions) {
    for t in run.tokens.trained where isSelected[run.first + t] {
      let move = run.tokens.logRatio(t)
      additions.phi[t] += Float(configuration.coef) * abs(move)
      additions.dLogprob[t] += Float(configuration.coef) * (move > 0 ? 1 : move < 0 ? -1 : 0)
    }
  }
}

@c(temper_plugin_entry)
public func entry(major: UInt32, minor: UInt32) -> UnsafeRawPointer? { export(KLCov.self) }
