/// The byte-pair encoding of one piece of text.
struct BytePairEncoding: Sendable {
  /// What the first symbols of a piece are.
  enum Alphabet: Sendable {
    /// One for each byte: `[256]` ids, -1 where the vocabulary has none.
    case bytes([Int32])
    /// One for each character.
    case characters([UInt32: Int32])
  }

  /// How a character outside the vocabulary is written.
  struct Unknown: Sendable {
    /// `[256]` the ids of `<0x00>` to `<0xFF>`, or -1; `nil` without byte fallback.
    var byteFallback: [Int32]?
    /// The unknown token; `nil` drops the character.
    var id: Int32?
    /// Whether neighbouring unknown characters share one unknown token.
    var fuses = false
  }

  let alphabet: Alphabet
  let unknown: Unknown
  let merges: MergeTable
  /// Pieces that are tokens as they stand, whatever the merges; `nil` where merges decide.
  let wholePieces: Vocabulary?

  /// Appends the ids of `piece`, which is not empty.
  func append(_ piece: Bytes, to ids: inout [Int32]) {
    if let wholePieces, let id = wholePieces.id(of: piece) {
      ids.append(id)
      return
    }
    withUnsafeTemporaryAllocation(of: MergeLoop.Symbol.self, capacity: piece.count) { buffer in
      var symbols = SymbolRow(symbols: buffer.baseAddress!)
      switch alphabet {
      case .bytes(let byteIDs): symbols.fill(bytes: piece, byteIDs, unknown)
      case .characters(let scalarIDs): symbols.fill(characters: piece, scalarIDs, unknown)
      }
      guard symbols.count > 0 else { return }
      MergeLoop.run(.init(rebasing: buffer[..<symbols.count]), merges: merges, into: &ids)
    }
  }
}

/// The first symbols of a piece, in the making.
private struct SymbolRow {
  let symbols: UnsafeMutablePointer<MergeLoop.Symbol>
  var count = 0
  private var endsUnknown = false

  init(symbols: UnsafeMutablePointer<MergeLoop.Symbol>) { self.symbols = symbols }

  mutating func fill(bytes piece: Bytes, _ ids: [Int32], _ unknown: BytePairEncoding.Unknown) {
    for index in 0..<piece.count {
      let id = ids[Int(piece[index])]
      if id >= 0 {
        append(id)
      } else {
        let character = ByteDisplay.display(piece.slice(index, index + 1))
        character.withUnsafeBufferPointer { append(unknown: $0, unknown) }
      }
    }
  }

  mutating func fill(
    characters piece: Bytes, _ ids: [UInt32: Int32], _ unknown: BytePairEncoding.Unknown
  ) {
    var index = 0
    while index < piece.count {
      let (value, length) = piece.scalar(at: index)
      if let id = ids[value] {
        append(id)
      } else {
        append(unknown: piece.slice(index, index + length), unknown)
      }
      index += length
    }
  }

  private mutating func append(_ id: Int32) {
    symbols[count] = .init(id: id, previous: -1, next: -1, merge: .none)
    count += 1
    endsUnknown = false
  }

  private mutating func append(unknown character: Bytes, _ unknown: BytePairEncoding.Unknown) {
    if let ids = unknown.byteFallback, character.allSatisfy({ ids[Int($0)] >= 0 }) {
      for byte in character { append(ids[Int(byte)]) }
    } else if let id = unknown.id {
      if !(unknown.fuses && endsUnknown) { append(id) }
      endsUnknown = true
    }
  }
}
