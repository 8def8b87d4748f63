import Testing

@testable import Objectives

private func close(_ a: [Double], _ b: [Double]) -> Bool {
  zip(a, b).allSatisfy { abs($0 - $1) < 1e-6 } && a.count == b.count
}

@Test func twoRightOfFourHaveTheAdvantagesOfTheTable() {
  let rewards: [[Double?]] = [[1, 0, 0, 1]]
  func of(_ estimator: AdvantageEstimator) -> [Double] { estimator.advantages(of: rewards)[0] }
  #expect(of(.centered) == [0.5, -0.5, -0.5, 0.5])
  #expect(close(of(.standardized), [0.865875, -0.865875, -0.865875, 0.865875]))
  #expect(close(of(.leaveOneOut), [0.666667, -0.666667, -0.666667, 0.666667]))
  #expect(close(of(.standardizedVerl), [0.866024, -0.866024, -0.866024, 0.866024]))
}

@Test(arguments: AdvantageEstimator.allCases.filter(\.needsGroups))
func aGroupOfEqualRewardsIsExactlyZero(_ estimator: AdvantageEstimator) {
  let tied: [Float?] = [0.1, 0.1, 0.1]  // their mean in double is not 0.1
  #expect(estimator.advantages(of: [tied, [0, 1]])[0] == [0, 0, 0])
}

@Test func aLoneCompletionHasNoAdvantageExceptInVerl() {
  for estimator in AdvantageEstimator.allCases where estimator.needsGroups {
    let advantage = estimator.advantages(of: [[0.75 as Double?]])[0][0]
    #expect(advantage == (estimator == .standardizedVerl ? 0.75 / (1 + 1e-6) : 0))
  }
}

@Test func aFailedVerdictHasNoPartInItsGroup() {
  let with = AdvantageEstimator.standardized.advantages(of: [[1, nil, 0, 0] as [Double?]])[0]
  let without = AdvantageEstimator.standardized.advantages(of: [[1, 0, 0] as [Double?]])[0]
  #expect(with == [without[0], 0, without[1], without[2]])
  #expect(AdvantageEstimator.standardized.advantages(of: [[1, nil] as [Double?]])[0] == [0, 0])
  #expect(AdvantageEstimator.centered.advantages(of: [[nil, nil] as [Float?]])[0] == [0, 0])
}

@Test func theOthersAreTheBaselineOfEachCompletion() {
  let advantages = AdvantageEstimator.leaveOneOut.advantages(of: [[3, nil, 1, 0.5] as [Double?]])[0]
  #expect(close(advantages, [3 - 0.75, 0, 1 - 1.75, 0.5 - 2]))
}

@Test func aFloorKeepsSmallDifferencesSmall() {
  let rewards: [[Double?]] = [[1, 1, 1, 1.001]]
  func last(_ floor: Double) -> Double {
    AdvantageEstimator.standardized.advantages(of: rewards, deviationFloor: floor)[0][3]
  }
  #expect(abs(last(0) - 1.25) < 1e-9)
  #expect(abs(last(0.25) - 0.00075 / 0.2501) < 1e-9)
}

@Test func theBatchsDeviationScalesEveryGroup() {
  let groups: [[Double?]] = [[1, 0, 0, 1], [1, 1, 1, 1], [0, 0.5, 1, 0]]
  let advantages = AdvantageEstimator.batchStandardized.advantages(of: groups)
  #expect(close(advantages[0], [1.035725, -1.035725, -1.035725, 1.035725]))
  #expect(advantages[1] == [0, 0, 0, 0])
  #expect(close(advantages[2], [-0.776794, 0.258931, 1.294656, -0.776794]))
}

@Test func dynamicSamplingKeepsGroupsWithASpread() throws {
  #expect(DynamicSampling.keeps([0, 1, 0]))
  #expect(!DynamicSampling.keeps([1, 1, 1]))
  #expect(!DynamicSampling.keeps([0, nil]))
  #expect(!DynamicSampling.keeps([nil, nil]))
  #expect(DynamicSampling.keeps([1]))
  let sampling = DynamicSampling(maximumRounds: 3)
  #expect(try !sampling.needsAnotherRound(kept: 4, wanted: 4, rounds: 3))
  #expect(try sampling.needsAnotherRound(kept: 3, wanted: 4, rounds: 2))
  #expect(throws: ObjectiveError.tooFewInformativeGroups(kept: 3, wanted: 4, rounds: 3)) {
    try sampling.needsAnotherRound(kept: 3, wanted: 4, rounds: 3)
  }
  #expect(try DynamicSampling(maximumRounds: 0).needsAnotherRound(kept: 0, wanted: 1, rounds: 999))
}

@Test func theOverlongPenaltyGrowsOverTheBuffer() throws {
  let shaping = try OverlongShaping(limit: 20_480, buffer: 4096)
  let penalties = [16_000, 16_384, 17_000, 18_432, 20_480].map(shaping.penalty)
  #expect(penalties == [0, 0, -0.150390625, -0.5, -1])
  #expect(throws: ObjectiveError.self) { try OverlongShaping(limit: 10, buffer: 11) }
  #expect(throws: ObjectiveError.self) { try OverlongShaping(limit: 10, buffer: 0) }
}

@Test func theKLCoefficientMovesTowardsItsTarget() {
  var controller = AdaptiveKL(coefficient: 0.001, target: 0.1, horizon: 10_000)
  for (kl, expected) in [
    (0.05, 0.00099488), (0.1, 0.00099488), (0.3, 0.0009999737856), (0.11, 0.00100253371849114),
  ] {
    controller.update(kl: kl, sequences: 256)
    #expect(abs(controller.coefficient - expected) < 1e-15)
  }
}
