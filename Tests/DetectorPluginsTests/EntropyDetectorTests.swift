import Detectors
import Foundation
import Testing
import Trajectories

@Suite struct EntropyDetectorTests {
  /// The steps at which something was found in a run of these entropies, with a little noise.
  private func found(
    _ entropies: [Double], noise: Double, seed: UInt64 = 1, _ request: String = "entropy"
  ) throws -> [(step: Int, finding: Finding)] {
    let detector = try Watched(request)
    var chance = SplitMix(state: seed)
    return try entropies.enumerated().compactMap { step, entropy in
      let tokens = (0..<32).map { _ in max(entropy + noise * chance.normal(), 0) }
      let finding = try detector.look(entropies: tokens)
      return finding == .nothing ? nil : (step + 1, finding)
    }
  }

  @Test func aLinearDeclineIsSeenBeforeTheFloor() throws {
    let found = try found((0..<120).map { 1 - 0.009 * Double($0) }, noise: 0.02)
    let first = try #require(found.first)
    // The floor of 0.02 is reached at step 110.
    #expect((80...104).contains(first.step))
    #expect(first.finding.action == .warn && !first.finding.isCritical)
    #expect(first.finding.reason.hasPrefix("entropy falls by "))
  }

  @Test func entropyThatSettlesIsNoDecline() throws {
    // As a task with one right answer takes it down: from 0.5 to 0.06, ever more slowly.
    let settling = (0..<300).map { step in 0.06 + 0.44 * exp(-Double(step) / 20) }
    #expect(try found(settling, noise: 0.01).isEmpty)
  }

  @Test func whiteNoiseIsNoDecline() throws {
    for seed: UInt64 in 1...4 {
      #expect(try found(Array(repeating: 0.5, count: 1000), noise: 0.3, seed: seed).isEmpty)
    }
  }

  @Test func aCollapseIsCriticalAndADeadPolicyEndsTheRun() throws {
    let found = try found(
      Array(repeating: 1, count: 20) + Array(repeating: 0.0005, count: 30), noise: 0)
    #expect(found.first?.step == 23 && found.first?.finding.isCritical == true)
    #expect(
      found.first?.finding.reason.hasPrefix("entropy is 0.0005 nats, below the floor of 0.02")
        == true)
    #expect(found.first { $0.finding.action == .stop }?.step == 40)
  }

  @Test func aLearnedTaskNeedsNoEntropy() throws {
    func found(right: Int) throws -> [Finding] {
      let detector = try Watched("entropy")
      return try (1...60).map { step in
        try detector.look(.rollout, step: step) { seen in
          seen.outcomes = Outcomes([(0..<10).map { $0 < right ? 1 : 0 }])
        }
        return try detector.look(.gradients, step: step) { seen in
          seen.tokens = TokenBatch(tokens: 8)
          seen.tokens!.entropies = Array(repeating: step > 20 ? 0.0005 : 1, count: 8)
        }
      }
    }
    #expect(try found(right: 9).allSatisfy { $0 == .nothing })
    let collapse = try found(right: 5)
    #expect(collapse[22].action == .rollBack(factor: 0.5))
    // It is said once in ten steps, and counts all the time.
    #expect(collapse[23] == Finding(.none, isCritical: true))
    #expect(collapse[39].action == .stop)
  }

  @Test func anExplosionScalesTheRateAndIsCriticalWhereTheRewardFalls() throws {
    let detector = try Watched("entropy")
    var chance = SplitMix(state: 3)
    var findings: [Finding] = []
    for step in 1...60 {
      let isLate = step > 40
      findings.append(
        try detector.look(
          entropies: (0..<16).map { _ in (isLate ? 1.6 : 0.5) + 0.01 * chance.normal() },
          reward: isLate ? 0 : 0.6 + 0.01 * chance.normal()))
    }
    #expect(findings[..<42].allSatisfy { $0 == .nothing })
    #expect(findings[42].action == .scaleRate(factor: 0.5, steps: 50))
    #expect(findings[42].isCritical)
  }

  @Test func theCovarianceIsPositiveWhereLikelyTokensAreReinforced() throws {
    let detector = try Watched("entropy")
    try detector.look(.gradients) { seen in
      var batch = seen.tokens ?? .init(tokens: 4)
      batch.entropies = [1, 1, 1, 1]
      batch.logprobs = [-0.1, -0.2, -3, -4]
      batch.advantages = [1, 1, -1, -1]
      seen.tokens = batch
    }
    // mean log-probability -1.825, mean advantage 0
    #expect(isClose(detector["covariance"], (1.725 + 1.625 + 1.175 + 2.175) / 4))
    #expect(detector["mean"] == 1 && detector["q90"] == 1)
  }

  @Test func updatesOfOneRolloutAreLookedAtOnce() throws {
    let detector = try Watched("entropy")
    try detector.look(.gradients) { seen in
      seen.tokens = .init(tokens: 2)
      seen.update = 1
    }
    #expect(detector.metrics.isEmpty)
  }
}
