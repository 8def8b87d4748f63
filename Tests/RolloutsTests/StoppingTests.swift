import Testing
import Tokenizers

@testable import Rollouts

/// When a completion ends, and what its text is then.
@Suite struct StoppingTests {
  @Test func theBudgetOfTokensEndsIt() throws {
    let found = try Script("abcdefgh").run { $0.maximumNewTokens = 3 }
    #expect(found.text == "bcd")
    #expect(found.stop == .length)
    #expect(found.tokens == [1, 2, 3])
  }

  /// The end token is recorded, scored, and left out of the text; any of several ends it.
  @Test(arguments: [Set<Int32>([4]), [6, 4], [4, 5, 6]])
  func anEndTokenEndsIt(endTokens: Set<Int32>) throws {
    let found = try Script("abcdefgh").run { $0.endTokens = endTokens }
    #expect(found.text == "bcd")
    #expect(found.stop == .endToken)
    #expect(found.tokens == [1, 2, 3, 4])
    #expect(found.oldLogprobs.count == 4)
  }

  @Test func anEndTokenOnTheLastPlaceIsAnEndToken() throws {
    let found = try Script("abcd").run { ($0.endTokens, $0.maximumNewTokens) = ([3], 3) }
    #expect(found.stop == .endToken)
  }

  @Test func aStopStringOverSeveralTokensEndsIt() throws {
    let found = try Script("abcdefgh").run { $0.stopStrings = ["zz", "def"] }
    #expect(found.text == "bc")
    #expect(found.stop == .stopString)
    #expect(found.tokens == [1, 2, 3, 4, 5])
  }

  @Test func aStopStringInTheMiddleOfATokenEndsIt() throws {
    let script = try Script([Array("a".utf8), Array("b\nc#".utf8), Array("d".utf8)])
    let found = try script.run { $0.stopStrings = ["\n"] }
    #expect(found.text == "b")
    #expect(found.tokens == [1])
  }

  @Test func theFirstStopStringInTheTextCutsIt() throws {
    let script = try Script([Array("a".utf8), Array("bxcy".utf8), Array("d".utf8)])
    #expect(try script.run { $0.stopStrings = ["y", "x"] }.text == "b")
  }

  @Test func thePromptIsNoPartOfTheText() throws {
    let found = try Script("abcdefgh").run { $0.stopStrings = ["ab", "gh"] }
    #expect(found.text == "bcdef")
  }

  /// Bytes of one character come one by one; its first byte alone is no match.
  @Test func aStopStringOfSeveralBytesWaitsForTheLast() throws {
    let found = try Script("aбΩł!").run { $0.stopStrings = ["ł"] }
    #expect(found.text == "бΩ")
    #expect(found.tokens.count == 6)
  }

  /// The token that completes it also begins the next character.
  @Test func aStopStringBeforeHalfACharacterEndsIt() throws {
    let script = try Script([
      Array("a".utf8), Array("b".utf8), Array("STOP".utf8) + [0xC3], [0xA9], Array("c".utf8),
    ])
    let found = try script.run { $0.stopStrings = ["STOP"] }
    #expect(found.text == "b")
    #expect(found.tokens == [1, 2])
  }

  /// Swift takes the two for one character.
  @Test func aLineFeedAfterACarriageReturnIsFound() throws {
    let found = try Script("ab\r\ncd").run { $0.stopStrings = ["\n"] }
    #expect(found.text == "b\r")
    #expect(found.tokens == [1, 2, 3])
  }

  /// An accent that follows a letter makes one character of both.
  @Test func aLetterBeforeAnAccentIsFound() throws {
    let found = try Script("abe\u{301}cd").run { $0.stopStrings = ["e"] }
    #expect(found.text == "b")
    #expect(found.stop == .stopString)
  }

  /// Bytes that are no text neither hide a stop string nor end a completion.
  @Test func invalidBytesDoNotHideAStopString() throws {
    let script = try Script([Array("a".utf8), [0xFF], [0xC3], Array("#".utf8), Array("b".utf8)])
    let found = try script.run { $0.stopStrings = ["#"] }
    #expect(found.stop == .stopString)
    #expect(found.text == "\u{FFFD}\u{FFFD}")
  }

  @Test func anEmptyStopStringIsRefused() throws {
    let script = try Script("abc")
    #expect(throws: RolloutError.emptyStopString) { try script.run { $0.stopStrings = ["x", ""] } }
  }
}
