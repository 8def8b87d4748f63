/// A SentencePiece model with the added tokens of its folder around it.
struct SentencePieceTokenizer: TokenizerRoute {
  private let model: SentencePieceModel
  /// Cut out of the text before the library sees it. The library puts its dummy prefix before each
  /// stretch that remains.
  private let addedTokens: AddedTokens
  /// Their contents, by id.
  private let added: Vocabulary
  let namedTokens: NamedTokens
  private let before: [Int32]
  private let after: [Int32]

  /// - Parameters:
  ///   - addBOS: whether a text with special tokens begins with BOS, `addEOS`: ends with EOS.
  init(
    model: SentencePieceModel, addedTokens: [AddedToken] = [], addBOS: Bool = true,
    addEOS: Bool = false
  ) {
    self.model = model
    self.addedTokens = AddedTokens(addedTokens)
    var added = Vocabulary(capacity: addedTokens.count)
    for token in addedTokens { added.insert(token.content, id: token.id) }
    self.added = added
    namedTokens = NamedTokens(
      bos: model.piece(model.bosID), eos: model.piece(model.eosID), pad: model.piece(model.padID),
      unk: model.piece(model.unkID))
    before = addBOS && model.contains(model.bosID) ? [model.bosID] : []
    after = addEOS && model.contains(model.eosID) ? [model.eosID] : []
  }

  var size: Int { max(model.size, added.size) }

  func encode(_ text: Bytes, parseSpecial: Bool) -> [Int32] {
    var ids: [Int32] = []
    addedTokens.raw.forEachStretch(in: text, parseSpecial: parseSpecial) { stretch in
      switch stretch {
      case .token(let id): ids.append(id)
      case .text(let start, let end): model.append(text.slice(start, end), to: &ids)
      }
    }
    return ids
  }

  func addingSpecialTokens(to ids: [Int32]) -> [Int32] { before + ids + after }

  func decode(_ ids: [Int32], skipSpecial: Bool) -> String {
    var text = ""
    var stretch: [Int32] = []
    func flush() {
      if !stretch.isEmpty { text += model.decode(stretch) }
      stretch.removeAll()
    }
    for id in ids where !(skipSpecial && isSpecial(id)) {
      if model.contains(id) {
        stretch.append(id)
      } else if let content = added.token(id) {
        flush()
        text += content
      }
    }
    flush()
    return text
  }

  func piece(_ id: Int32) -> String? { model.piece(id) ?? added.token(id) }
  func id(of piece: String) -> Int32? { added.id(of: piece) ?? model.id(of: piece) }
  func isSpecial(_ id: Int32) -> Bool { addedTokens.isSpecial(id) || model.isControl(id) }
}
