/// Decodes a generation as it grows, and never shows half a character.
///
/// The pieces shown, joined, are the text of all ids, as long as the bytes among them are valid
/// UTF-8. Only the ids since the last piece are decoded again, after those of the piece before it:
/// prefix-space models decode the first token of a text differently.
public struct StreamDecoder: Sendable {
  private let tokenizer: Tokenizer
  private let skipSpecial: Bool
  /// Ids that have been shown and give the next ones their context.
  private var context: [Int32] = []
  /// The code points of the text of `context`.
  private var contextLength = 0
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
    (context, contextLength) = ([], 0)
    return rest
  }

  private mutating func show(_ text: String) -> String {
    let scalars = text.unicodeScalars
    let own = tokenizer.decode(pending, skipSpecial: skipSpecial).unicodeScalars.count
    let shown = String(scalars.dropFirst(contextLength))
    // What shows nothing by itself cannot stand for all that came before it.
    (context, contextLength) = own == 0 ? (context + pending, scalars.count) : (pending, own)
    pending = []
    return shown
  }
}
