/// Decodes a generation as it grows, and never shows half a character.
///
/// The pieces shown, joined, are the text of all ids, as long as the bytes among them are valid
/// UTF-8. Only the ids since the last piece are decoded again, after those of the piece before it:
/// prefix-space models decode the first token of a text differently.
public struct StreamDecoder: Sendable {
  private let tokenizer: Tokenizer
  private let skipSpecial: Bool
  /// Ids that have been shown and give the next ones their context, with their text.
  private var context: [Int32] = []
  private var contextText = ""
  /// Ids that have not been shown.
  private var pending: [Int32] = []

  init(tokenizer: Tokenizer, skipSpecial: Bool) {
    (self.tokenizer, self.skipSpecial) = (tokenizer, skipSpecial)
  }

  /// Takes one more id.
  ///
  /// - Returns: the text that may be shown now, often empty for a token without text; `nil` while
  ///   it ends in U+FFFD, which may be the beginning of a character.
  public mutating func append(_ id: Int32) -> String? {
    pending.append(id)
    let text = tokenizer.decode(context + pending, skipSpecial: skipSpecial)
    guard text.unicodeScalars.last != "\u{FFFD}" else { return nil }
    return show(text)
  }

  /// The rest, U+FFFD included; afterwards a new text may begin.
  public mutating func finish() -> String {
    let text = tokenizer.decode(context + pending, skipSpecial: skipSpecial)
    let rest = show(text)
    (context, contextText) = ([], "")
    return rest
  }

  private mutating func show(_ text: String) -> String {
    let own = tokenizer.decode(pending, skipSpecial: skipSpecial)
    // Without the context in front, invalid bytes have changed what was shown: it stays.
    let shown =
      text.utf8.starts(with: contextText.utf8)
      ? String(decoding: text.utf8.dropFirst(contextText.utf8.count), as: UTF8.self) : own
    if own.isEmpty {
      context += pending
      contextText = text
    } else {
      context = pending
      contextText = own
    }
    pending = []
    return shown
  }
}
