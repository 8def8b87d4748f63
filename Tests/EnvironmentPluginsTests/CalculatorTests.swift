import Environments
import JSON
import Testing

@Suite struct CalculatorTests {
  private func calculate(_ expression: String) throws -> String {
    var played = try Played("calculator:turns=9")
    return try played.say("<calc>\(expression)</calc>")
  }

  @Test(arguments: [
    ("12*(3+4)", "84"), ("7/3-1/2+2**10", "6155/6"), ("-2^2", "-4"), ("(-2)^2", "4"),
    ("2^-2", "0.25"), ("2^3^2", "512"), ("1.5 × 4 − 2 ÷ 4", "5.5"), ("--3", "3"), ("[1+2]*3", "9"),
    ("10^20+1", "100000000000000000001"), ("0.1+0.2", "0.3"),
  ])
  func valuesAreExact(_ expression: String, _ value: String) throws {
    #expect(try calculate(expression) == value)
  }

  @Test(arguments: [
    ("", "the expression is empty"), ("(1+2", "the '(' at position 1 is never closed"),
    ("1+*2", "unexpected '*' at position 3"), ("2)", "unexpected ')' at position 2"),
    ("2 3", "unexpected '3' at position 3"),
    ("3 x 4", "'x' at position 3 is not allowed; use numbers, + - * / ^ and ( )"),
    ("1+", "the expression ends where a number is expected"), ("1/(2-2)", "division by zero"),
    ("1.2.3", "'1.2.3' at position 1 is no number"),
    ("2^0.5", "the exponent at position 3 is no whole number, or too large"),
    ("9^9^9", "a result has more than 1000 digits"),
  ])
  func errorsTellTheModelWhatToMend(_ expression: String, _ reason: String) throws {
    #expect(try calculate(expression) == "error: \(reason)")
  }

  @Test func hostileExpressionsTakeLittleTime() throws {
    let start = ContinuousClock.now
    for part in ["(", "-", "9", "2^", "9*", "1/3+", "\u{1F600}"] {
      let text = String(repeating: part, count: (1 << 18) / part.utf8.count)
      #expect(try calculate(text).hasPrefix("error: "))
      #expect(try !calculate(String(text.prefix(498)) + "2").isEmpty)
    }
    #expect(ContinuousClock.now - start < .seconds(5))
  }

  @Test func anAnswerEndsTheEpisode() throws {
    let row = #"{"problem": "A third of seven?", "answer": "7/3"}"#
    for (answer, reward) in [
      ("7/3", 1.0), ("14/6", 1), ("-7/3", 0), ("2.33", 0), ("7 / 3", 1), ("7/3/1", 0), ("", 0),
      ("6/3+1/3", 0), ("7/0", 0),
    ] {
      var played = try Played("calculator:tasks=rows", row: row)
      #expect(played.opening.hasPrefix("A third of seven?"))
      try played.say("It is <answer>\(answer)</answer>")
      #expect(played.ending == (reward == 1 ? .succeeded : .missed), "\(answer)")
      #expect(played.reward == reward)
    }
  }

  @Test func aRowThatWouldNotBeUsedIsRefused() throws {
    let row = #"{"problem": "A third of seven?", "answer": "7/3"}"#
    #expect(throws: (any Error).self) { try Played("calculator", row: row) }
    #expect(try Played("calculator:tasks=rows", row: row).opening.contains("seven"))
  }

  @Test func whatStandsFirstInATurnCounts() throws {
    var played = try Played("calculator")
    #expect(try played.say("<calc>1+1</calc><answer>5</answer>") == "2" && played.ending == nil)
    try played.say("<answer>5</answer><calc>1+1</calc>")
    #expect(played.ending == .missed)
  }

  @Test func aTurnWithNeitherIsVoid() throws {
    for turn in ["hm", "<calc>1+1", "</calc>", "<answer>3", ""] {
      var played = try Played("calculator")
      try played.say(turn)
      #expect(played.wasVoid && played.ending == nil, "\(turn)")
    }
    var strict = try Played("calculator:void_ends=true")
    try strict.say("hm")
    #expect(strict.wasVoid && strict.ending == .malformed)
  }

  @Test func toolCallsAreReadAsModelsWriteThem() throws {
    let environment = try environment("calculator:syntax=tool_call,turns=20")
    #expect(environment.world.stops == ["</tool_call>", "</answer>"])
    guard case .array(let tools) = environment.world.tools else { throw JSONError.expected }
    #expect(tools.count == 1 && tools[0]["function"]?["name"] == "calculator")
    var played = try Played(environment)
    func call(_ text: String) throws -> String { try played.say("<tool_call>\(text)</tool_call>") }
    #expect(
      try call("\n{\"name\": \"calculator\", \"arguments\": {\"expression\": \"6*7\"}}\n") == "42")
    #expect(
      try call(#"{"name": "calculator", "arguments": "{\"expression\": \"6*7\"}"}"#) == "42")
    #expect(
      try call(#"{"name": "abacus", "arguments": {}}"#)
        == "error: there is no tool 'abacus'; use calculator")
    #expect(
      try call(#"{"name": "calculator", "arguments": {}}"#)
        == #"error: the call has no "expression""#)
    #expect(try call("6*7") == "error: the tool call is not a JSON object")
    #expect(try call("{}") == #"error: the tool call has no "name""#)
    #expect(played.transitions.allSatisfy { !$0.isVoid })
    #expect(played.transitions[0].messages[0]["role"] == "tool")
  }

  @Test func theExpertCallsAndAnswers() throws {
    for settings in ["", ":syntax=tool_call", ":operations=/,terms=6,digits=1", ":terse=true"] {
      let environment = try environment("calculator" + settings)
      for seed in 0..<50 {
        var played = try Played(environment, seed: UInt64(seed))
        #expect(try played.letExpertPlay().count == 2)
        #expect(played.ending == .succeeded)
      }
    }
  }

  @Test(arguments: [
    "turns=0", "terms=1", "digits=99", "operations=%", "operations=", "answer=calc", "answer=a b",
    "syntax=xml",
  ])
  func settingsThatCannotBeUsedAreRefused(_ setting: String) {
    #expect(throws: (any Error).self) { try environment("calculator:\(setting)") }
  }

  private enum JSONError: Error { case expected }
}
