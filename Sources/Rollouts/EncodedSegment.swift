import Environments
import Tokenizers
import Trajectories

/// What stands between two turns of the model, as it is fed.
struct EncodedSegment: Sendable {
  let tokens: [Int32]
  /// `[tokens]` the environment's where a token holds some of its words, else the template's.
  let authors: [Author]

  /// - Parameter endToken: the id that ended the turn before; `nil` where none did.
  init(_ segment: ConversationSegment, behind endToken: Int32?, _ tokenizer: Tokenizer) {
    let before = endToken.map { tokenizer.decode([$0], skipSpecial: false) }
    let tokens = tokenizer.encode(continuation: segment.text, behind: before)
    var decoder = tokenizer.streamDecoder(skipSpecial: false)
    let bytes = Array(segment.text.utf8)
    var start = 0
    authors = tokens.map { token in
      let piece = decoder.append(token) ?? ""
      var end = start + piece.utf8.count
      if !bytes[start...].starts(with: piece.utf8) {
        // What the tokenizer has no token for is shown as another text than the character is.
        end = start + 1
        while end < bytes.count, bytes[end] & 0xC0 == 0x80 { end += 1 }
        end = min(end, bytes.count)
      }
      defer { start = end }
      let place = start..<max(end, start + 1)
      return segment.contents.contains { $0.overlaps(place) } ? .environment : .template
    }
    self.tokens = tokens
  }
}

extension Tokenizer {
  /// The ids of a text that goes on behind another. SentencePiece puts a blank before the beginning
  /// of a text, which this is not.
  ///
  /// - Parameter end: the special token that it goes on behind, if it does.
  fileprivate func encode(continuation text: String, behind end: String?) -> [Int32] {
    let anchor = end ?? "\n"
    let begin = encode(anchor, addSpecialTokens: false)
    let alone = encode(text, addSpecialTokens: false)
    guard let first = begin.first, end != nil || piece(of: first)?.hasPrefix("\u{2581}") == true
    else { return alone }
    let whole = encode(anchor + text, addSpecialTokens: false)
    return whole.starts(with: begin) ? Array(whole.dropFirst(begin.count)) : alone
  }
}
