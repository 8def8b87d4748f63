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
    // Some tokenizers begin a text in another way than they go on behind a token.
    let before = endToken.map { tokenizer.decode([$0], skipSpecial: false) } ?? ""
    let whole = tokenizer.encode(before + segment.text, addSpecialTokens: false)
    let tokens =
      endToken != nil && whole.first == endToken
      ? Array(whole.dropFirst()) : tokenizer.encode(segment.text, addSpecialTokens: false)
    var decoder = tokenizer.streamDecoder(skipSpecial: false)
    var start = 0
    authors = tokens.map { token in
      let end = start + (decoder.append(token)?.utf8.count ?? 0)
      defer { start = end }
      let place = start..<max(end, start + 1)
      return segment.contents.contains { $0.overlaps(place) } ? .environment : .template
    }
    self.tokens = tokens
  }
}
