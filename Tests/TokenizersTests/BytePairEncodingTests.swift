import JSON
import Testing

@testable import Tokenizers

struct BytePairEncodingTests {
  @Test func theLowestRankMergesFirst() throws {
    let tokenizer = try Tokenizer.small(
      ["a", "b", "c", "ab", "bc", "abc"], merges: ["b c", "a b", "a bc"])
    #expect(tokenizer.pieces("abc") == ["abc"])
    #expect(tokenizer.pieces("ab") == ["ab"])
    #expect(tokenizer.pieces("abab") == ["ab", "ab"])
  }

  @Test func onEqualRankTheLeftmostMergesFirst() throws {
    let tokenizer = try Tokenizer.small(["a", "aa"], merges: ["a a"])
    #expect(tokenizer.pieces("aaaaa") == ["aa", "aa", "a"])
  }

  @Test func aNewPairOfLowerRankGoesBeforeTheNextOccurrence() throws {
    let tokenizer = try Tokenizer.small(["a", "b", "ab", "aba"], merges: ["ab a", "a b"])
    #expect(tokenizer.pieces("abab") == ["aba", "b"])
  }

  @Test func mergesMayBePairsWithSpaces() throws {
    let tokenizer = try Tokenizer.small(
      [" ", "a", " a"], model: [.init("merges", [[" ", "a"]])])
    #expect(tokenizer.pieces(" a") == [" a"])
  }

  @Test func charactersOutsideTheVocabularyBecomeBytesElseUnknown() throws {
    let bytes = ["<0xC3>", "<0xA9>"]
    let model: [JSONLiteral.Member] = [
      .init("byte_fallback", true), .init("unk_token", "?"), .init("fuse_unk", true),
    ]
    let fused = try Tokenizer.small(["a", "?"] + bytes, model: model)
    #expect(fused.pieces("aéüüa") == ["a", "<0xC3>", "<0xA9>", "?", "a"])
    let apart = try Tokenizer.small(["a", "?"], model: [.init("unk_token", "?")])
    #expect(apart.pieces("üüa") == ["?", "?", "a"])
    #expect(try Tokenizer.small(["a"]).pieces("üa") == ["a"])
  }

  @Test func wholePiecesGoFirstIfMergesAreIgnored() throws {
    let tokens = ["a", "b", "c", "ab", "abc"]
    let merging = try Tokenizer.small(tokens, merges: ["a b"])
    let ignoring = try Tokenizer.small(
      tokens, merges: ["a b"], model: [.init("ignore_merges", true)])
    #expect(merging.pieces("abc") == ["ab", "c"])
    #expect(ignoring.pieces("abc") == ["abc"])
  }

  @Test func wordsAreCutOnlyWhereNoMergeCrosses() throws {
    let marks: [JSONLiteral.Member] = [
      .init("normalizer", ["type": "Replace", "pattern": ["String": " "], "content": "▁"])
    ]
    let tokens = ["a", "▁", "▁a", "▁▁", "a▁"]
    let within = try Tokenizer.small(tokens, merges: ["▁ ▁", "▁ a"], marks[0])
    #expect(within.pieces("a a  a") == ["a", "▁a", "▁▁", "a"])
    let across = try Tokenizer.small(tokens, merges: ["a ▁", "▁ a"], marks[0])
    #expect(across.pieces("a a") == ["a▁", "a"])
  }

  @Test func aLongPieceTakesNoQuadraticTime() throws {
    let tokenizer = try Tokenizer.small(
      ["a", "aa", "aaaa", "aaaaaaaa"], merges: ["a a", "aa aa", "aaaa aaaa"])
    let count = 800_000  // minutes, were it quadratic
    let ids = tokenizer.encode(String(repeating: "a", count: count), addSpecialTokens: false)
    #expect(ids == Array(repeating: 3, count: count / 8))
  }

  @Test func encodingAgainGivesTheSameIds() throws {
    let tokenizer = try Tokenizer.small(["a", "b", "ab", "▁"], merges: ["a b"])
    let text = String(repeating: "ab▁abb▁a", count: 20)
    let ids = tokenizer.encode(text, addSpecialTokens: false)
    #expect(tokenizer.encode(text, addSpecialTokens: false) == ids)
    #expect(tokenizer.encode("", addSpecialTokens: false) == [])
  }
}
