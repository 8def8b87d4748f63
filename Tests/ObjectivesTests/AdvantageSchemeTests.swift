import Testing
import Trajectories

@testable import Objectives

private func close(_ a: [Float], _ b: [Float]) -> Bool {
  a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) < 1e-5 }
}

/// Two prompts with two completions of three tokens; the last token of each is not trained on.
private func batch() -> TokenBatch {
  var batch = TokenBatch(
    prompts: Array(repeating: [1], count: 4), completions: Array(repeating: [3, 4, 5], count: 4))
  batch.groups = [0, 0, 1, 1]
  batch.mask = [1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 1, 0]
  batch.oldLogprobs = Array(repeating: -1, count: 12)
  batch.referenceLogprobs = [-1, -1.5, 9, -1, -1, 9, -2, -1, 9, -1, -1, 9]
  return batch
}

private let rewards: [[Float?]] = [[1, 0], [0.5, 2]]

@Test func everyTokenOfACompletionHasItsAdvantage() {
  var batch = batch()
  AdvantageScheme().assign(rewards, to: &batch)
  let expected = AdvantageEstimator.standardized.advantages(of: rewards)
  let columns = expected.joined().flatMap { [$0, $0, $0] }
  #expect(batch.advantages == columns)
}

@Test func whitenedReturnsAreTheWorkedExample() {
  let mask: [UInt8] = [1, 1, 1, 1, 1, 1, 1, 0, 1, 1, 0, 0]
  let rewards = [0, 0, 0, 1, 0, 0, -0.5, 0, 0, 2, 0, 0]
  let returns = AdvantageScheme.returns(
    rewards, offsets: [0, 4, 8, 12], mask: mask, discount: 1)
  #expect(returns == [1, 1, 1, 1, -0.5, -0.5, -0.5, 0, 2, 2, 0, 0])
  let whitened = AdvantageScheme.whitened(returns, mask: mask).map(Float.init)
  let (a, b, c): (Float, Float, Float) = (0.2768183, -1.2180004, 1.2733640)
  #expect(close(whitened, [a, a, a, a, b, b, b, 0, c, c, 0, 0]))
  let discounted = AdvantageScheme.returns(
    [1, 0, 4], offsets: [0, 3], mask: [1, 1, 1], discount: 0.5)
  #expect(discounted == [2, 2, 4])
}

@Test func reinforcePlusPlusRewardsTheLastTrainedToken() {
  var batch = batch()
  var scheme = AdvantageScheme()
  scheme.estimator = .reinforcePlusPlus
  scheme.assign(rewards, to: &batch)
  // Returns 1, 0, 0.5 and 2, two tokens each: mean 7/8, the squares about it sum to 4.375.
  let scale = Float((4.375 / 7 + 1e-8).squareRoot())
  let expected: [Float] = [1, 0, 0.5, 2].flatMap { (reward: Float) -> [Float] in
    [(reward - 0.875) / scale, (reward - 0.875) / scale, 0]
  }
  #expect(close(batch.advantages, expected))

  let penalties = batch.mask.enumerated().map { $1 == 0 ? 0 : $0 == 1 ? 1.0 : 0 }
  scheme.assign(rewards, penalties: penalties, to: &batch)
  // The first completion's last token loses all of its reward, and its first one all its return.
  #expect(batch.advantages[0] == batch.advantages[3] && batch.advantages[1] < 0)
}

@Test func theBaselineIsTakenOffBeforeWhitening() {
  var batch = batch()
  var scheme = AdvantageScheme()
  scheme.estimator = .reinforcePlusPlusBaseline
  scheme.assign(rewards, to: &batch)
  // Half the differences, 0.5 and 0.75 with either sign, two tokens each.
  let scale = Float((4 * (0.25 + 0.5625) / 7 + 1e-8).squareRoot())
  let expected: [Float] = [0.5, -0.5, -0.75, 0.75].flatMap { (difference: Float) -> [Float] in
    [difference / scale, difference / scale, 0]
  }
  #expect(close(batch.advantages, expected))
}

@Test func equalRewardsWhitenToExactlyZero() {
  for estimator in [AdvantageEstimator.reinforcePlusPlus, .reinforcePlusPlusBaseline] {
    var batch = batch()
    var scheme = AdvantageScheme()
    scheme.estimator = estimator
    scheme.assign([[0.1, 0.1], [0.1, 0.1]], to: &batch)
    #expect(batch.advantages.allSatisfy { $0 == 0 })
    batch.mask = batch.mask.indices.map { $0 == 0 ? 1 : 0 }
    scheme.assign(rewards, to: &batch)
    #expect(batch.advantages.allSatisfy { $0 == 0 })  // one token has no deviation
  }
}

@Test func aDivergenceInTheRewardLowersItsSequence() {
  var batch = batch()
  let objective = ObjectivePreset.rloo.objective
  let penalties = objective.rewardPenalties(batch)!
  // k1 at the old policy: 0.5 on token 1, 1 on token 6; masked tokens have none.
  #expect(penalties.enumerated().allSatisfy { $1 == ($0 == 1 ? 0.025 : $0 == 6 ? 0.05 : 0) })
  var scheme = AdvantageScheme()
  scheme.estimator = .leaveOneOut
  scheme.assign(rewards, penalties: penalties, to: &batch)
  #expect(abs(batch.advantages[0] - 0.975) < 1e-6 && abs(batch.advantages[6] + 1.55) < 1e-6)

  var inLoss = PolicyObjective()
  inLoss.klCoefficient = 0.05
  #expect(inLoss.rewardPenalties(batch) == nil)
  #expect(objective.shaping(count: 1).klCoefficient == 0)
  #expect(inLoss.shaping(count: 1).klCoefficient == 0.05)
}

@Test func aDivergenceInTheRewardHasNoGradient() throws {
  var batch = batch()
  batch.logprobs = batch.oldLogprobs.map { $0 + 0.125 }
  batch.advantages = Array(repeating: 1, count: batch.count)
  var objective = ObjectivePreset.rloo.objective
  let with = try objective.evaluate(batch)
  objective.klCoefficient = 0
  let without = try objective.evaluate(batch)
  #expect(with.loss == without.loss && with.dLogprob == without.dLogprob)
}

@Test func mismatchWeightsAreThoseOfTheTable() {
  let columns = TokenColumns(
    offsets: [0, 2, 4], mask: [1, 1, 1, 0], advantages: [1, 1, 1, 1], logprobs: [-1, -1, -1, -1],
    oldLogprobs: [-1, -1, -1, -1], behaviourLogprobs: [-2, -0.5, 29, -9])
  func weights(_ mode: MismatchCorrection.Mode, minimum: Double? = nil) -> [Float] {
    var correction = MismatchCorrection()
    correction.mode = mode
    correction.minimum = minimum
    return correction.weights(columns).map(Float.init)
  }
  // exp(1), exp(-0.5) and exp(-30), which is held at exp(-20); 2 is the largest weight.
  #expect(weights(.none) == [1, 1, 1, 1])
  #expect(close(weights(.tokenTruncate), [2, 0.6065307, 2.061154e-9, 1]))
  #expect(close(weights(.tokenTruncate, minimum: 0.7), [2, 0.7, 0.7, 1]))
  #expect(close(weights(.tokenMask), [0, 0.6065307, 2.061154e-9, 1]))
  #expect(close(weights(.tokenMask, minimum: 0.7), [0, 0, 0, 1]))
  #expect(close(weights(.sequenceTruncate), [1.6487213, 1.6487213, 2.061154e-9, 1]))
  #expect(close(weights(.sequenceMask, minimum: 1.7), [0, 0, 0, 1]))
}
