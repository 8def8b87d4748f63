import JSON
import Testing
import Trajectories

@testable import Verifiers

/// Settings over the defaults.
func settings(_ kind: ConfiguredVerifier, _ changes: KeyValuePairs<String, JSONLiteral>)
  -> JSONLiteral
{
  changes.reduce(into: kind.defaults) { $0[$1.key] = $1.value }
}

func judge(
  _ kind: ConfiguredVerifier, _ changes: KeyValuePairs<String, JSONLiteral>, _ completion: String,
  row: String = #"{"answer": "42"}"#
) throws -> Judgement {
  let verifier = try kind.make(settings(kind, changes))
  return verifier.judge([VerifierSample(row: row, completion: completion)])[0]
}

@Suite struct RegexVerifierTests {
  @Test func withoutComparisonAMatchIsRightAndNoMatchIsWrong() throws {
    let match = try judge(.regex, ["pattern": "[0-9]+"], "so 12, then 34")
    #expect(match == Judgement(.right, reward: 1, answer: "34"))
    let none = try judge(.regex, ["pattern": "[0-9]+"], "no digits", row: "broken")
    #expect(none == Judgement(.wrong, reward: 0, reason: "the pattern does not match"))
  }

  @Test(arguments: [
    ("answer: Paris", Verdict.right), ("answer: paris", .wrong), ("answer: Rome", .wrong),
    ("it is Paris", .unparsable),
  ])
  func stringsCompareExactly(_ completion: String, _ verdict: Verdict) throws {
    let judgement = try judge(
      .regex, ["pattern": "answer: (.*)", "compare": "string"], completion,
      row: #"{"answer": " Paris "}"#)
    #expect(judgement.verdict == verdict)
  }

  @Test func caseCanBeIgnored() throws {
    let judgement = try judge(
      .regex, ["pattern": "is (.*)", "compare": "string", "ignore_case": true, "gold": "capital"],
      "it is pARIS", row: #"{"capital": "Paris"}"#)
    #expect(judgement.verdict == .right)
  }

  @Test(arguments: [
    ("answer: 1,042.0", Verdict.right), ("answer: 1041", .wrong), ("answer: unknown", .unparsable),
    ("answer: 1042 or 1043", .unparsable), ("1042", .unparsable),
  ])
  func numbersCompareByValue(_ completion: String, _ verdict: Verdict) throws {
    let judgement = try judge(
      .regex, ["pattern": "answer: (.*)", "compare": "number"], completion,
      row: #"{"answer": 1042}"#)
    #expect(judgement.verdict == verdict)
  }

  @Test func rewardsAreConfigurableAndUnparsableFollowsWrong() throws {
    let rewards: KeyValuePairs<String, JSONLiteral> = [
      "pattern": "is (.*)", "compare": "number", "right": 2, "wrong": -0.5,
    ]
    #expect(try judge(.regex, rewards, "is 42").reward == 2)
    #expect(try judge(.regex, rewards, "is 41").reward == -0.5)
    #expect(try judge(.regex, rewards, "none").reward == -0.5)
    let apart: KeyValuePairs<String, JSONLiteral> = [
      "pattern": "is (.*)", "compare": "number", "wrong": -0.5, "unparsable": -1,
    ]
    #expect(try judge(.regex, apart, "none").reward == -1)
  }

  @Test func aPatternThatWorksTooLongIsUnparsable() throws {
    let judgement = try judge(
      .regex, ["pattern": "(a+)+b"], String(repeating: "a", count: 3000))
    #expect(judgement.verdict == .unparsable)
    #expect(judgement.reason == "the pattern takes too much work on this completion")
  }

  @Test func settingsThatCannotBeUsedAreNamed() {
    #expect(throws: VerifierConfigurationError.self) { try judge(.regex, [:], "") }
    #expect {
      _ = try judge(.regex, ["pattern": "a", "compare": "words"], "")
    } throws: {
      "\($0)" == #"'compare' must be one of none, string, number; it is "words""#
    }
  }
}

@Suite struct NumericVerifierTests {
  @Test(arguments: [
    ("so 7 + 35 = 42", Verdict.right), ("42.0 exactly", .right), ("84/2", .right),
    ("42, I say", .right), ("-42", .wrong), ("41.99", .wrong), ("no idea", .unparsable),
    ("1/0", .unparsable),
  ])
  func theLastNumberIsTheAnswer(_ completion: String, _ verdict: Verdict) throws {
    #expect(try judge(.numeric, [:], completion).verdict == verdict)
  }

  @Test func aPatternLeadsToTheNumberOrHoldsItInItsGroup() throws {
    let completion = "The answer is $42, that is 6 times 7"
    #expect(try judge(.numeric, ["pattern": "answer is"], completion).answer == "$42")
    #expect(try judge(.numeric, ["pattern": #"is (\S+) times"#], completion).answer == "6")
    #expect(try judge(.numeric, ["pattern": "result"], completion).verdict == .unparsable)
    #expect(try judge(.numeric, ["pattern": "times 7"], completion).verdict == .unparsable)
  }

  @Test(arguments: [
    (0.0, 0.0, Verdict.wrong), (0.02, 0, .right), (0, 0.001, .right), (0.005, 0.0001, .wrong),
  ])
  func tolerancesAreAbsoluteOrRelative(
    _ absolute: Double, _ relative: Double, _ verdict: Verdict
  ) throws {
    let changes: KeyValuePairs<String, JSONLiteral> = [
      "tolerance": .double(absolute), "relative_tolerance": .double(relative),
    ]
    #expect(try judge(.numeric, changes, "41.99").verdict == verdict)
  }

  @Test(arguments: [
    "{}", #"{"answer": "many"}"#, #"{"answer": [1]}"#, #"{"answer": ""}"#, "not JSON",
  ])
  func aRowWithoutANumberIsFailed(_ row: String) throws {
    let judgement = try judge(.numeric, [:], "42", row: row)
    #expect(judgement.verdict == .failed && !judgement.reason.isEmpty)
  }

  @Test func theGoldOfAWorkedSolutionStandsBehindItsMark() throws {
    let row = #"{"answer": "6 * 7 = 42 and 1 more\n#### 43"}"#
    #expect(try judge(.numeric, [:], "43", row: row).verdict == .right)
  }

  @Test func aNegativeToleranceIsRefused() {
    #expect {
      _ = try judge(.numeric, ["tolerance": -1], "")
    } throws: {
      "\($0)" == "'tolerance' must be at least 0; it is -1"
    }
  }
}
