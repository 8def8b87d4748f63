import Testing

@testable import Tokenizers

struct SplitPatternTests {
  private func pieces(_ text: String, _ pattern: SplitPattern) -> [String] {
    withBytes(text) { bytes in
      var pieces: [String] = []
      pattern.forEachMatch(in: bytes) { pieces.append(bytes.text($0, $1)) }
      return pieces
    }
  }

  @Test func aRunOfSpacesGivesItsLastToTheWord() {
    for pattern in SplitPattern.allCases {
      #expect(pieces("a   b", pattern) == ["a", "  ", " b"])
      #expect(pieces("a \u{3000}", pattern) == ["a", " \u{3000}"])
    }
    #expect(pieces("a\tb", .gpt2) == ["a", "\t", "b"])
    #expect(pieces("a\tb", .qwen2) == ["a", "\tb"])
  }

  @Test func contractionsComeBeforeWords() {
    #expect(pieces("SURE'S", .llama3) == ["SURE", "'S"])
    #expect(pieces("'SURE", .llama3) == ["'S", "URE"])
    #expect(pieces("we'LL've", .llama3) == ["we", "'LL", "'ve"])
    #expect(pieces("SURE'S it's", .gpt2) == ["SURE", "'", "S", " it", "'s"])
    #expect(pieces("they're'", .gpt2) == ["they", "'re", "'"])
  }

  @Test func digitsAreGroupedAsTheFamilySays() {
    #expect(pieces("a 1234567", .gpt2) == ["a", " 1234567"])
    #expect(pieces("12 345", .qwen2) == ["1", "2", " ", "3", "4", "5"])
    #expect(pieces("1234567²½", .llama3) == ["123", "456", "7²½"])
  }

  @Test func lineBreaksEndTheRunThatHoldsThem() {
    #expect(pieces("x \t\n y", .qwen2) == ["x", " \t\n", " y"])
    #expect(pieces("x \n\u{A0}\r\n  y", .qwen2) == ["x", " \n\u{A0}\r\n", " ", " y"])
    #expect(pieces("end!\r\n\r\nnext", .qwen2) == ["end", "!\r\n\r\n", "next"])
  }

  @Test func combiningMarksAreNeitherLettersNorSpace() {
    #expect(pieces("e\u{301}a", .qwen2) == ["e", "\u{301}a"])
    #expect(pieces("क्ष", .qwen2) == ["क", "्ष"])
    #expect(pieces("e\u{301}a", .gpt2) == ["e", "\u{301}", "a"])
    #expect(pieces(" \u{301}!", .gpt2) == [" \u{301}!"])
  }

  @Test func whiteSpaceIsThePropertyAndNoControl() {
    let spaces = "\t\u{B}\u{C}\u{85}\u{A0}\u{1680}\u{2000}\u{200A}\u{2028}\u{2029}\u{202F}\u{205F}"
    #expect(pieces(spaces, .gpt2) == [spaces])
    #expect(pieces("\u{1C}\u{1F}\u{180E}\u{200B}\u{FEFF}", .gpt2).count == 1)
    #expect(pieces("a\u{1C}b", .gpt2) == ["a", "\u{1C}", "b"])
  }
}
