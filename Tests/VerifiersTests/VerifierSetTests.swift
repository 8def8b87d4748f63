import Synchronization
import Testing
import Trajectories

@testable import Verifiers

/// Judges by a function of the completion, and counts its calls.
private final class Stub: Verifier {
  let name: String
  let judgeOne: @Sendable (String) -> Judgement
  let batches = Mutex<[Int]>([])

  init(_ name: String, _ judgeOne: @escaping @Sendable (String) -> Judgement) {
    (self.name, self.judgeOne) = (name, judgeOne)
  }

  func judge(_ samples: [VerifierSample]) -> [Judgement] {
    batches.withLock { $0.append(samples.count) }
    return samples.map { judgeOne($0.completion) }
  }

  func takeMetrics() -> [VerifierMetric] { [VerifierMetric("\(name)/calls", 1)] }
}

private func samples(_ completions: [String]) -> [VerifierSample] {
  completions.map { VerifierSample(row: "{}", completion: $0) }
}

private func metric(_ name: String, of metrics: [VerifierMetric]) -> Double? {
  metrics.first { $0.name == name }?.value
}

@Suite struct VerifierSetTests {
  /// Right for "r...", wrong for "w...", and so on.
  private static let verdicts = Stub("verdicts") { completion in
    switch completion.first {
    case "r": Judgement(.right, reward: 1, reason: "fits", answer: completion)
    case "w": Judgement(.wrong, reward: 0)
    case "u": Judgement(.unparsable, reward: -1)
    default: .failed("no tool")
    }
  }

  @Test func theFourVerdictsAreCounted() {
    let judged = VerifierSet([.init(Self.verdicts)]).judge(samples(["r", "w", "w", "u", "f"]))
    #expect(judged.judgements.map(\.verdict) == [.right, .wrong, .wrong, .unparsable, .failed])
    #expect(
      judged.metrics == [
        VerifierMetric("verifier/right", 1), VerifierMetric("verifier/wrong", 2),
        VerifierMetric("verifier/unparsable", 1), VerifierMetric("verifier/failed", 1),
        VerifierMetric("verifier/verdicts", 0),  // (1 + 0 + 0 - 1) / 4, the failed one left out
        VerifierMetric("verdicts/calls", 1),
      ])
  }

  @Test func rewardsAddWithTheirWeightsAndTheFirstGivesTheVerdict() {
    let short = Stub("short") { Judgement(.wrong, reward: Float($0.utf8.count)) }
    let set = VerifierSet([.init(Self.verdicts), .init(short, weight: -0.25)])
    let judged = set.judge(samples(["rrrr", "w"]))
    var both = Judgement(.right, reward: 0, reason: "fits", answer: "rrrr")
    both.parts = [1, 4]
    var neither = Judgement(.wrong, reward: -0.25)
    neither.parts = [0, 1]
    #expect(judged.judgements == [both, neither])
    #expect(metric("verifier/verdicts", of: judged.metrics) == 0.5)
    #expect(metric("verifier/short", of: judged.metrics) == 2.5)
  }

  @Test func oneFailureFailsTheSampleAndNamesTheVerifier() {
    let always = Stub("always") { _ in Judgement(.right, reward: 1) }
    let judged = VerifierSet([.init(always), .init(Self.verdicts)]).judge(samples(["f", "r"]))
    #expect(judged.judgements[0] == .failed("verdicts: no tool"))
    #expect(judged.judgements[1].reward == 2)
    #expect(metric("verifier/failed", of: judged.metrics) == 1)
  }

  @Test func aSecondVerifierOfOneNameIsNumbered() {
    let set = VerifierSet([.init(Self.verdicts), .init(Self.verdicts), .init(Self.verdicts)])
    #expect(set.labels == ["verdicts", "verdicts-2", "verdicts-3"])
  }

  @Test func whereAllFailedThereIsNoMean() {
    let judged = VerifierSet([.init(Self.verdicts)]).judge(samples(["f"]))
    #expect(metric("verifier/verdicts", of: judged.metrics) == nil)
  }

  @Test(arguments: [1, 2, 8])
  func judgementsStayInOrderOnAnyNumberOfThreads(_ threads: Int) {
    let echo = Stub("echo") { Judgement(.right, reward: Float($0)!, answer: $0) }
    let set = VerifierSet([.init(echo)], threads: threads)
    let judged = set.judge(samples((0..<1000).map(String.init)))
    #expect(judged.judgements.map(\.answer) == (0..<1000).map(String.init))
    let batches = echo.batches.withLock { $0 }
    #expect(batches.reduce(0, +) == 1000 && batches.max() == VerifierSet.batchSize)
  }

  @Test func groupsKeepTheirShape() {
    func group(_ completions: [String]) -> TrajectoryGroup {
      TrajectoryGroup(
        prompt: Prompt(id: "p", index: 0, tokens: [1], text: "say", row: "{}"),
        trajectories: completions.enumerated().map { Trajectory(sample: $0, text: $1) })
    }
    let scored = VerifierSet([.init(Self.verdicts)]).score([
      group(["r", "f"]), group([]), group(["w", "u", "r"]),
    ])
    #expect(scored.groups.map(\.rewards) == [[1, nil], [], [0, -1, 1]])
    #expect(metric("verifier/right", of: scored.metrics) == 2)
  }

  @Test func aSampleShowsTheRowThePromptAndTheCompletion() {
    let group = TrajectoryGroup(
      prompt: Prompt(id: "p", index: 0, tokens: [1], text: "say", row: #"{"answer": 1}"#),
      trajectories: [Trajectory(sample: 0, tokens: [5, 6], text: "it")])
    #expect(
      group.samples == [
        VerifierSample(row: #"{"answer": 1}"#, prompt: "say", completion: "it", tokens: [5, 6])
      ])
  }

  @Test func aWeightedRewardThatIsNoFloatFailsTheSample() {
    let set = VerifierSet([.init(Self.verdicts, weight: 1e300)])
    let judgements = set.judge(samples(["r", "w"])).judgements
    #expect(judgements[0].verdict == .failed && judgements[0].reason.contains("1e+300"))
    #expect(judgements[1].verdict == .wrong && judgements[1].reward == 0)
  }
}
