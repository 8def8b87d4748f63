/// The stages of a tokenizer.json, one after the other.
///
/// Encoding: added tokens of the raw text, normalizer, added tokens of the normalised text,
/// pre-tokenizers, byte-pair encoding, post-processor. Decoding: token strings, decoder.
///
/// A class, so that the closures of the stages hold one reference and not a copy of everything.
final class PipelineTokenizer: TokenizerRoute {
  /// The model's tokens and the added ones.
  private let vocabulary: Vocabulary
  private let addedTokens: AddedTokens
  private let normalizer: Normalizer?
  private let preTokenizers: [PreTokenizer]
  private let model: BytePairEncoding
  private let wordStart: [UInt8]?
  private let postProcessor: PostProcessor
  private let decoder: Decoder?
  let namedTokens: NamedTokens
  private let caches = PieceCaches()

  /// - Parameter wordStart: the character that no merge joins to a different one before it, as
  ///   UTF-8. Pieces are cut there, which changes no id and lets the cache know words.
  init(
    vocabulary: Vocabulary, addedTokens: AddedTokens, normalizer: Normalizer?,
    preTokenizers: [PreTokenizer], model: BytePairEncoding, wordStart: [UInt8]? = nil,
    postProcessor: PostProcessor, decoder: Decoder?, namedTokens: NamedTokens = NamedTokens()
  ) {
    var vocabulary = vocabulary
    for token in addedTokens.all { vocabulary.insert(token.content, id: token.id) }
    self.vocabulary = vocabulary
    self.addedTokens = addedTokens
    self.normalizer = normalizer
    self.preTokenizers = preTokenizers
    self.model = model
    self.wordStart = wordStart
    self.postProcessor = postProcessor
    self.decoder = decoder
    self.namedTokens = namedTokens
  }

  var size: Int { vocabulary.size }

  // MARK: Encoding

  func encode(_ text: Bytes, parseSpecial: Bool) -> [Int32] {
    caches.withCache { cache in
      var ids: [Int32] = []
      ids.reserveCapacity(text.count / 4)
      addedTokens.raw.forEachStretch(in: text, parseSpecial: parseSpecial) { stretch in
        switch stretch {
        case .token(let id):
          ids.append(id)
        case .text(let start, let end):
          normalized(text.slice(start, end)) { text in
            append(
              text, isFirst: start == 0, parseSpecial: parseSpecial, cache, to: &ids)
          }
        }
      }
      return ids
    }
  }

  func addingSpecialTokens(to ids: [Int32]) -> [Int32] { postProcessor.apply(to: ids) }

  private func normalized(_ text: Bytes, _ body: (Bytes) -> Void) {
    guard let normalizer else { return body(text) }
    var copy = Array(text)
    normalizer.apply(to: &copy)
    copy.withUnsafeBufferPointer(body)
  }

  private func append(
    _ text: Bytes, isFirst: Bool, parseSpecial: Bool, _ cache: PieceCache, to ids: inout [Int32]
  ) {
    addedTokens.normalized.forEachStretch(in: text, parseSpecial: parseSpecial) { stretch in
      switch stretch {
      case .token(let id):
        ids.append(id)
      case .text(let start, let end):
        forEachPiece(of: text.slice(start, end), isFirst: isFirst && start == 0) { piece in
          cache.append(piece, to: &ids) { model.append(piece, to: &$0) }
        }
      }
    }
  }

  /// Runs the pre-tokenizers from `stage` on, each on every piece of the one before.
  private func forEachPiece(
    of text: Bytes, isFirst: Bool, stage: Int = 0, _ body: (Bytes) -> Void
  ) {
    if stage < preTokenizers.count {
      preTokenizers[stage].forEachPiece(of: text, isFirst: isFirst) { piece, isFirst in
        forEachPiece(of: piece, isFirst: isFirst, stage: stage + 1, body)
      }
    } else if let wordStart {
      forEachWord(of: text, startingWith: wordStart, body)
    } else {
      body(text)
    }
  }

  private func forEachWord(
    of text: Bytes, startingWith mark: [UInt8], _ body: (Bytes) -> Void
  ) {
    var (start, lastEnd) = (0, 0)
    text.forEachOccurrence(of: mark) { index in
      // Marks in a row merge with each other, so only the first of them begins a word.
      if index > lastEnd {
        body(text.slice(start, index))
        start = index
      }
      lastEnd = index + mark.count
    }
    if start < text.count { body(text.slice(start, text.count)) }
  }

  // MARK: Decoding

  func decode(_ ids: [Int32], skipSpecial: Bool) -> String {
    var tokens = Fragments()
    for id in ids where !(skipSpecial && addedTokens.isSpecial(id)) {
      vocabulary.withToken(id) { tokens.append($0) }
    }
    return decoder?.text(of: tokens)
      ?? String(decoding: tokens.joined(separator: UInt8(ascii: " ")), as: UTF8.self)
  }

  func piece(_ id: Int32) -> String? { vocabulary.token(id) }
  func id(of piece: String) -> Int32? { vocabulary.id(of: piece) }
  func isSpecial(_ id: Int32) -> Bool { addedTokens.isSpecial(id) }
}
