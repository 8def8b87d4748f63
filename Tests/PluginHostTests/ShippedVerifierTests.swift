import JSON
import Testing
import TestSupport
import Trajectories
import Verifiers

@testable import PluginHost

func judge(_ request: String, _ completion: String, row: String) throws -> Judgement {
  try shipped.verifier(PluginRequest(parsing: request)).verifier
    .judge([VerifierSample(row: row, completion: completion)])[0]
}

@Suite struct ExactTests {
  @Test(arguments: [
    ("so 7*6=42\n#### 42", Verdict.right), ("#### $42.00", .right), ("####42", .right),
    ("#### 41\n#### 42", .right), ("####\n42", .right), ("#### x = 42 apples.", .right),
    (#"thus \boxed{42}"#, .right), (#"\boxed{\text{about }{42}} so"#, .right),
    ("#### 84/2", .right),
    ("#### 42\nand \\boxed{41}", .right), ("#### 43", .wrong), ("#### -42", .wrong),
    ("#### 42 or 43", .unparsable), ("#### forty-two", .unparsable), ("42", .unparsable),
    ("####", .unparsable), ("", .unparsable), (#"\boxed{42"#, .unparsable),
  ])
  func theAnswerBehindTheLastMarkerIsCompared(_ completion: String, _ verdict: Verdict) throws {
    #expect(try judge("exact", completion, row: #"{"answer": "42"}"#).verdict == verdict)
  }

  @Test func aJudgementCarriesAnswerAndReason() throws {
    let row = #"{"answer": "1,000"}"#
    #expect(
      try judge("exact", "#### 1000.0", row: row)
        == Judgement(.right, reward: 1, answer: "1000.0"))
    #expect(
      try judge("exact", "#### 999", row: row)
        == Judgement(.wrong, reward: 0, reason: "expected 1,000", answer: "999"))
    #expect(
      try judge("exact:unparsable=-1", "none", row: row)
        == Judgement(.unparsable, reward: -1, reason: #"no answer behind '####' or '\boxed{'"#))
    #expect(try judge("exact:wrong=-0.25", "none", row: row).reward == -0.25)
    #expect(try judge("exact:right=2", "#### 1e3", row: row).reward == 2)
  }

  @Test(arguments: [
    ("exact:extract=last-number", "3 and 42.", Verdict.right),
    ("exact:extract=last-number", "none", .unparsable),
    ("exact:extract=whole", " 42 \n", .right),
    ("exact:extract=whole,compare=string", " 42\n", .right),
    ("exact:extract=whole,compare=string", "42.0", .wrong),
    ("exact:marker=ANSWER:", "ANSWER: 42", .right),
    ("exact:marker=ANSWER:", "#### 42", .unparsable),
    (#"exact:marker=["Result","A:"]"#, "A: 42, Result 41", .wrong),
  ])
  func extractionAndMarkersAreConfigurable(
    _ request: String, _ completion: String, _ verdict: Verdict
  ) throws {
    #expect(try judge(request, completion, row: #"{"answer": 42}"#).verdict == verdict)
  }

  @Test func textComparesWithOrWithoutCase() throws {
    let row = #"{"gold": "Größe"}"#
    let exact = "exact:compare=string,gold=gold"
    #expect(try judge(exact, "#### Größe ", row: row).verdict == .right)
    #expect(try judge(exact, "#### größe", row: row).verdict == .wrong)
    #expect(try judge(exact + ",ignore_case=true", "#### größe", row: row).verdict == .right)
  }

  @Test(arguments: [
    ("{}", "the row has no 'answer'"), (#"{"answer": null}"#, "the row has no 'answer'"),
    (#"{"answer": " "}"#, "the row's 'answer' is empty"),
    (#"{"answer": [1]}"#, "the row's 'answer' is neither a string nor a number"),
    ("[]", "the task row is not a JSON object"), ("{", "the task row is not a JSON object"),
    (
      #"{"answer": "many"}"#,
      "the gold answer 'many' is not a number; compare=string compares text"
    ),
  ])
  func aBrokenRowIsFailedWithItsReason(_ row: String, _ reason: String) throws {
    #expect(try judge("exact", "#### 1", row: row) == .failed(reason))
  }

  @Test func settingsThatCannotBeUsedAreNamed() throws {
    func reason(_ request: String) -> String {
      do {
        _ = try shipped.verifier(PluginRequest(parsing: request))
        return "nothing was thrown"
      } catch { return "\(error)" }
    }
    #expect(
      reason("exact:compare=words")
        == "exact: 'compare' must be one of number, string; it is 'words'")
    #expect(
      reason("exact:marker=[]")
        == "exact: 'marker' needs at least one text, and no empty one; for example [\"####\"]")
    #expect(reason("exact:marker=[1]") == "exact: 'marker[0]' must be a string")
    #expect(reason("exact:right=much") == "exact: 'right' must be a number; it is 'much'")
  }

  /// The SDK's own check, for a host that does not check: the instance is made without resolving.
  @Test func theSDKNamesUnknownKeysAndWrongTypesItself() throws {
    let exact = try #require(shipped.loaded.first { $0.info.name == "exact" })
    func reason(_ configuration: JSONLiteral) -> String {
      do {
        _ = try PluginInstance(exact, configuration: configuration, PluginSurroundings())
        return "nothing was thrown"
      } catch { return "\(error)" }
    }
    #expect(
      reason(["markers": []]) == """
        exact: unknown key 'markers'; did you mean 'marker'? known keys: compare, extract, gold, \
        ignore_case, marker, right, unparsable, wrong
        """)
    #expect(
      reason(["ignore_case": "no"]) == #"exact: 'ignore_case' must be true or false; it is "no""#)
    #expect(reason(["marker": "#"]) == ##"exact: 'marker' must be an array; it is "#""##)
    #expect(reason(["wrong": nil]) == "exact: 'wrong' must be a number; it is null")
    #expect(reason([1]) == "exact: the configuration is not a JSON object")
    #expect(reason([:]) == "nothing was thrown")
  }

  @Test(.enabled(if: Shared.isPresent, Shared.absence))
  func everyGoldAnswerOfGSM8KVerifiesAgainstItself() throws {
    let exact = try shipped.verifier(PluginRequest(name: "exact")).verifier
    var samples: [VerifierSample] = []
    for row in try JSONLines(of: Shared.url("data/gsm8k/train.jsonl")) {
      let row = try row.value.get()
      let solution = try row["solution"].requireString()
      samples.append(VerifierSample(row: row.serialized, completion: solution))
      // The form of GSM8K's own files: the gold is the solution, its answer behind the mark.
      let original: JSONLiteral = ["answer": .string(solution)]
      samples.append(
        VerifierSample(
          row: original.serialized(), completion: "#### \(try row["answer"].requireString())"))
    }
    #expect(samples.count == 2 * 7473)
    let judged = VerifierSet([.init(exact)]).judge(samples)
    #expect(judged.judgements.count { $0.verdict != .right } == 0)
  }
}

@Suite struct ArithmeticTests {
  private let row = #"{"problem": "7+5*3-2=", "answer": "34"}"#

  @Test(arguments: [
    ("# 34", Verdict.right), ("#34", .right), (" 12 36 34 # 3 4 \n", .right),
    ("# 33 # 34", .right), ("= 12, 36 # 34", .right), ("# 43", .wrong), ("# 34 # 43", .wrong),
    ("34", .unparsable), ("", .unparsable), ("# 4", .unparsable), ("# 034", .unparsable),
    ("# 34.", .unparsable), ("# 34 ok", .unparsable), ("#", .unparsable),
  ])
  func theTwoDigitsBehindTheLastMarkAreJudged(_ completion: String, _ verdict: Verdict) throws {
    #expect(try judge("arithmetic", completion, row: row).verdict == verdict)
  }

  @Test(arguments: [
    ("7+5*3-2=", "34"), ("3 - 5", "98"), ("9x9x9=", "29"), ("1-2-3 =", "96"), ("100+1", "01"),
    ("12*12*12*12=", "36"), ("5", "05"), ("9-9=", "00"), ("1-2*3=", "97"), ("0-99*99=", "99"),
  ])
  func chainsAreWorkedFromLeftToRightModulo100(_ problem: String, _ answer: String) throws {
    let row = #"{"problem": "\#(problem)", "answer": "\#(answer)"}"#
    #expect(try judge("arithmetic", "# \(answer)", row: row).verdict == .right)
  }

  @Test(arguments: [
    (
      #"{"problem": "7+5*3-2=", "answer": "43"}"#,
      "the row's 'answer' is '43', but 7+5*3-2= comes to 34"
    ),
    (#"{"problem": "7+5", "answer": "x"}"#, "the row's 'answer' is 'x', but 7+5 comes to 12"),
    (#"{"problem": "7+5"}"#, "the row has no 'answer'"),
    (#"{"answer": "12"}"#, "the row has no 'problem'"),
    (#"{"problem": "7+", "answer": "7"}"#, "'7+' is not a chain such as 7+5*3-2="),
    (#"{"problem": "7/5", "answer": "1"}"#, "'7/5' is not a chain such as 7+5*3-2="),
    (#"{"problem": "-7", "answer": "93"}"#, "'-7' is not a chain such as 7+5*3-2="),
    (#"{"problem": "12345", "answer": "45"}"#, "'12345' is not a chain such as 7+5*3-2="),
  ])
  func aBrokenRowIsFailedWithItsReason(_ row: String, _ reason: String) throws {
    #expect(try judge("arithmetic", "# 34", row: row) == .failed(reason))
  }

  @Test func workingIsMeasured() throws {
    let arithmetic = try shipped.verifier(PluginRequest(name: "arithmetic")).verifier
    let completions = ["# 34", "12 36 # 34", "12 36 # 33", "12 36", "hm # 34"]
    _ = arithmetic.judge(completions.map { VerifierSample(row: row, completion: $0) })
    #expect(
      arithmetic.takeMetrics() == [
        VerifierMetric("arithmetic/right_with_working", 0.5),
        VerifierMetric("arithmetic/working", 0.6),
      ])
  }

  @Test func keysAndRewardsAreConfigurable() throws {
    let row = #"{"chain": "1+1", "gold": 2}"#
    let request = "arithmetic:problem=chain,gold=gold,right=3,wrong=-1"
    #expect(try judge(request, "# 02", row: row).reward == 3)
    #expect(try judge(request, "#", row: row).reward == -1)
  }
}
