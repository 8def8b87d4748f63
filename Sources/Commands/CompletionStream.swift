import Tokenizers

/// A completion as it is shown while it is written: whole characters, and nothing of what may turn
/// out to be a stop string.
struct CompletionStream {
  private var decoder: StreamDecoder
  private let stopStrings: [String]
  /// UTF-8 that waits until it can be no part of a stop string.
  private var held: [UInt8] = []
  /// How many bytes were shown.
  private var shown = 0

  init(_ decoder: StreamDecoder, stopStrings: [String]) {
    (self.decoder, self.stopStrings) = (decoder, stopStrings)
  }

  /// The text that may be shown once `id` was written.
  mutating func append(_ id: Int32) -> String {
    held += (decoder.append(id) ?? "").utf8
    let safe = held.indices.first(where: mayStop) ?? held.endIndex
    let text = String(decoding: held[..<safe], as: UTF8.self)
    held.removeFirst(safe)
    shown += safe
    return text
  }

  /// Whether a stop string stands at `start`, or may once more text follows.
  private func mayStop(at start: Int) -> Bool {
    let rest = held[start...]
    return stopStrings.contains { rest.starts(with: $0.utf8) || $0.utf8.starts(with: rest) }
  }

  /// What is left to be shown of `text`, the whole completion.
  func rest(of text: String) -> String {
    String(decoding: text.utf8.dropFirst(shown), as: UTF8.self)
  }
}
