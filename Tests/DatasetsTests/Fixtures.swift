import Datasets
import Foundation
import JSON

/// A data set of the given lines, in a file that is gone afterwards.
func dataset(
  _ lines: String..., fields: [String] = [], limit: Int? = nil,
  badRows: Dataset.Handling = .error
) throws -> Dataset {
  let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).jsonl")
  try Data(lines.joined(separator: "\n").utf8).write(to: file)
  defer { try? FileManager.default.removeItem(at: file) }
  return try Dataset(
    contentsOf: file, fields: FieldNames(fields), limit: limit, badRows: badRows)
}

/// A format whose ids are the text's code points; 1 is BOS, `$` ends a completion.
struct LetterFormat: PromptFormat {
  var isChat = true
  /// Writes an answered conversation differently, as some templates do.
  var rewrites = false
  let endTokens: Set<Int32> = [36]
  let endToken: Int32? = 36
  var vocabularySize = 0x110000

  func render(
    _ messages: [JSONLiteral], tools: JSONLiteral, addGenerationPrompt: Bool
  ) throws -> String {
    var text = rewrites && !addGenerationPrompt ? "!" : ""
    if tools != .null { text += tools.serialized() }
    for message in messages {
      guard case .string(let role)? = message["role"], case .string(let said)? = message["content"]
      else { throw TooHard() }
      text += "\(role.prefix(1))<\(said)>$"
    }
    return addGenerationPrompt ? text + "a<" : text
  }

  func encode(_ text: String, addSpecialTokens: Bool) -> [Int32] {
    (addSpecialTokens ? [1] : []) + text.unicodeScalars.map { Int32($0.value) }
  }

  struct TooHard: Error, CustomStringConvertible { let description = "a message without text" }
}

/// The text of ids that ``LetterFormat`` made.
func letters(_ ids: [Int32]) -> String {
  String(String.UnicodeScalarView(ids.map { $0 == 1 ? "^" : Unicode.Scalar(UInt32($0))! }))
}
