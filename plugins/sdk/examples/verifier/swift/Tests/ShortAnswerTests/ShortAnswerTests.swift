import TemperPlugin
import Testing

@testable import ShortAnswer

@Suite struct ShortAnswerTests {
  private func judge(_ completion: String, tokens: Int = 3) throws -> Judgement {
    let plugin = try ShortAnswer(ShortAnswer.Configuration(), host: .trial)
    return try plugin.judge(
      .trial(
        row: #"{"answer": 42}"#, completion: completion,
        tokens: Array(repeating: 0, count: tokens)))
  }

  @Test func theLastWordIsHeldAgainstTheRow() throws {
    #expect(try judge("so it is 42\n").verdict == .right)
    #expect(try judge("so it is 41").reason == "expected 42")
  }

  @Test func aLongCompletionIsWrongAndAnEmptyOneUnparsable() throws {
    #expect(try judge("42", tokens: 201).verdict == .wrong)
    #expect(try judge(" ").verdict == .unparsable)
  }
}
