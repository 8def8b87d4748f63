import JSON
import Testing

@testable import Tokenizers

struct StreamDecoderTests {
  /// Token ids: 0 ▁, 1 ▁a, 2 b, 3 <0xC3>, 4 <0xA9>, 5 <0x41>, 6 <s>.
  private func tokenizer() throws -> Tokenizer {
    try Tokenizer.small(
      ["▁", "▁a", "b", "<0xC3>", "<0xA9>", "<0x41>"],
      .init(
        "decoder",
        [
          "type": "Sequence",
          "decoders": [
            ["type": "Replace", "pattern": ["String": "▁"], "content": " "],
            ["type": "ByteFallback"], ["type": "Fuse"],
            ["type": "Strip", "content": " ", "start": 1, "stop": 0],
          ],
        ]),
      .init("added_tokens", [["id": 6, "content": "<s>", "special": true]]))
  }

  @Test func halfACharacterIsHeldBack() throws {
    var stream = try tokenizer().streamDecoder(skipSpecial: false)
    #expect([1, 3, 4, 2].map { stream.append($0) } == ["a", nil, "é", "b"])
    #expect(stream.finish() == "")
  }

  @Test func spacesStayOnceTheTextHasBegun() throws {
    var stream = try tokenizer().streamDecoder(skipSpecial: true)
    #expect([6, 0, 1, 6, 1, 0].map { stream.append($0) } == ["", "", " a", "", " a", " "])
  }

  @Test func finishShowsWhatIsLeftAndBeginsAnew() throws {
    var stream = try tokenizer().streamDecoder(skipSpecial: false)
    #expect([2, 3].map { stream.append($0) } == ["b", nil])
    #expect(stream.finish() == "\u{FFFD}")
    #expect(stream.append(1) == "a")
  }

  @Test func invalidBytesAreShownWithWhatFollows() throws {
    var stream = try tokenizer().streamDecoder(skipSpecial: false)
    #expect([2, 4, 3, 2].map { stream.append($0) } == ["b", nil, nil, "\u{FFFD}\u{FFFD}b"])
  }
}
