import JSON

/// Reads the `model` block of a tokenizer.json.
struct BPEReader {
  let vocabulary: Vocabulary
  private(set) var wordStart: [UInt8]?
  private let json: JSON
  private let isByteLevel: Bool
  private let merges: MergeTable

  init(_ json: JSON, isByteLevel: Bool) throws {
    (self.json, self.isByteLevel) = (json, isByteLevel)
    for key in ["continuing_subword_prefix", "end_of_word_suffix"] {
      if let affix = json[key].string, !affix.isEmpty {
        throw TokenizerError.invalid(
          place: json[key].path, reason: "'\(affix)' is not supported; it must be null or empty")
      }
    }
    if let dropout = json["dropout"].double, dropout != 0 {
      throw TokenizerError.invalid(
        place: json["dropout"].path,
        reason: "\(dropout) would make encoding random; it must be null or 0")
    }
    vocabulary = try Self.vocabulary(json["vocab"])
    var joins = WordStart(mark: "\u{2581}")
    merges = try Self.merges(json["merges"], vocabulary, &joins)
    let ignoresMerges = json["ignore_merges"].bool ?? false
    if joins.holds, !isByteLevel, !ignoresMerges, vocabulary.id(of: "\u{2581}") != nil {
      wordStart = joins.mark
    }
  }

  func model() throws -> BytePairEncoding {
    BytePairEncoding(
      alphabet: isByteLevel
        ? .bytes(byteIDs { [ByteDisplay.scalars[$0]] }) : .characters(scalars()),
      unknown: try unknown(), merges: merges,
      wholePieces: json["ignore_merges"].bool ?? false ? wholePieces() : nil)
  }

  // MARK: Vocabulary and merges

  private static func vocabulary(_ json: JSON) throws -> Vocabulary {
    let members = try json.requireObject()
    var vocabulary = Vocabulary(capacity: members.count)
    for (token, value) in members {
      vocabulary.insert(token, id: try value.requireID())
    }
    return vocabulary
  }

  private static func merges(
    _ json: JSON, _ vocabulary: Vocabulary, _ wordStart: inout WordStart
  ) throws -> MergeTable {
    let entries = try json.requireArray()
    let table = MergeTable(capacity: entries.count)
    var joined: [UInt8] = []
    for (rank, entry) in entries.enumerated() {
      func id(_ token: Bytes) throws -> Int32 {
        if let id = vocabulary.id(of: token) { return id }
        let token = String(decoding: token, as: UTF8.self)
        throw TokenizerError.invalid(
          place: entry.path, reason: "the token '\(token)' is not in the vocabulary")
      }
      try withParts(of: entry) { left, right in
        joined.removeAll(keepingCapacity: true)
        joined.append(contentsOf: left)
        joined.append(contentsOf: right)
        let merged = try joined.withUnsafeBufferPointer(id)
        table.insert(try id(left), try id(right), .init(rank: UInt32(rank), id: merged))
        wordStart.note(left, right)
      }
    }
    return table
  }

  /// Calls `body` with the two parts of `"a b"` or `["a", "b"]`.
  private static func withParts(of entry: JSON, _ body: (Bytes, Bytes) throws -> Void) throws {
    if var text = entry.string {
      let isMerge = try text.withUTF8 { text in
        guard let space = text.firstIndex(of: UInt8(ascii: " ")),
          space == text.lastIndex(of: UInt8(ascii: " "))
        else { return false }
        try body(text.slice(0, space), text.slice(space + 1, text.count))
        return true
      }
      if isMerge { return }
    } else if entry.array?.count == 2, var left = entry[0].string, var right = entry[1].string {
      return try left.withUTF8 { left in try right.withUTF8 { right in try body(left, right) } }
    }
    throw TokenizerError.invalid(
      place: entry.path,
      reason: "\(entry.summary) is no merge; it must be \"a b\" or [\"a\", \"b\"]")
  }

  /// The display strings as the bytes that they stand for.
  private func wholePieces() -> Vocabulary {
    guard isByteLevel else { return vocabulary }
    var pieces = Vocabulary(capacity: vocabulary.tokens)
    for id in 0..<Int32(vocabulary.size) {
      guard let token = vocabulary.token(id), let bytes = ByteDisplay.bytes(of: token) else {
        continue
      }
      bytes.withUnsafeBufferPointer { pieces.insert($0, id: id) }
    }
    return pieces
  }

  // MARK: First symbols

  private func unknown() throws -> BytePairEncoding.Unknown {
    var unknown = BytePairEncoding.Unknown()
    if json["byte_fallback"].bool ?? false {
      unknown.byteFallback = byteIDs { byte in
        let hex = String(byte, radix: 16, uppercase: true)
        return "<0x\(byte < 16 ? "0" : "")\(hex)>".unicodeScalars.map(\.value)
      }
    }
    if let token = json["unk_token"].string {
      guard let id = vocabulary.id(of: token) else {
        throw TokenizerError.invalid(
          place: json["unk_token"].path, reason: "'\(token)' is not in the vocabulary")
      }
      unknown.id = id
    }
    unknown.fuses = json["fuse_unk"].bool ?? false
    return unknown
  }

  /// `[256]` the ids of the tokens that `scalars` spells for each byte, or -1.
  private func byteIDs(_ scalars: (Int) -> [UInt32]) -> [Int32] {
    (0..<256).map { byte in
      var token: [UInt8] = []
      for scalar in scalars(byte) { token.append(scalar: scalar) }
      return token.withUnsafeBufferPointer { vocabulary.id(of: $0) } ?? -1
    }
  }

  /// The tokens that are one character.
  private func scalars() -> [UInt32: Int32] {
    var ids: [UInt32: Int32] = [:]
    for id in 0..<Int32(vocabulary.size) {
      vocabulary.withToken(id) { token in
        guard token.count > 0 else { return }
        let (value, length) = token.scalar(at: 0)
        if length == token.count { ids[value] = id }
      }
    }
    return ids
  }
}

/// Whether any merge joins `mark` to a different character before it.
private struct WordStart {
  let mark: [UInt8]
  private(set) var holds = true

  init(mark: String) { self.mark = Array(mark.utf8) }

  mutating func note(_ left: Bytes, _ right: Bytes) {
    if right.starts(with: mark, at: 0), !left.suffix(mark.count).elementsEqual(mark) {
      holds = false
    }
  }
}

extension JSON {
  /// A token id: an integer from 0 to 2^24, so that a hostile file cannot ask for all the memory.
  func requireID() throws -> Int32 {
    let id = try requireInt()
    guard (0..<1 << 24).contains(id) else {
      throw TokenizerError.invalid(path: path, id: id)
    }
    return Int32(id)
  }
}

extension TokenizerError {
  fileprivate static func invalid(path: String, id: Int) -> TokenizerError {
    .invalid(place: path, reason: "\(id) is no token id; ids go from 0 to \((1 << 24) - 1)")
  }
}
