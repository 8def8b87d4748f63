import Testing
import Trajectories

@Suite struct TokenBatchTests {
  /// Two groups: lengths 2 and 3, then 1 and 0; the second sample of the first group failed.
  static let groups: [RewardedGroup] = [
    group(prompt: [7, 8], first: 10, lengths: [2, 3], judgements: [right, .failed("no tool")]),
    group(prompt: [9], first: 20, lengths: [1, 0], judgements: [wrong, wrong]),
  ]
  static let right = Judgement(.right, reward: 1)
  static let wrong = Judgement(.wrong, reward: 0)

  /// Tokens count up from `first`; every column is the token over another divisor.
  static func group(
    prompt: [Int32], first: Int32, lengths: [Int], judgements: [Judgement]
  ) -> RewardedGroup {
    var next = first
    let trajectories = lengths.enumerated().map { sample, length in
      let tokens = (0..<Int32(length)).map { next + $0 }
      next += Int32(length)
      return Trajectory(
        sample: sample, tokens: tokens, behaviourLogprobs: tokens.map { -Float($0) / 4 },
        oldLogprobs: tokens.map { -Float($0) / 2 }, entropies: tokens.map { Float($0) / 8 })
    }
    let prompt = Prompt(id: "p", index: 0, tokens: prompt, text: "", row: "{}")
    return RewardedGroup(
      group: TrajectoryGroup(prompt: prompt, trajectories: trajectories), judgements: judgements)
  }

  static let batch = TokenBatch(packing: groups, advantages: [[0.5, -0.5], [1, 2]])

  @Test func sequencesArePackedInOrderWithTheirOffsets() {
    let batch = Self.batch
    #expect(batch.tokens == [10, 11, 12, 13, 14, 20])
    #expect(batch.offsets == [0, 2, 5, 6, 6])
    #expect(batch.prompts == [[7, 8], [7, 8], [9], [9]])
    #expect(batch.groups == [0, 0, 1, 1])
    #expect(batch.count == 6 && batch.sequenceCount == 4)
    #expect((0..<4).map { batch.range($0) } == [0..<2, 2..<5, 5..<6, 6..<6])
  }

  @Test func aFailedSampleStaysInPlaceWithMaskZero() {
    #expect(Self.batch.mask == [1, 1, 0, 0, 0, 1])
  }

  @Test func everyTokenCarriesTheAdvantageOfItsCompletion() {
    #expect(Self.batch.advantages == [0.5, 0.5, -0.5, -0.5, -0.5, 1])
  }

  @Test func currentColumnsStartAsTheOldOnes() {
    let batch = Self.batch
    #expect(batch.oldLogprobs == batch.tokens.map { -Float($0) / 2 })
    #expect(batch.logprobs == batch.oldLogprobs)
    #expect(batch.behaviourLogprobs == batch.tokens.map { -Float($0) / 4 })
    #expect(batch.oldEntropies == batch.tokens.map { Float($0) / 8 })
    #expect(batch.entropies == batch.oldEntropies)
    #expect(batch.referenceLogprobs == nil)
  }

  @Test func aSliceCutsEveryColumnAndShiftsTheOffsets() {
    var batch = Self.batch
    batch.referenceLogprobs = batch.tokens.map { Float($0) }
    let part = batch.sequences(1..<3)
    #expect(part.tokens == [12, 13, 14, 20])
    #expect(part.offsets == [0, 3, 4])
    #expect(part.prompts == [[7, 8], [9]])
    #expect(part.groups == [0, 1])
    #expect(part.mask == [0, 0, 0, 1])
    #expect(part.advantages == [-0.5, -0.5, -0.5, 1])
    #expect(part.logprobs == part.tokens.map { -Float($0) / 2 })
    #expect(part.oldLogprobs == part.logprobs)
    #expect(part.behaviourLogprobs == part.tokens.map { -Float($0) / 4 })
    #expect(part.entropies == part.tokens.map { Float($0) / 8 })
    #expect(part.oldEntropies == part.entropies)
    #expect(part.referenceLogprobs == part.tokens.map { Float($0) })
  }

  @Test func slicesPutTogetherAreTheWhole() {
    let slices = (0..<4).map { Self.batch.sequences($0..<$0 + 1) }
    #expect(slices.flatMap(\.tokens) == Self.batch.tokens)
    #expect(slices.flatMap(\.mask) == Self.batch.mask)
    #expect(slices.map(\.count) == [2, 3, 1, 0])
    #expect(slices[3].offsets == [0, 0])
  }

  @Test func nothingPacksToNothing() {
    let batch = TokenBatch(packing: [], advantages: [])
    #expect(batch.count == 0 && batch.sequenceCount == 0 && batch.offsets == [0])
  }
}

@Suite struct JudgementTests {
  @Test func aFailedJudgementHasNoRewardAndKeepsItsReason() {
    let judgement = Judgement.failed("the row has no 'answer'")
    #expect(judgement.verdict == .failed && judgement.reward == nil)
    #expect(judgement.reason == "the row has no 'answer'")
  }

  @Test func aFailedVerdictWithARewardTraps() async {
    await #expect(processExitsWith: .failure) { _ = Judgement(.failed, reward: 0) }
  }

  @Test func aVerdictWithoutItsRewardTraps() async {
    await #expect(processExitsWith: .failure) { _ = Judgement(.wrong, reward: nil) }
  }

  @Test func rewardsOfAGroupAreNilWhereTheVerifierFailed() {
    #expect(TokenBatchTests.groups[0].rewards == [1, nil])
  }
}
