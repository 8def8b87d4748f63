import EntropyControl
import Foundation
import PluginHost
import Testing

extension EntropyIntervention {
  func run(_ experiment: Experiment) throws -> Experiment.Outcome { try experiment.run(self) }
}

/// Symbols' probabilities, and their entropy.
func distribution(_ logits: [Double]) -> (probabilities: [Double], entropy: Double) {
  let weights = logits.map { exp($0) }
  let probabilities = weights.map { $0 / weights.reduce(0, +) }
  return (probabilities, probabilities.reduce(0) { $0 - $1 * log($1) })
}

/// What holds of every method.
@Suite struct ShippedMethodTests {
  static let requests = [
    "adaptive-entropy", "clip-cov:cov_lb=0.01,clip_cov_ratio=0.2", "entropy-advantage",
    "entropy-bonus", "entropy-bonus:entropy_agg=seq-mean-token-mean", "epo:history=[1]",
    "epo:history=[1],unit=turn", "high-entropy-tokens", "high-entropy-tokens:variant=topk",
    "kl-cov:kl_cov_ratio=0.2", "lp-reg:rho=0.8", "lp-reg:rho=0.8,divergence=forward",
    "lp-reg:rho=0.8,divergence=forward,proxy_from=current", "siren:anchor=0.4",
    "siren:anchor=0.4,nucleus_mode=below", "steer", "steer:estimator=full",
  ]

  @Test(arguments: requests)
  func gradientsSumToZeroAndStayOffMaskedTokens(_ request: String) throws {
    let experiment = Experiment.random(30, vocabulary: 37, seed: 5)
    let outcome = try experiment.run(request)
    #expect(outcome.loss.isFinite)
    for t in 0..<30 {
      #expect(abs(outcome.gradient[t].reduce(0, +)) < 1e-7, "token \(t)")
      if experiment.mask[t] == 0 { #expect(outcome.gradient[t].allSatisfy { $0 == 0 }) }
    }
  }

  @Test(arguments: requests)
  func whatMaskedTokensHoldDoesNotMatter(_ request: String) throws {
    let experiment = Experiment.random(30, vocabulary: 7, seed: 6)
    var other = experiment
    for t in 0..<30 where other.mask[t] == 0 {
      other.logits[t] = [0, 0, 0, 0, 9, 0, 0]
      other.advantages[t] = -50
    }
    let (a, b) = (try experiment.run(request), try other.run(request))
    #expect(a.loss == b.loss)
    #expect(a.gradient == b.gradient)
  }

  @Test(arguments: requests)
  func aStepWithoutTokensIsNoStep(_ request: String) throws {
    var experiment = Experiment.random(6, vocabulary: 5, seed: 7)
    experiment.mask = Array(repeating: 0, count: 6)
    let outcome = try experiment.run(request)
    #expect(outcome.loss == (request.hasPrefix("siren") ? 0.005 * 0.4 * 0.4 : 0))
    #expect(outcome.gradient.allSatisfy { $0.allSatisfy { $0 == 0 } })
    #expect(outcome.metrics.values.allSatisfy { $0.isFinite })
  }

  @Test(arguments: requests)
  func oneTokenAndExtremeLogitsStayFinite(_ request: String) throws {
    for logits in [[80.0, 0, -80, 0], [0, 0, 0, 0], [-60, 60, 0, 0]] {
      for advantage: Float in [-1, 0, 1] {
        let experiment = Experiment(
          logits: [logits], oldLogits: [[0, 1, 0, 1]], lengths: [1], tokens: [0],
          advantages: [advantage])
        let outcome = try experiment.run(request)
        #expect(outcome.loss.isFinite)
        #expect(outcome.gradient[0].allSatisfy { $0.isFinite })
      }
    }
  }

  @Test(arguments: [
    ("steer:lambda_min=0", "'lambda_min' is 0; give a number above 0 and at most 1"),
    ("steer:mapping=quadratic", "'mapping' must be one of exp, linear; it is 'quadratic'"),
    ("lp-reg:rho=2", "'rho' is 2; give a number above 0 and at most 1"),
    ("siren:peak_quantile=1", "'peak_quantile' is 1; give a number at least 0 and below 1"),
    ("epo:kappa_r=0.5", "'kappa_r' is 0.5; give a number at least 1"),
    ("clip-cov:cov_ub=0.5", "'cov_ub' is 0.5; give a number above 1"),
  ])
  func settingsThatCannotBeUsedAreRefused(_ request: String, _ sentence: String) throws {
    let error = #expect(throws: PluginHostError.self) { try intervention(request) }
    #expect("\(error!)".contains(sentence))
  }
}
