import Testing

@testable import Commands

/// That the detector which is there for a fault finds it within some steps, and that what it does
/// saves the run. All faults, with more steps and seeds: evals/studies/faults.
@Suite(.serialized) struct FaultTests {
  static let faultStep = 18

  private func run(
    _ fault: FaultKind?, _ detectors: [String] = [], _ defaults: DetectorDefaults = .standard,
    steps: Int = 26
  ) throws -> FaultyRun.Outcome {
    var run = FaultyRun(fault: fault, detectors: detectors, defaults: defaults)
    (run.steps, run.faultStep, run.prompts) = (steps, Self.faultStep, 8)
    return try run.run()
  }

  /// Steps from the fault on until a detector finds something.
  private func delay(_ detector: String, _ outcome: FaultyRun.Outcome) -> Int? {
    outcome.found.first { $0.detector == detector }.map { $0.step - Self.faultStep }
  }

  @Test func aHealthyRunIsLeftAlone() throws {
    let outcome = try run(nil, FaultStudy.acting)
    #expect(outcome.alarmsBefore.isEmpty && outcome.done.isEmpty && outcome.end.isEmpty)
    #expect(outcome.accuracy > 0.3)
  }

  @Test(arguments: [100.0, 10_000])
  func anUpdateThatLeapsIsCutToItsUsualLength(_ factor: Double) throws {
    let spoiled = try run(.rate(factor))
    #expect(delay("gradient-spike", spoiled) == 0)
    let saved = try run(.rate(factor), ["gradient-spike:max_action=shorten"], .none)
    #expect(saved.done.map(\.action) == ["shorten"])
    #expect(saved.accuracy > spoiled.accuracy + 0.2, "\(saved.accuracy), \(spoiled.accuracy)")
  }

  @Test func theStepRadiusHoldsWhereClippingDoesNot() throws {
    let clipped = try run(.rate(10_000), [], .none)
    let held = try run(.rate(10_000), FaultStudy.radius, .none)
    #expect(clipped.accuracy < 0.05 && held.accuracy > 0.3, "\(clipped.accuracy), \(held.accuracy)")
  }

  @Test func aGradientThatIsNoNumberCostsOneStep() throws {
    let outcome = try run(.gradientNaN)
    #expect(outcome.refusals.count == 1 && outcome.end.isEmpty && outcome.accuracy > 0.3)
    #expect(outcome.refusals.first?.contains("gradient of model.") == true)
  }

  @Test func aRewardThatBecomesConstantIsSaid() throws {
    #expect(delay("reward", try run(.constantReward)) == 2)
  }

  @Test func aVerifierThatStartsFailingIsSaid() throws {
    let outcome = try run(.failingVerifier)
    #expect(delay("reward", outcome) == 2)
    #expect(outcome.found.first?.reason.contains("the verifier failed on") == true)
  }

  @Test func aStaleSamplerEndsTheRunInItsLastGoodState() throws {
    let outcome = try run(.staleSampler, ["mismatch:max_action=stop"])
    #expect(outcome.end.hasPrefix("stopped") && outcome.accuracy > 0.3)
  }
}
