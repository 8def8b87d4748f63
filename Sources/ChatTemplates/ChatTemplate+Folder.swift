import Foundation
import JSON

extension ChatTemplate {
  /// The template of a tokenizer's folder with the special tokens that its configuration names;
  /// `nil` where there is none, as for a base model.
  ///
  /// `chat_template.jinja` comes first, then `chat_template` in `tokenizer_config.json`: one text,
  /// or a list of named ones of which `default` is taken, or `tool_use` for tools.
  ///
  /// - Throws: `JSONError` for a configuration that cannot be read, ``TemplateError`` for a
  ///   template that cannot be used.
  public init?(tokenizerFolder folder: URL, forTools: Bool = false) throws {
    let configuration = try Self.json("tokenizer_config.json", in: folder)
    let variables = try Self.specialTokens(configuration, folder: folder)
    let file = folder.appending(path: "chat_template.jinja")
    if FileManager.default.fileExists(atPath: file.path) {
      let bytes = try FileBytes(of: file)
      let source = String(decoding: bytes.bytes, as: UTF8.self)
      try self.init(source: source, name: file.lastPathComponent, variables: variables)
      return
    }
    guard let entry = configuration?["chat_template"], !entry.isNull else { return nil }
    let source: String
    if let named = entry.array {
      let wanted = forTools ? ["tool_use", "default"] : ["default"]
      let chosen = try wanted.lazy.compactMap { name in
        try named.first { try $0["name"].requireString() == name }
      }.first
      guard let chosen else { return nil }
      source = try chosen["template"].requireString()
    } else {
      source = try entry.requireString()
    }
    try self.init(
      source: source, name: "tokenizer_config.json: chat_template", variables: variables)
  }

  private static func json(_ name: String, in folder: URL) throws -> JSON? {
    let file = folder.appending(path: name)
    guard FileManager.default.fileExists(atPath: file.path) else { return nil }
    return try JSON(contentsOf: file)
  }

  /// `bos_token` and the like, each a string or an object with `content`.
  private static func specialTokens(
    _ configuration: JSON?, folder: URL
  ) throws -> [String: JSONLiteral] {
    var result: [String: JSONLiteral] = [:]
    for source in [try json("special_tokens_map.json", in: folder), configuration] {
      guard let source else { continue }
      for name in ["bos_token", "eos_token", "pad_token", "unk_token"] {
        if let text = source[name].string ?? source[name]["content"].string {
          result[name] = .string(text)
        }
      }
    }
    return result
  }
}
