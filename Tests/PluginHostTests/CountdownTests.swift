import JSON
import TestSupport
import Testing
import Trajectories
import Verifiers

@testable import PluginHost

@Suite struct CountdownTests {
  private let row = #"{"numbers": [8, 3, 2], "target": 12}"#

  @Test(arguments: [
    "<answer>8*3/2</answer>", "<answer>(8 * 3) / 2 = 12</answer>", "<answer>8 ÷ 2 × 3</answer>",
    #"<answer>$8 \cdot 3 \div 2$</answer>"#, #"\boxed{\frac{8\times3}{2}}"#,
    #"<answer>8 / \dfrac{2}{3}</answer>"#, #"<answer>\left[8*3\right]/{2}</answer>"#,
    "<answer>1</answer> no: <answer>8*3/2</answer>", "<think>1+1</think> <answer>8*3/2</answer>",
    "<answer>8/(2/3)</answer>",
  ])
  func anExpressionThatReachesTheTargetIsRight(_ completion: String) throws {
    #expect(try judge("countdown", completion, row: row).verdict == .right)
  }

  @Test(arguments: [
    ("<answer>8*3</answer>", "2 is not used"),
    ("<answer>8*3/2*2/2</answer>", "2 is used too often"),
    ("<answer>8*3/2*1</answer>", "1 is not among the numbers"),
    ("<answer>12</answer>", "12 is not among the numbers"),
    ("<answer>8-3+2</answer>", "it does not come to 12"),
    ("<answer>8/(2-2)*3</answer>", "2 is used too often"),
    ("<answer>83/2</answer>", "83 is not among the numbers"),
  ])
  func otherNumbersAndValuesAreWrong(_ completion: String, _ reason: String) throws {
    let judgement = try judge("countdown", completion, row: row)
    #expect(judgement.verdict == .wrong && judgement.reason == reason)
  }

  @Test(arguments: [
    "8*3/2", "<answer></answer>", "<answer>8**3/2</answer>", "<answer>8*3//2</answer>",
    "<answer>8%3</answer>", "<answer>-2+8*3</answer>", "<answer>8*03/2</answer>",
    "<answer>8*3.0/2</answer>", "<answer>1e2</answer>", "<answer>8 3/2</answer>",
    "<answer>12=8*3/2</answer>", "<answer>8*3/2=12=12</answer>", "<answer>8*3/2=13</answer>",
    "<answer>８*3/2</answer>", "<answer>pow(8,3)/2</answer>", "<answer>8*3/(2</answer>",
    "<answer>8*3/2)</answer>", "<answer><answer>8*3/2</answer></answer>", "<answer>8*3/2",
    "<think><answer>8*3/2</answer></think>", "<think><answer>8*3/2</answer>",
  ])
  func whatIsNoExpressionIsUnparsable(_ completion: String) throws {
    #expect(try judge("countdown", completion, row: row).verdict == .unparsable)
  }

  @Test func hostileAnswersTakeLittleTime() throws {
    let start = ContinuousClock.now
    for part in ["(", "1+", #"\frac{"#, #"\frac{1}{"#, "{", "9"] {
      let text = String(repeating: part, count: (1 << 20) / part.utf8.count)
      #expect(try judge("countdown", "<answer>\(text)</answer>", row: row).verdict != .right)
      #expect(try judge("countdown", #"\boxed{"# + text, row: row).verdict != .right)
      let short = String(text.prefix(4000))
      #expect(try judge("countdown", "<answer>\(short)</answer>", row: row).verdict != .right)
    }
    #expect(ContinuousClock.now - start < .seconds(5))
  }

  @Test func valuesAreExact() throws {
    func verdict(_ numbers: String, _ target: Int, _ expression: String) throws -> Verdict {
      let row = #"{"numbers": [\#(numbers)], "target": \#(target)}"#
      return try judge("countdown", "<answer>\(expression)</answer>", row: row).verdict
    }
    #expect(try verdict("1, 3, 3", 1, "1/3*3") == .right)
    // Equal in floating point, and not equal.
    #expect(
      try verdict("1, 9007199254740993, 9007199254740992", 1, "9007199254740993/9007199254740992*1")
        == .wrong)
    let large = Int.max
    #expect(
      try verdict(
        "\(large), \(large), \(large), \(large), 5", 5, "\(large)*\(large)/(\(large)*\(large))*5")
        == .right)
    #expect(
      try verdict("\(large), \(large), \(large - 1), 5", 5, "\(large)*5-\(large)*5") == .wrong)
    #expect(try verdict("5, \(large), \(large), 2", 3, "5-\(large)/\(large)*2") == .right)
  }

  @Test func subsetsStepsAndFlexibleAnswersCanBeAllowed() throws {
    #expect(
      try judge("countdown:use=subset", "<answer>3+8-2+3</answer>", row: row).verdict == .wrong)
    let short = #"{"numbers": [8, 3, 2], "target": 24}"#
    #expect(try judge("countdown:use=subset", "<answer>8*3</answer>", row: short).verdict == .right)
    #expect(try judge("countdown:extract=flexible", "so\n8*3/2\nok", row: row).verdict == .right)
    let steps = "countdown:integer_steps=true"
    #expect(try judge(steps, "<answer>8*3/2</answer>", row: row).verdict == .right)
    #expect(try judge(steps, "<answer>3/2*8</answer>", row: row).verdict == .wrong)
    #expect(try judge(steps, "<answer>8/2*3</answer>", row: row).verdict == .right)
    let below = #"{"numbers": [2, 3, 5], "target": 4}"#
    #expect(try judge(steps, "<answer>2-3+5</answer>", row: below).verdict == .wrong)
    #expect(try judge(steps, "<answer>5-3+2</answer>", row: below).verdict == .right)
  }

  @Test(arguments: [
    "{}", #"{"numbers": [1.5], "target": 1}"#, #"{"numbers": [], "target": 1}"#,
    #"{"numbers": [1], "target": "x"}"#, #"{"numbers": [-1], "target": 1}"#, "[",
  ])
  func aBrokenRowIsFailed(_ row: String) throws {
    #expect(try judge("countdown", "<answer>1</answer>", row: row).verdict == .failed)
  }

  @Test func wellFormedAnswersAreCountedAndCanBePaid() throws {
    let request = try PluginRequest(parsing: "countdown:wrong=0.1,unparsable=0")
    let countdown = try shipped.verifier(request).verifier
    let completions = ["<answer>8+3+2</answer>", "12", "<answer>8*3/2</answer>"]
    let judgements = countdown.judge(completions.map { VerifierSample(row: row, completion: $0) })
    #expect(judgements.map(\.reward) == [0.1, 0, 1])
    #expect(countdown.takeMetrics() == [VerifierMetric("countdown/well_formed", 2.0 / 3)])
  }

  @Test(.enabled(if: Shared.isPresent, Shared.absence))
  func allGoldenCasesAgree() throws {
    var cases = 0
    for line in try JSONLines(of: Shared.url("golden/countdown_cases.jsonl")) {
      let row = try line.value.get()
      let judgement = try judge(
        "countdown", try row["response"].requireString(), row: row.serialized)
      #expect((judgement.verdict == .right) == row["expected"].bool, "\(row["id"].string ?? "")")
      cases += 1
    }
    #expect(cases > 0)
  }
}
