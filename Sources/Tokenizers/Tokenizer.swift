import Foundation

/// Text to token ids and back, as the folder of a model says.
///
/// Three kinds of files give the same type: `tokenizer.json` (byte-level and SentencePiece-style
/// byte-pair encoding), a SentencePiece `.model`, and a file of base64 ranks. May be used from
/// several threads at once.
public final class Tokenizer: Sendable {
  /// The file that was read.
  public let file: URL
  /// What tokenizer_config.json beside it says.
  public let configuration: TokenizerConfiguration
  /// BOS, EOS, padding and unknown token, as the configuration names them, else the model file.
  public let named: NamedTokens
  private let route: any TokenizerRoute

  /// Reads `tokenizer.json` of a model's folder, or else its `tokenizer.model`.
  ///
  /// - Throws: ``TokenizerError`` where there is neither or a part of it is not supported, a
  ///   `JSONError` where a file is not what it should be.
  public convenience init(folder: URL) throws {
    let files = ["tokenizer.json", "tokenizer.model"].map { folder.appending(path: $0) }
    guard let file = files.first(where: { FileManager.default.fileExists(atPath: $0.path) }) else {
      throw TokenizerError.missing(folder: folder.path)
    }
    try self.init(file: file, specialsOfModel: true)
  }

  /// Reads one file: a `tokenizer.json`, or a `.model` of either kind.
  ///
  /// A SentencePiece model read so finds no special tokens in text: its control pieces are never
  /// made from text by the library. ``init(folder:)`` looks for them.
  public convenience init(file: URL) throws {
    try self.init(file: file, specialsOfModel: false)
  }

  private init(file: URL, specialsOfModel: Bool) throws {
    self.file = file
    configuration = try TokenizerConfiguration(folder: file.deletingLastPathComponent())
    if file.pathExtension == "json" {
      route = try PipelineTokenizer(tokenizerJSON: file)
    } else if try RankFile.isRankFile(file) {
      route = try RankFile(contentsOf: file).tokenizer()
    } else {
      let model = try SentencePieceModel(contentsOf: file)
      route = SentencePieceTokenizer(
        model: model,
        addedTokens: specialsOfModel ? try model.specials(with: configuration.addedTokens()) : [],
        addBOS: configuration.addBOS ?? true, addEOS: configuration.addEOS ?? false)
    }
    let (told, own) = (configuration.tokens, route.namedTokens)
    named = NamedTokens(
      bos: told.bos ?? own.bos, eos: told.eos ?? own.eos, pad: told.pad ?? own.pad,
      unk: told.unk ?? own.unk)
  }

  /// The largest id plus one, added tokens among them. A model may have more logits than this.
  public var size: Int { route.size }

  /// The ids of `text`.
  ///
  /// - Parameters:
  ///   - addSpecialTokens: puts around them what the tokenizer wants around a text, often BOS.
  ///     Text rendered by a chat template has it already.
  ///   - parseSpecial: false takes tokens flagged special for the text that they are, for text
  ///     that a user wrote; added tokens that are not special are still found.
  public func encode(
    _ text: String, addSpecialTokens: Bool, parseSpecial: Bool = true
  ) -> [Int32] {
    var text = text
    let ids = text.withUTF8 { route.encode($0, parseSpecial: parseSpecial) }
    return addSpecialTokens ? route.addingSpecialTokens(to: ids) : ids
  }

  /// The text of `ids`; ids beyond ``size`` are left out.
  ///
  /// - Parameter skipSpecial: leaves out the tokens flagged special.
  public func decode(_ ids: some Sequence<Int32>, skipSpecial: Bool) -> String {
    route.decode(Array(ids), skipSpecial: skipSpecial)
  }

  /// Decodes ids one by one, as they are generated.
  public func streamDecoder(skipSpecial: Bool) -> StreamDecoder {
    StreamDecoder(tokenizer: self, skipSpecial: skipSpecial)
  }

  /// The token of an id as the vocabulary writes it, `Ġthe` or `▁the`.
  public func piece(of id: Int32) -> String? { route.piece(id) }

  /// The id of a token written as the vocabulary writes it; added tokens come first.
  public func id(of piece: String) -> Int32? { route.id(of: piece) }

  /// Whether the token is flagged special, or is a control piece of a SentencePiece model.
  public func isSpecial(_ id: Int32) -> Bool { route.isSpecial(id) }

  /// Files that make a tokenizer, of which a model's folder has some.
  private static let files = [
    "tokenizer.json", "tokenizer.model", "tokenizer_config.json", "special_tokens_map.json",
    "added_tokens.json", "vocab.json", "merges.txt", "chat_template.jinja",
  ]

  /// Copies the tokenizer's files to the folder of a saved model, contents rather than links, and
  /// over those that are there.
  public func copyFiles(to folder: URL) throws {
    let source = file.deletingLastPathComponent()
    for name in Set(Self.files + [file.lastPathComponent]) {
      let from = source.appending(path: name).resolvingSymlinksInPath()
      guard FileManager.default.fileExists(atPath: from.path) else { continue }
      let to = folder.appending(path: name)
      guard to.resolvingSymlinksInPath() != from else { continue }
      try Data(contentsOf: from).write(to: to, options: .atomic)
    }
  }
}

extension SentencePieceModel {
  /// The added tokens of the model's folder: its control pieces, and what the configuration lists.
  fileprivate func specials(with listed: [AddedToken]) -> [AddedToken] {
    let control = (0..<Int32(size)).filter(isControl).map { id in
      AddedToken(id: id, content: piece(id)!, special: true)
    }
    let ids = Set(listed.map(\.id))
    return control.filter { !ids.contains($0.id) } + listed
  }
}
