import Foundation
import JSON

/// A file of ranks, as published with Llama 3 and Qwen: one line a token, base64 of its bytes, a
/// space, and its rank, which is its id.
///
/// The file has neither the pattern that cuts text nor the special tokens; both belong to the
/// family of models, which the number of tokens tells.
struct RankFile {
  struct Family {
    var tokens: Int
    var pattern: SplitPattern
    var normalizer: Normalizer?
    var specials: [String]
    var bos: String?
    var eos: String

    static let known = [
      Family(
        tokens: 50_256, pattern: .gpt2, specials: ["<|endoftext|>"], eos: "<|endoftext|>"),
      Family(
        tokens: 128_000, pattern: .llama3, specials: llama3Specials, bos: "<|begin_of_text|>",
        eos: "<|end_of_text|>"),
      Family(
        tokens: 151_643, pattern: .qwen2, normalizer: .nfc,
        specials: ["<|endoftext|>", "<|im_start|>", "<|im_end|>"], eos: "<|endoftext|>"),
    ]

    /// The 256 specials of Llama 3.1 and 3.2, those that have a name and the reserved ones.
    private static let llama3Specials: [String] = {
      let named = [
        0: "<|begin_of_text|>", 1: "<|end_of_text|>", 4: "<|finetune_right_pad_id|>",
        6: "<|start_header_id|>", 7: "<|end_header_id|>", 8: "<|eom_id|>", 9: "<|eot_id|>",
        10: "<|python_tag|>",
      ]
      var reserved = 0
      return (0..<256).map { place in
        if let name = named[place] { return name }
        defer { reserved += 1 }
        return "<|reserved_special_token_\(reserved)|>"
      }
    }()
  }

  private let tokens: [[UInt8]]
  let family: Family

  /// Whether `file` begins as a rank file does; a SentencePiece model never does.
  static func isRankFile(_ file: URL) throws -> Bool {
    let map = try FileBytes(of: file)
    return withExtendedLifetime(map) {
      token(ofLine: map.bytes.prefix { $0 != UInt8(ascii: "\n") }) != nil
    }
  }

  init(contentsOf file: URL) throws {
    let map = try FileBytes(of: file)
    var tokens: [[UInt8]] = []
    try withExtendedLifetime(map) {
      for line in map.bytes.split(separator: UInt8(ascii: "\n")) {
        guard let (token, rank) = Self.token(ofLine: line), rank == tokens.count else {
          throw TokenizerError.invalid(
            place: "\(file.path):\(tokens.count + 1)",
            reason: "a line is the base64 of a token, a space and its rank, here \(tokens.count)")
        }
        tokens.append(token)
      }
    }
    guard let family = Family.known.first(where: { $0.tokens == tokens.count }) else {
      let known = Family.known.map { String($0.tokens) }.joined(separator: ", ")
      throw TokenizerError.invalid(
        place: file.path,
        reason: "\(tokens.count) ranks are of no known family (\(known)); use its tokenizer.json")
    }
    (self.tokens, self.family) = (tokens, family)
  }

  /// The token and rank of `"IQ== 0"`, a carriage return at the end allowed.
  private static func token(ofLine line: Slice<Bytes>) -> (bytes: [UInt8], rank: Int)? {
    let line = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
    guard let space = line.firstIndex(of: UInt8(ascii: " ")), space > line.startIndex,
      let token = Data(base64Encoded: Data(line[..<space])),
      let rank = Int(String(decoding: line[(space + 1)...], as: UTF8.self))
    else { return nil }
    return (Array(token), rank)
  }

  /// The tokenizer of the file: two neighbours merge if their bytes together are a token, the
  /// lowest rank first, and a piece that is a token is left whole.
  func tokenizer() -> PipelineTokenizer {
    var pieces = Vocabulary(capacity: tokens.count)
    var vocabulary = Vocabulary(capacity: tokens.count)
    for (id, token) in tokens.enumerated() {
      token.withUnsafeBufferPointer { bytes in
        pieces.insert(bytes, id: Int32(id))
        ByteDisplay.display(bytes).withUnsafeBufferPointer { vocabulary.insert($0, id: Int32(id)) }
      }
    }
    let byteIDs = (0..<256).map { byte in
      [UInt8(byte)].withUnsafeBufferPointer { pieces.id(of: $0) } ?? -1
    }
    let specials = family.specials.enumerated().map { place, content in
      AddedToken(id: Int32(tokens.count + place), content: content, special: true)
    }
    let bos = specials.first { $0.content == family.bos }
    return PipelineTokenizer(
      vocabulary: vocabulary, addedTokens: AddedTokens(specials), normalizer: family.normalizer,
      preTokenizers: [
        .split(.init(delimiter: .expression(family.pattern), behavior: .isolated, invert: false)),
        .byteLevel(addPrefixSpace: false, usesPattern: false),
      ],
      model: BytePairEncoding(
        alphabet: .bytes(byteIDs), unknown: .init(), merges: merges(pieces), wholePieces: pieces),
      postProcessor: PostProcessor(templates: bos.map { [[.ids([$0.id]), .text]] } ?? []),
      decoder: .byteLevel, namedTokens: NamedTokens(bos: family.bos, eos: family.eos))
  }

  /// Every way to cut a token into two others, with the token's own rank.
  private func merges(_ pieces: Vocabulary) -> MergeTable {
    var found: [(left: Int32, right: Int32, id: Int32)] = []
    for (id, token) in tokens.enumerated() where token.count > 1 {
      token.withUnsafeBufferPointer { bytes in
        for cut in 1..<bytes.count {
          if let left = pieces.id(of: bytes.slice(0, cut)),
            let right = pieces.id(of: bytes.slice(cut, bytes.count))
          {
            found.append((left, right, Int32(id)))
          }
        }
      }
    }
    let table = MergeTable(capacity: found.count)
    for (left, right, id) in found { table.insert(left, right, .init(rank: UInt32(id), id: id)) }
    return table
  }
}
