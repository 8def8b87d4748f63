import JSON
import Testing
import Trajectories
import Verifiers

@testable import Evaluation

struct ReadyProtocolTests {
  private func verdicts(_ name: String, _ texts: [String], row: String) throws -> [Verdict] {
    let ready = ReadyProtocol(try .named(name), verifiers: sameSet, askedForm: .answerLine)
    return ready.judge([problem("x", texts, row: row)]).problems[0].samples.map(\.verdict)
  }

  @Test func theSameCompletionsAreJudgedUnderEveryProtocol() throws {
    let row = #"{"answer": "1,000"}"#
    let texts = ["#### 1000", "#### 1,000", #"\boxed{1,000}"#, "ANSWER: 1,000", "no"]
    #expect(
      try verdicts("lm-eval-gsm8k-strict", texts, row: row)
        == [.right, .right, .unparsable, .unparsable, .unparsable])
    #expect(
      try verdicts("lm-eval-gsm8k-flexible", texts, row: row)
        == [.right, .right, .right, .right, .unparsable])
    #expect(
      try verdicts("strict", texts, row: row)
        == [.unparsable, .unparsable, .unparsable, .right, .unparsable])
    // The stub compares letter by letter.
    #expect(
      try verdicts("verl-gsm8k-strict", texts, row: row)
        == [.right, .right, .unparsable, .unparsable, .unparsable])
    #expect(
      try verdicts("lm-eval-hendrycks", ["$1,000$", "1,000", "$2$"], row: row)
        == [.right, .right, .wrong])
  }

  @Test func aRowWithoutAGoldFailsInsteadOfBeingWrong() throws {
    #expect(try verdicts("lm-eval-gsm8k-flexible", ["#### 7"], row: "{}") == [.failed])
  }

  @Test func aToleranceIsHandedToTheVerifierAsTheRowsError() throws {
    struct Near: Verifier {
      let name = "near"
      func judge(_ samples: [VerifierSample]) -> [Judgement] {
        samples.map { sample in
          let row = try? JSON(parsing: sample.row)
          return Judgement(.wrong, reward: 0, reason: row?["error"].string ?? "none")
        }
      }
    }
    func tolerance(_ gold: String) throws -> String {
      let ready = ReadyProtocol(
        try .named("relative-1e-2"), verifiers: VerifierSet([.init(Near())], threads: 1))
      let row: JSONLiteral = ["answer": .string(gold)]
      return ready.judge([problem("x", ["1"], row: row.serialized())]).problems[0].samples[0]
        .reason
    }
    #expect(try tolerance("-200") == "2.0")
    #expect(try tolerance(#"4.0 \times 10^{3}"#) == "40.0")
    #expect(try tolerance("x^2") == "none" && tolerance("e") == "none")
  }

  @Test func harnessesIgnoreCommasDollarsAndAFullStop() {
    let comparison = AnswerProtocol.Comparison.gsm8kText
    for text in ["$1,200.", "1200", "So ...\n#### 1,200"] {
      #expect(comparison.areEqual(text, "1200") == true)
    }
    #expect(comparison.areEqual("1200.0", "1200") == false)
    #expect(AnswerProtocol.Comparison.verlText.areEqual("1200.", "1200") == false)
  }

  private func votes(_ texts: [String], row: String = #"{"answer": "a"}"#) throws -> [Int?] {
    let ready = ReadyProtocol(try .named("verifier"), verifiers: sameSet, equality: sameSet)
    return ready.judge([problem("x", texts, row: row)]).problems[0].votes
  }

  @Test func equalSpellingsVoteTogetherAndTheUnanswerAbstain() throws {
    #expect(try votes(["b", "c", " b ", "", "crash", "c"]) == [0, 1, 0, nil, nil, 1])
  }

  @Test func answersThatEitherWayAreRightVoteTogether() throws {
    // The stub knows, of rows with this list, that 1/2 answers them.
    let row = #"{"answer": "a", "same": ["1/2"]}"#
    let together = try votes(["0.5", "1/2"], row: row)
    #expect(together == [0, 0])
    #expect(try votes(["0.5", "2/4", "7"], row: row) == [0, 1, 2])
  }

  @Test func withoutAnEqualityOnlySpellingsCount() throws {
    let ready = ReadyProtocol(try .named("verifier"), verifiers: sameSet)
    let row = #"{"answer": "a", "same": ["1/2"]}"#
    let result = ready.judge([problem("x", ["0.5", "1/2", "0.5"], row: row)]).problems[0]
    #expect(result.votes == [0, 1, 0])
  }

  @Test func anUnknownProtocolOffersTheNearest() {
    #expect(throws: UnknownProtocol(name: "flexibel")) { try AnswerProtocol.named("flexibel") }
    #expect(UnknownProtocol(name: "flexibel").description.contains("did you mean 'flexible'?"))
  }
}
