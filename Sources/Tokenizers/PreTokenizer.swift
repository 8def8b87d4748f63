/// A stage that cuts a stretch of text into the pieces that the model sees one by one.
enum PreTokenizer: Sendable {
  /// Cuts numbers (Nd, Nl, No) out, one by one or in runs.
  case digits(individual: Bool)
  case split(Split)
  /// Marks the byte-level vocabulary; cuts by ``SplitPattern/gpt2`` if `usesPattern`.
  case byteLevel(addPrefixSpace: Bool, usesPattern: Bool)
  case metaspace(Metaspace)

  struct Split: Sendable {
    var delimiter: Delimiter
    var behavior: SplitBehavior
    /// Takes the gaps for the matches and the matches for the gaps.
    var invert: Bool
  }

  struct Metaspace: Sendable {
    enum Scheme: String, CaseIterable, Sendable { case always, first, never }
    /// What stands for a space.
    var replacement: [UInt8]
    var scheme: Scheme
    var splits: Bool
  }

  /// Calls `body` with each piece, in order, none empty.
  ///
  /// - Parameter isFirst: whether `text` begins where the whole input begins. `body` is told the
  ///   same of its piece.
  func forEachPiece(of text: Bytes, isFirst: Bool, _ body: (Bytes, Bool) -> Void) {
    func piece(_ start: Int, _ end: Int) {
      if end > start { body(text.slice(start, end), isFirst && start == 0) }
    }
    switch self {
    case .digits(let individual):
      let behavior: SplitBehavior = individual ? .isolated : .contiguous
      behavior.forEachPiece(of: text, at: .number, piece)
    case .split(let split):
      split.behavior.forEachPiece(of: text, at: split.delimiter, invert: split.invert, piece)
    case .byteLevel(let addPrefixSpace, let usesPattern):
      if addPrefixSpace, text.first != UInt8(ascii: " ") {
        let prefixed = [UInt8(ascii: " ")] + text
        prefixed.withUnsafeBufferPointer {
          Self.byteLevel(addPrefixSpace: false, usesPattern: usesPattern)
            .forEachPiece(of: $0, isFirst: isFirst, body)
        }
      } else if usesPattern {
        SplitPattern.gpt2.forEachMatch(in: text, piece)
      } else {
        body(text, isFirst)
      }
    case .metaspace(let metaspace):
      metaspace.forEachPiece(of: text, isFirst: isFirst, body)
    }
  }
}

extension PreTokenizer.Metaspace {
  fileprivate func forEachPiece(of text: Bytes, isFirst: Bool, _ body: (Bytes, Bool) -> Void) {
    var replaced = Array(text)
    replaced.replaceOccurrences(of: [UInt8(ascii: " ")], with: replacement)
    let wanted = scheme == .always || scheme == .first && isFirst
    if wanted, !replaced.starts(with: replacement) {
      replaced.insert(contentsOf: replacement, at: 0)
    }
    replaced.withUnsafeBufferPointer { bytes in
      guard splits else { return body(bytes, isFirst) }
      SplitBehavior.mergedWithNext.forEachPiece(of: bytes, at: .literal(replacement)) {
        start, end in
        if end > start { body(bytes.slice(start, end), isFirst && start == 0) }
      }
    }
  }
}
