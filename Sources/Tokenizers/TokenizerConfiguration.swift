import Foundation
import JSON

/// What a folder's tokenizer_config.json says beside the tokenizer itself.
public struct TokenizerConfiguration: Sendable {
  /// Names that the file gives to tokens; absent where it gives none.
  public let tokens: NamedTokens
  /// For SentencePiece models: whether a text begins with BOS and ends with EOS.
  public let addBOS: Bool?
  public let addEOS: Bool?
  /// The whole file, for chat templates and their variables; `nil` where there is no file.
  public let json: JSON?

  /// Reads `tokenizer_config.json` in `folder`; one that is absent says nothing.
  init(folder: URL) throws {
    let file = folder.appending(path: "tokenizer_config.json")
    let exists = FileManager.default.fileExists(atPath: file.path)
    let json = try exists ? JSON(contentsOf: file) : nil
    /// A token is written as a string, or as an object with its `content`.
    func token(_ key: String) -> String? { json?[key].string ?? json?[key]["content"].string }
    tokens = NamedTokens(
      bos: token("bos_token"), eos: token("eos_token"), pad: token("pad_token"),
      unk: token("unk_token"))
    (addBOS, addEOS) = (json?["add_bos_token"].bool, json?["add_eos_token"].bool)
    self.json = json
  }

  /// The entries of `added_tokens_decoder`, which is keyed by id.
  func addedTokens() throws -> [AddedToken] {
    try (json?["added_tokens_decoder"].object ?? []).map { key, entry in
      guard let id = Int32(key), (0..<1 << 24).contains(id) else {
        throw TokenizerError.invalid(place: entry.path, reason: "'\(key)' is no token id")
      }
      return AddedToken(
        id: id, content: try entry["content"].requireString(),
        singleWord: entry["single_word"].bool ?? false, lstrip: entry["lstrip"].bool ?? false,
        rstrip: entry["rstrip"].bool ?? false, normalized: false,
        special: entry["special"].bool ?? false)
    }
  }
}
