import Foundation
import JSON

@testable import Tokenizers

/// Calls `body` with the borrowed bytes of a string.
func withBytes<Result>(_ text: String, _ body: (Bytes) throws -> Result) rethrows -> Result {
  var text = text
  return try text.withUTF8(body)
}

extension UnsafeBufferPointer<UInt8> {
  func text(_ start: Int, _ end: Int) -> String {
    String(decoding: slice(start, end), as: UTF8.self)
  }
}

/// A folder that is gone when the test is.
final class TemporaryFolder {
  let url = FileManager.default.temporaryDirectory.appending(path: "tokenizers-\(UUID())")

  init(_ files: [String: String] = [:]) throws {
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    for (name, text) in files { try write(text, to: name) }
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func write(_ text: String, to name: String) throws {
    try Data(text.utf8).write(to: url.appending(path: name))
  }
}

extension Tokenizer {
  /// A tokenizer.json of character-level BPE over a few tokens, with members put over its own.
  static func small(
    _ tokens: [String], merges: [String] = [], model: [JSONLiteral.Member] = [],
    _ members: JSONLiteral.Member...
  ) throws -> Tokenizer {
    var bpe: JSONLiteral = ["type": "BPE"]
    bpe["vocab"] = .object(tokens.enumerated().map { .init($1, .int($0)) })
    bpe["merges"] = .array(merges.map { .string($0) })
    for member in model { bpe[member.key] = member.value }
    var json: JSONLiteral = ["version": "1.0", "model": bpe]
    for member in members { json[member.key] = member.value }
    let folder = try TemporaryFolder(["tokenizer.json": json.serialized()])
    return try Tokenizer(folder: folder.url)
  }

  /// The pieces of `text`, special tokens left out.
  func pieces(_ text: String, parseSpecial: Bool = true) -> [String] {
    encode(text, addSpecialTokens: false, parseSpecial: parseSpecial).map { piece(of: $0)! }
  }
}
