import Detectors
import Foundation
import Testing
import Trajectories

@Suite struct LengthTests {
  /// A rollout of four completions; `tokens` are theirs.
  @discardableResult
  private func look(
    _ detector: Watched, lengths: [Int] = [10, 10, 10, 10],
    right: [Bool] = [true, true, false, false],
    cut: Int = 0, tokens: [[Int32]]? = nil, texts: [String]? = nil
  ) throws -> Finding {
    try detector.look(.rollout) { seen in
      var outcomes = Outcomes([right.map { $0 ? 1 : 0 }])
      outcomes.lengths = lengths
      outcomes.truncated = lengths.indices.map { $0 < cut }
      if let texts { outcomes.texts = texts }
      seen.outcomes = outcomes
      let completions = tokens ?? lengths.map { length in (0..<length).map { Int32($0) } }
      seen.tokens = .init(prompts: completions.map { _ in [0] }, completions: completions)
    }
  }

  @Test func completionsThatGrowWithoutGettingBetterAreSaid() throws {
    let detector = try Watched("length")
    for _ in 0..<10 { #expect(try look(detector) == .nothing) }
    let findings = try (0..<3).map { _ in try look(detector, lengths: [25, 25, 25, 25]) }
    #expect(findings[2].reason.hasPrefix("completions are 2.5 times as long as at the start"))
  }

  @Test func completionsThatGrowAndGetBetterAreNot() throws {
    let detector = try Watched("length")
    for _ in 0..<10 { try look(detector) }
    for _ in 0..<20 {
      #expect(
        try look(
          detector, lengths: [25, 25, 25, 25], right: [true, true, true, true]) == .nothing)
    }
  }

  @Test func cutsAreAWarningThenCriticalThenTheEnd() throws {
    func third(_ cut: Int) throws -> Finding {
      let detector = try Watched("length")
      return try (0..<3).map { _ in try look(detector, cut: cut) }[2]
    }
    #expect(try third(0) == .nothing)
    #expect(try third(2).action == .warn && !third(2).isCritical)
    #expect(try third(3).isCritical && third(3).action == .warn)
    #expect(try third(4).action == .stop)
  }

  @Test func lengthIsHeldAgainstBeingRight() throws {
    let detector = try Watched("length")
    try look(detector, lengths: [4, 6, 10, 12])
    #expect(detector["wrong_minus_right"] == 6)
    // Ranks 1 2 3 4 against 3.5 3.5 1.5 1.5.
    #expect(isClose(detector["correlation"], -0.894427))
    #expect(detector["accuracy_quarter_1"] == 1 && detector["accuracy_quarter_4"] == 0)
    #expect(detector["brevity"] == 1)
    try look(detector, lengths: [8, 12, 10, 12])
    #expect(detector["brevity"] == 2)
  }

  @Test func aTailThatRepeatsItselfIsPeriodic() throws {
    let detector = try Watched("length:least_repeated=6")
    func periodic(_ tokens: [Int32]) throws -> Double? {
      try look(detector, tokens: [tokens])
      return detector["periodic"]
    }
    #expect(try periodic([9, 8, 1, 2, 3, 1, 2, 3, 1, 2, 3]) == 1)
    #expect(try periodic([9, 8, 1, 2, 3, 1, 2, 3, 1, 2, 4]) == 0)
    #expect(try periodic([1, 2, 3, 1, 2, 3]) == 0)  // two periods
    #expect(try periodic([5, 7, 7, 7]) == 0)  // three equal tokens are no six
    #expect(try periodic([5, 7, 7, 7, 7, 7, 7]) == 1)
    #expect(try periodic([]) == 1 || detector["periodic"] == nil)
  }

  @Test func distinctRunsAreCounted() throws {
    let detector = try Watched("length")
    try look(detector, tokens: [[1, 2, 3, 4, 1, 2, 3, 4]])
    #expect(detector["distinct_4"] == 4.0 / 5)
  }

  @Test func aTextOfOnePhraseCompresses() throws {
    let detector = try Watched("length")
    try look(detector, texts: Array(repeating: String(repeating: "so it is ", count: 60), count: 4))
    #expect(detector["compression_max"]! > 15 && detector["repetitive"] == 1)
    let prose =
      "A detector is a value. What it remembers is its state, which is saved with a checkpoint "
      + "and put back on resume; what it finds is a function of that and of what it sees, so that "
      + "a run which is replayed finds the same trouble at the same steps and does the same about it."
    try look(detector, texts: Array(repeating: prose, count: 4))
    #expect(detector["compression_max"]! < 2.5 && detector["repetitive"] == 0)
  }

  @Test func endsThatBecomeUnlikelyAreSaid() throws {
    let detector = try Watched("length:truncated=0.6,critical_truncated=0.7")
    func look(end: Float) throws -> Finding {
      try detector.look(.rollout) { seen in
        seen.outcomes = Outcomes([[1, 0]])
        // The second is cut off, so that its last token ends nothing.
        seen.outcomes!.truncated = [false, true]
        var batch = TokenBatch(prompts: [[0], [0]], completions: [[1, 2], [1, 2]])
        batch.oldLogprobs = [-3, log(end), -3, -9]
        seen.tokens = batch
      }
    }
    for _ in 0..<10 { #expect(try look(end: 0.9) == .nothing) }
    for _ in 0..<10 { _ = try look(end: 0.6) }
    #expect(isClose(detector["end_probability"], 0.6))
    let findings = try (0..<3).map { _ in try look(end: 0.4) }
    #expect(findings[..<2].allSatisfy { $0 == .nothing })
    #expect(findings[2].reason.contains("end with a token of probability 0.4, 0.9 at the start"))
  }

  @Test func anotherScriptIsSaid() throws {
    let detector = try Watched("length")
    for _ in 0..<10 { try look(detector) }
    let findings = try (0..<3).map { _ in
      try look(detector, texts: Array(repeating: "答えは四十二です", count: 4))
    }
    #expect(findings[2].reason.contains("changes its language"))
  }
}
