import Detectors
import Foundation
import Testing

@Suite struct MismatchTests {
  private func look(
    _ detector: Watched, sampler: [Double], trainer: [Double], current: [Double]? = nil,
    reference: [Double]? = nil, forwardGap: Double? = nil, reward: Double? = nil
  ) throws -> Finding {
    try detector.look(.gradients) { seen in
      var batch = seen.tokens ?? .init(tokens: sampler.count)
      batch.behaviourLogprobs = sampler.map { Float($0) }
      batch.oldLogprobs = trainer.map { Float($0) }
      batch.logprobs = (current ?? trainer).map { Float($0) }
      batch.referenceLogprobs = reference.map { $0.map { Float($0) } }
      seen.tokens = batch
      if let forwardGap { seen.metrics["policy/forward_gap"] = forwardGap }
      if let reward { seen.metrics["reward/mean"] = reward }
    }
  }

  @Test func identicalEnginesDifferByNothing() throws {
    let detector = try Watched("mismatch")
    let logprobs = [-0.1, -2, -0.7, -4]
    let finding = try look(detector, sampler: logprobs, trainer: logprobs, reference: logprobs)
    #expect(finding == .nothing)
    for figure in ["k1", "k2", "k3", "mean_abs", "max_abs", "deviation", "kl_reference"] {
      #expect(detector[figure] == 0, "\(figure)")
    }
    #expect(detector["correlation"] == 1 && detector["ess"] == 1 && detector["ratio_mean"] == 1)
  }

  @Test func theThirdEstimateIsNeverNegative() throws {
    let detector = try Watched("mismatch")
    var chance = SplitMix(state: 9)
    for _ in 0..<200 {
      let sampler = (0..<8).map { _ in -3 * chance.uniform() }
      let trainer = sampler.map { $0 + 0.5 * chance.normal() }
      _ = try look(detector, sampler: sampler, trainer: trainer)
      #expect(detector["k3"]! >= 0 && detector["ess"]! <= 1)
    }
  }

  @Test func aGapThatLastsIsAWarningAndOneOfNatsIsCritical() throws {
    let detector = try Watched("mismatch")
    let sampler = (0..<100).map { -0.02 * Double($0) - 0.1 }
    let small = sampler.map { $0 - 0.08 }  // k3 of 0.0031
    let findings = try (0..<3).map { _ in try look(detector, sampler: sampler, trainer: small) }
    #expect(findings[1] == .nothing && findings[2].action == .warn && !findings[2].isCritical)
    #expect(findings[2].reason.hasPrefix("sampler and trainer differ by up to 0.08 nats"))
    let large = sampler.map { $0 - 6 }
    let skip = try look(detector, sampler: sampler, trainer: large)
    #expect(skip.action == .skipStep && skip.isCritical)
  }

  @Test func aForwardPassThatDiffersMeansStaleWeights() throws {
    let detector = try Watched("mismatch")
    let logprobs = [-0.1, -2]
    let findings = try [1e-6, 0.3, 0.3, 0.3].map {
      try look(detector, sampler: logprobs, trainer: logprobs, forwardGap: $0)
    }
    #expect(findings[..<3].allSatisfy { $0 == .nothing })
    #expect(findings[3].isCritical && findings[3].reason.contains("out of date"))
  }

  @Test func aPolicyThatRanAwayFromItsSampleIsSeenByItsRatios() throws {
    let detector = try Watched("mismatch")
    let old = Array(repeating: -3.0, count: 10)
    var current = old
    current[0] = 0
    for _ in 0..<3 { _ = try look(detector, sampler: old, trainer: old, current: current) }
    // Nine ratios of 1 and one of e^3.
    let w = exp(3.0)
    #expect(isClose(detector["ratio_ess"], (9 + w) * (9 + w) / (10 * (9 + w * w))))
    #expect(detector["clip_high"] == 0.1 && detector["clip_low"] == 0)
    #expect(isClose(detector["ratio_max"], w))
  }

  @Test func aDivergenceThatBlowsUpWhileTheRewardFallsGoesBack() throws {
    let detector = try Watched("mismatch")
    let policy = Array(repeating: -1.0, count: 20)
    func reference(_ gap: Double) -> [Double] {
      policy.indices.map { policy[$0] + ($0 % 2 == 0 ? gap : -gap) }
    }
    for step in 0..<30 {
      let finding = try look(
        detector, sampler: policy, trainer: policy, reference: reference(0.1),
        reward: 0.5 + 0.01 * Double(step % 3))
      #expect(finding == .nothing)
    }
    let findings = try (0..<3).map { _ in
      try look(detector, sampler: policy, trainer: policy, reference: reference(1.2), reward: 0)
    }
    #expect(isClose(detector["kl_reference"], cosh(1.2) - 1))
    #expect(findings[2].action == .rollBack(factor: 0.5) && findings[2].isCritical)
  }

  @Test func anEstimateThatCannotBeIsSaid() throws {
    let detector = try Watched("mismatch")
    let policy = Array(repeating: -1.0, count: 50)
    // The policy's own samples are more likely under the reference: k1 = -0.3 without an error.
    let findings = try (0..<3).map { _ in
      try look(
        detector, sampler: policy, trainer: policy, reference: policy.map { $0 + 0.3 })
    }
    #expect(isClose(detector["kl_reference_k1"], -0.3))
    #expect(findings[2].reason.contains("is negative"))
  }
}
