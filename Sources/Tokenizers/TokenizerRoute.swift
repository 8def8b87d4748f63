/// What a tokenizer must be able to do, whichever file it came from.
protocol TokenizerRoute: Sendable {
  /// The largest id plus one, added tokens among them.
  var size: Int { get }
  /// Added tokens that are found in text, and the tokens that it names itself.
  var namedTokens: NamedTokens { get }

  /// The ids of `text`.
  func encode(_ text: Bytes, parseSpecial: Bool) -> [Int32]
  /// `ids` with the special tokens that begin and end a text.
  func addingSpecialTokens(to ids: [Int32]) -> [Int32]
  /// The text of `ids`; ids that no token has are left out.
  func decode(_ ids: [Int32], skipSpecial: Bool) -> String

  func piece(_ id: Int32) -> String?
  func id(of piece: String) -> Int32?
  func isSpecial(_ id: Int32) -> Bool
}

/// The tokens that prompts and templates call by name; `nil` where there is none.
public struct NamedTokens: Sendable, Equatable {
  public var bos: String?
  public var eos: String?
  public var pad: String?
  public var unk: String?
}
