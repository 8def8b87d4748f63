import Foundation
import Testing
import Tokenizers

@testable import Commands

struct CompletionStreamTests {
  private static let tokenizer = try! Tokenizer(
    folder: URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "tokenizers/arithmetic"))

  private func pieces(_ text: String, stops: [String], ending: String) -> [String] {
    var stream = CompletionStream(
      Self.tokenizer.streamDecoder(skipSpecial: true), stopStrings: stops)
    let ids = Self.tokenizer.encode(text, addSpecialTokens: false)
    return ids.map { stream.append($0) } + [stream.rest(of: ending)]
  }

  @Test func everyCharacterIsShownAtOnceWithoutStopStrings() {
    #expect(pieces("12+3", stops: [], ending: "12+3") == ["1", "2", "+", "3", ""])
  }

  @Test func whatMayBecomeAStopStringIsHeldBack() {
    #expect(pieces("1#22#3", stops: ["#3"], ending: "1#22") == ["1", "", "#2", "2", "", "", ""])
    #expect(pieces("1112", stops: ["112"], ending: "1") == ["", "", "1", "", ""])
    // Begun, and not ended by the time the completion is.
    #expect(pieces("1#", stops: ["#3"], ending: "1#") == ["1", "", "#"])
  }
}
