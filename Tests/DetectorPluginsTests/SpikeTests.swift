import Detectors
import Foundation
import Testing

@Suite struct GradientSpikeTests {
  /// A detector that has seen some healthy updates.
  private func settled(_ request: String = "gradient-spike", seed: UInt64 = 1) throws -> Watched {
    let detector = try Watched(request)
    var chance = SplitMix(state: seed)
    for _ in 0..<40 { try detector.look(norm: 0.5 + 0.05 * chance.uniform()) }
    return detector
  }

  @Test func oneGradientAHundredTimesAsLargeIsSkippedOnceAndNotAgain() throws {
    let detector = try settled()
    let spike = try detector.look(norm: 60)
    #expect(spike.action == .skipStep && spike.isCritical)
    #expect(isClose(detector["norm_ratio"], 60 / 0.525, 0.05))
    for _ in 0..<60 { #expect(try detector.look(norm: 0.52) == .nothing) }
  }

  @Test func healthyGradientsOfOneSizeOrAnotherSayNothing() throws {
    let detector = try Watched("gradient-spike")
    var chance = SplitMix(state: 7)
    for _ in 0..<1000 {
      let finding = try detector.look(norm: 0.3 * exp(0.4 * chance.normal()), clip: 1)
      #expect(finding == .nothing, "\(finding.reason)")
    }
  }

  @Test func aSteadyExplosionLowersTheRate() throws {
    let detector = try settled()
    var actions: [DetectorAction.Kind] = []
    for step in 0..<40 {
      actions.append(try detector.look(norm: 0.5 * exp(0.05 * Double(step))).action.kind)
    }
    #expect(actions.contains(.scaleRate))
  }

  @Test func aGradientThatIsNoNumberIsSkippedAndNotRemembered() throws {
    let detector = try settled()
    #expect(try detector.look(norm: .nan).action == .skipStep)
    #expect(try detector.look(norm: 0.52) == .nothing)
    #expect(try detector.look(.update, norm: .infinity).action == .skipStep)
  }

  @Test func constantClippingIsSaidAfterAWholeWindow() throws {
    let detector = try Watched("gradient-spike:clip_window=20")
    var found: [Int] = []
    for step in 1...40 where try detector.look(norm: 3, clip: 1) != .nothing { found.append(step) }
    #expect(found == [22])
    #expect(detector["clip_share"] == 1)
  }

  @Test func spikesOfSingleEntriesAreCounted() throws {
    let detector = try settled()
    let findings = try (0..<3).map { _ in try detector.look(norm: 0.6, spikes: 2) }
    #expect(detector["spam_share"] == 0.02)
    #expect(findings[1] == .nothing && findings[2].reason.hasPrefix("2% of the gradient's entries"))
    // In a gradient smaller than usual they spoil nothing.
    let faint = try settled()
    for _ in 0..<9 { #expect(try faint.look(norm: 0.4, spikes: 2) == .nothing) }
  }

  @Test func anUpdateThatLeapsIsCutToItsUsualLengthAtOnce() throws {
    let detector = try Watched("gradient-spike")
    for _ in 0..<20 { #expect(try detector.look(.update, norm: 0.001) == .nothing) }
    // Adam's step does not grow with the gradient: a leap is the learning rate's.
    for _ in 0..<3 {
      let leap = try detector.look(.update, norm: 0.1)
      #expect(isClose(detector["update_jump"], 100))
      guard case .shorten(let factor) = leap.action else { Issue.record("\(leap)"); return }
      #expect(isClose(factor, 0.01) && leap.isCritical)
      #expect(try detector.look(.update, norm: 0.001) == .nothing)
    }
    #expect(try detector.look(.update, norm: 0.015) == .nothing)
  }

  @Test func anUpdateAsLargeAsItsWeightsNeedsNoPast() throws {
    let finding = try Watched("gradient-spike").look(.update, norm: 2)
    guard case .shorten(let factor) = finding.action else { Issue.record("\(finding)"); return }
    #expect(isClose(factor, 0.005))
  }

  @Test func aLargeUpdateIsMeasuredByItsWeights() throws {
    let detector = try settled()
    let findings = try (0..<3).map { _ in try detector.look(.update, norm: 0.2) }
    #expect(detector["update_ratio_max"] == 0.2)
    #expect(findings[2].action == .scaleRate(factor: 0.5, steps: 50))
  }

  @Test func theMassOfALogitGradientIsItsSquaredNorm() throws {
    let detector = try Watched("gradient-spike")
    try detector.look(logits: [0, 0], token: 0, advantage: 3)
    #expect(isClose(detector["logit_mass"], 9 * (1 - 2 * 0.5 + 0.5)))
    // Far below everything else, with a negative advantage.
    try detector.look(logits: [-20, 0], token: 0, advantage: -1)
    #expect(isClose(detector["logit_mass"], 2))
    #expect(detector["low_prob_negative"] == 1)
    // At the training temperature.
    try detector.look(logits: [2, 0], token: 0, advantage: 1, temperature: 2)
    let p = 1 / (1 + exp(-1.0))
    #expect(isClose(detector["logit_mass"], 2 * (1 - p) * (1 - p)))
  }
}

@Suite struct LossSpikeTests {
  private func settled() throws -> Watched {
    let detector = try Watched("loss-spike")
    var chance = SplitMix(state: 2)
    for _ in 0..<40 { try look(detector, 0.05 * chance.normal()) }
    return detector
  }

  @discardableResult
  private func look(_ detector: Watched, _ loss: Double) throws -> Finding {
    try detector.look(.step) { $0.metrics["policy/loss"] = loss }
  }

  @Test func aLossThatStaysHighIsAWarning() throws {
    let detector = try settled()
    let findings = try [1, -1.2, 1.1].map { try look(detector, $0) }
    #expect(findings[..<2].allSatisfy { $0 == .nothing })
    #expect(findings[2].action == .warn)
    #expect(detector["policy-loss-z"]! > 6)
  }

  @Test func oneCatastropheIsEnough() throws {
    let finding = try look(settled(), -50)
    #expect(finding.action == .rollBack(factor: 0.5) && finding.isCritical)
    #expect(try look(settled(), .nan).action == .rollBack(factor: 0.5))
  }

  @Test func aLossOfRoundingErrorsMayBeTenTimesAsLarge() throws {
    let detector = try Watched("loss-spike")
    for _ in 0..<40 { try look(detector, 1e-9) }
    for _ in 0..<5 { #expect(try look(detector, 1e-3) == .nothing) }
  }

  @Test func noiseSaysNothing() throws {
    let detector = try Watched("loss-spike")
    var chance = SplitMix(state: 5)
    for _ in 0..<1000 { #expect(try look(detector, 0.3 * chance.normal()) == .nothing) }
  }
}
