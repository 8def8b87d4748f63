import Environments
import Foundation
import PluginHost
import Testing

/// Isolated where that is possible.
private func python(_ settings: String = "") throws -> any Environment {
  try environment("python:allow_unsandboxed=true,wall_seconds=60" + settings)
}

private enum Interpreter {
  static let isThere = (try? python()) != nil
  static let absence: Comment = {
    do { _ = try python() } catch { return "skipped: \(error)" }
    return "present"
  }()
}

@Suite(.serialized, .enabled(if: Interpreter.isThere, Interpreter.absence))
struct PythonTests {
  private let row = #"{"problem": "6 * 7?", "answer": "42", "code": "print(6 * 7)"}"#

  private func played(_ settings: String = "") throws -> Played {
    try Played(python(settings), row: row)
  }

  private func block(_ code: String) -> String { "So:\n```python\n\(code)\n```\n" }

  @Test func whatIsPrintedComesBack() throws {
    var played = try played(",turns=9")
    #expect(played.opening.hasPrefix("6 * 7?\n\nYou can write Python"))
    #expect(try played.say(block("print(6 * 7)")) == "Code execution result: 42")
    #expect(try played.say("```\nprint('a')\nprint('b')\n```") == "Code execution result: a\nb")
    #expect(try played.say("```py\nprint(1)\n```\nand ```py\nprint(2)\n```").hasSuffix(" 1"))
    #expect(try played.say(block("x = 1")) == "")
    #expect(!played.wasVoid && played.ending == nil)
    #expect(
      try played.say(block("print(1)\n1/0"))
        == "Code execution result: ZeroDivisionError: division by zero")
    #expect(try played.say(block("print(")).contains("SyntaxError"))
  }

  @Test func outputIsCutInTheMiddle() throws {
    var played = try played(",output=20")
    let result = try played.say(block("print('a' * 100 + 'b' * 100)"))
    #expect(
      result
        == "Code execution result: aaaaaaaaaa\n... 180 characters left out ...\nbbbbbbbbbb")
  }

  @Test func aBoxEndsTheEpisode() throws {
    for (turn, ending) in [
      (#"It is \boxed{42}."#, EpisodeEnding.succeeded), (#"\boxed{84/2}"#, .succeeded),
      (#"\boxed{41}"#, .missed), (#"\boxed{"#, .missed),
      (block("final_answer(6 * 7)"), .succeeded), (block("final_answer('x')"), .missed),
      // The code runs even then, and what it prints comes last.
      (#"\boxed{1} "# + block("final_answer(42)"), .succeeded),
    ] {
      var played = try played()
      try played.say(turn)
      #expect(played.ending == ending, "\(turn)")
      #expect(played.reward == (ending == .succeeded ? 1 : 0))
    }
  }

  /// What stands behind the code has been dropped and does not count.
  @Test func anAnswerBehindTheCodeDoesNotCount() throws {
    var played = try played()
    try played.say(block("print(1)") + #"so \boxed{42}"#)
    #expect(played.ending == nil && !played.wasVoid)
  }

  @Test func aTurnWithoutCodeOrAnswerIsVoid() throws {
    for turn in ["hm", "", "```python\nprint(1)", "``` print(1) ```", "```js\n1\n```", "boxed{1}"] {
      var played = try played()
      try played.say(turn)
      #expect(played.wasVoid && played.ending == .malformed, "\(turn)")
      var lenient = try self.played(",void_ends=false")
      try lenient.say(turn)
      #expect(lenient.wasVoid && lenient.ending == nil)
    }
  }

  @Test func aProgramForgetsAndASessionRemembers() throws {
    var oneOff = try played()
    try oneOff.say(block("x = 6"))
    #expect(try oneOff.say(block("print(x * 7)")).contains("NameError: name 'x' is not defined"))
    var session = try played(",state=persistent,turns=20")
    try session.say(block("x = 6\ndef f(n): return n * x"))
    #expect(try session.say(block("print(f(7))")) == "Code execution result: 42")
    #expect(try session.say(block("raise ValueError('no')")).hasSuffix("ValueError: no"))
    #expect(try session.say(block("print('\\ud800', x)")) == "Code execution result: ? 6")
    #expect(try session.say(block("import sys; sys.exit(3)")).hasSuffix("SystemExit: 3"))
    #expect(try session.say(block("print(x)")).hasSuffix(" 6"))
    #expect(try session.say(block("import os; os._exit(3)")).contains("exited with status 3"))
    #expect(try session.say(block("print(x)")).contains("NameError"))
    try session.say(block("final_answer(42)"))
    #expect(session.ending == .succeeded)
  }

  @Test(arguments: ["per_turn", "persistent"]) func codeThatRunsOnIsStopped(_ state: String) throws
  {
    var played = try played(",seconds=1,turns=1,state=\(state)")
    #expect(try played.say(block("while True: pass")).contains("TimeoutError"))
  }

  @Test func toolCallsRunCodeToo() throws {
    var played = try played(",syntax=tool_call,turns=9")
    #expect(
      try played.say(
        #"<tool_call>{"name": "python", "arguments": {"code": "print(6*7)"}}</tool_call>"#)
        == "Code execution result: 42")
    #expect(played.transitions[0].messages[0]["role"] == "tool")
    #expect(
      try played.say(#"<tool_call>{"name": "ruby", "arguments": {}}</tool_call>"#)
        == "Code execution result: there is no tool 'ruby'; use python")
    #expect(!played.wasVoid)
  }

  @Test func theExpertRunsTheRowsCode() throws {
    for settings in ["", ",state=persistent", ",syntax=tool_call"] {
      var played = try played(settings)
      #expect(try played.letExpertPlay().count == 2)
      #expect(played.ending == .succeeded)
    }
    let bare = try Played(python(), row: #"{"problem": "?", "answer": "1"}"#)
    #expect(try bare.episode.expertTurn() == nil)
  }

  @Test func rowsThatCannotBeUsedFail() throws {
    for row in [#"{"answer": "1"}"#, #"{"problem": "?"}"#, #"{"problem": "?", "answer": ""}"#] {
      #expect(throws: (any Error).self) { try Played(python(), row: row) }
    }
  }

  @Test(arguments: ["turns=0", "output=1", "seconds=0", "memory=1", "wall_seconds=0", "python=/no"])
  func settingsThatCannotBeUsedAreRefused(_ setting: String) {
    #expect(throws: (any Error).self) { try environment("python:\(setting)") }
  }
}
