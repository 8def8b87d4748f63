import Testing

@testable import Tokenizers

struct DecoderTests {
  private func text(_ tokens: [String], _ decoder: Decoder) -> String {
    var fragments = Fragments()
    for token in tokens { withBytes(token) { fragments.append($0) } }
    return decoder.text(of: fragments)
  }

  private func bytes(_ bytes: [UInt8]) -> String {
    let display = bytes.withUnsafeBufferPointer { ByteDisplay.display($0) }
    return text([String(decoding: display, as: UTF8.self)], .byteLevel)
  }

  @Test func illFormedBytesGiveOneReplacementForEachMaximalPart() {
    #expect(bytes([0xF0, 0x9F]) == "\u{FFFD}")
    #expect(bytes([0xF0, 0x9F, 0x41]) == "\u{FFFD}A")
    #expect(bytes([0xC0, 0xAF]) == "\u{FFFD}\u{FFFD}")
    #expect(bytes([0xED, 0xA0, 0x80]) == "\u{FFFD}\u{FFFD}\u{FFFD}")
    #expect(bytes([0xFF, 0xFE]) == "\u{FFFD}\u{FFFD}")
  }

  @Test func byteLevelJoinsBytesBeforeDecoding() {
    #expect(text(["Ã", "©", "Ġa", "Ċ"], .byteLevel) == "é a\n")
    #expect(text(["Ġ", "<日>"], .byteLevel) == " <日>")
  }

  @Test func everyByteHasOneCharacter() {
    #expect(Set(ByteDisplay.scalars).count == 256)
    #expect(ByteDisplay.scalars[0x20] == 0x120)
    #expect(ByteDisplay.scalars[0x0A] == 0x10A)
    #expect(ByteDisplay.scalars[0xAD] == 0x143)
  }

  @Test func aRunOfByteTokensIsAllValidOrAllReplaced() {
    #expect(text(["<0xC3>", "<0xA9>", "x"], .byteFallback) == "éx")
    #expect(text(["<0xE2>", "<0x28>", "<0xA1>"], .byteFallback) == "\u{FFFD}\u{FFFD}\u{FFFD}")
    #expect(text(["<0x41>", "a", "<0xFF>"], .byteFallback) == "Aa\u{FFFD}")
    #expect(text(["<0xGG>", "<0x1>"], .byteFallback) == "<0xGG><0x1>")
  }

  @Test func stripTakesNoMoreThanItIsTold() {
    let once = Decoder.strip(content: [0x20], start: 1, stop: 1)
    #expect(text(["  a  ", "b"], once) == " a b")
    #expect(text(["  a"], .sequence([.fuse, once])) == " a")
    #expect(text([" "], once) == "")
  }

  @Test func theLlamaChainRestoresSpaces() {
    let chain = Decoder.sequence([
      .replace(pattern: Array("▁".utf8), content: [0x20]), .byteFallback, .fuse,
      .strip(content: [0x20], start: 1, stop: 0),
    ])
    #expect(text(["▁a", "▁▁", "<0xC3>", "<0xA9>"], chain) == "a  é")
    #expect(text([], chain) == "")
  }

  @Test func metaspaceDropsThePrefixOfTheFirstTokenOnly() {
    let mark = Array("▁".utf8)
    let first = Decoder.metaspace(.init(replacement: mark, scheme: .first, splits: true))
    let never = Decoder.metaspace(.init(replacement: mark, scheme: .never, splits: true))
    #expect(text(["▁a", "▁b"], first) == "a b")
    #expect(text(["▁a", "▁b"], never) == " a b")
  }
}
