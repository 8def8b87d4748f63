import Environments
import Testing

@Suite struct CountdownTests {
  private let row = #"{"numbers": [8, 3, 2], "target": 12, "solution": "8*3/2"}"#

  @Test func everyTryGetsAWord() throws {
    var played = try Played("countdown:tasks=rows,turns=9", row: row)
    #expect(played.opening.hasPrefix("Make 12 from the numbers 8, 3, 2: use each of them exactly"))
    for (expression, word) in [
      ("8*3", "It comes to 24, not 12; 2 is not used."),
      ("8*3*2", "It comes to 48, not 12."), ("8/3+2", "It comes to 14/3, not 12."),
      ("8+2+2", "It comes to 12; 2 is used too often."), ("12", "It comes to 12; 12 is not among"),
      ("8/(3-3)", "Not usable: it divides by zero."), ("8**3", "Not usable: it cannot be read."),
      ("8*3/2=13", "Not usable: behind '=' stands not the target."),
    ] { #expect(try played.say("<answer>\(expression)</answer>").hasPrefix(word), "\(expression)") }
    #expect(try played.say(#"so <answer>\frac{8 \times 3}{2} = 12</answer>"#) == "correct")
    #expect(played.ending == .succeeded && played.reward == 1)
  }

  @Test func aRowThatWouldNotBeUsedIsRefused() throws {
    #expect(throws: (any Error).self) { try Played("countdown", row: row) }
    #expect(try Played("countdown:tasks=rows", row: row).opening.contains("12"))
  }

  @Test func triesAreBoundedAndTurnsWithoutAnAnswerVoid() throws {
    var played = try Played("countdown:tasks=rows,turns=2", row: row)
    try played.say("8*3/2")
    #expect(played.wasVoid)
    try played.say("<answer>8+3+2</answer>")
    #expect(played.ending == .outOfTurns && played.reward == 0)
    var flexible = try Played("countdown:tasks=rows,flexible=true", row: row)
    #expect(try flexible.say("perhaps\n8*3/2") == "correct")
  }

  @Test func generatedProblemsAreSolvedByTheExpert() throws {
    for settings in ["", ":fewest=5,most=6,largest_target=999", ":terse=true"] {
      let environment = try environment("countdown" + settings)
      for seed in 0..<50 {
        var played = try Played(environment, seed: UInt64(seed))
        #expect(try played.letExpertPlay().count == 1)
        #expect(played.ending == .succeeded)
      }
    }
  }

  @Test func rowsThatCannotBeUsedFail() throws {
    for row in [#"{"numbers": 3, "target": 12}"#, #"{"numbers": [1], "target": "x"}"#, "[]"] {
      #expect(throws: (any Error).self) { try Played("countdown:tasks=rows", row: row) }
    }
    #expect(throws: (any Error).self) { try Played("countdown:tasks=rows") }
    #expect(throws: (any Error).self) { try environment("countdown:integer_steps=true") }
  }
}
