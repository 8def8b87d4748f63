import JSON
import Testing

@testable import Tokenizers

struct AddedTokenTests {
  private func stretches(
    _ text: String, _ tokens: [AddedToken], parseSpecial: Bool = true
  ) -> [String] {
    let matcher = AddedTokenMatcher(tokens, contents: tokens.map { Array($0.content.utf8) })
    return withBytes(text) { bytes in
      var result: [String] = []
      matcher.forEachStretch(in: bytes, parseSpecial: parseSpecial) { stretch in
        switch stretch {
        case .token(let id): result.append("#\(id)")
        case .text(let start, let end): result.append(bytes.text(start, end))
        }
      }
      return result
    }
  }

  @Test func theLeftmostAndLongestWins() {
    let tokens = [
      AddedToken(id: 0, content: "<a"), AddedToken(id: 1, content: "<a>"),
      AddedToken(id: 2, content: "a>b"),
    ]
    #expect(stretches("x<a>b<a<ab", tokens) == ["x", "#1", "b", "#0", "#0", "b"])
    #expect(stretches("", tokens) == [])
  }

  @Test func singleWordsAdjoinNoWord() {
    let foo = [AddedToken(id: 7, content: "foo", singleWord: true)]
    #expect(stretches("foo!", foo) == ["#7", "!"])
    #expect(stretches("a foo", foo) == ["a ", "#7"])
    for text in ["food", "foo_", "1foo", "éfoo", "foo\u{301}"] {
      #expect(stretches(text, foo) == [text])
    }
  }

  @Test func strippingSwallowsWhiteSpace() {
    let left = AddedToken(id: 1, content: "<l>", lstrip: true)
    let right = AddedToken(id: 2, content: "<r>", rstrip: true)
    #expect(stretches("a \n<l> b", [left]) == ["a", "#1", " b"])
    #expect(stretches("a <r> \r\n\u{3000}b", [right]) == ["a ", "#2", "b"])
    #expect(stretches("<r>  <l>", [left, right]) == ["#2", "#1"])
  }

  @Test func specialTokensCanBeTakenForText() {
    let tokens = [
      AddedToken(id: 1, content: "<s>", special: true), AddedToken(id: 2, content: "<think>"),
    ]
    #expect(stretches("<s><think>", tokens) == ["#1", "#2"])
    #expect(stretches("<s><think>", tokens, parseSpecial: false) == ["<s>", "#2"])
  }

  @Test func everyStretchIsNormalisedOnItsOwn() throws {
    let tokenizer = try Tokenizer.small(
      ["▁", "a", "b", "▁a"], merges: ["▁ a"],
      .init("normalizer", ["type": "Prepend", "prepend": "▁"]),
      .init("added_tokens", [["id": 4, "content": "<e>", "normalized": false]]))
    #expect(tokenizer.pieces("a<e>b<e>") == ["▁a", "<e>", "▁", "b", "<e>"])
  }

  @Test func normalisedTokensAreFoundInNormalisedText() throws {
    let tokenizer = try Tokenizer.small(
      ["x", "y", "k"], .init("normalizer", ["type": "Lowercase"]),
      .init("added_tokens", [["id": 3, "content": "KEY", "normalized": true]]))
    #expect(tokenizer.pieces("xKeYykey") == ["x", "KEY", "y", "KEY"])
    #expect(tokenizer.size == 4)
  }
}
