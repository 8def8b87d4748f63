import JSON

/// The wording around a problem: what is asked, and examples that show how to answer.
///
/// A wording is a text in which `{key}` stands for the value that the row has for `key`; a list
/// stands as its elements, one a line.
public struct PromptWording: Sendable, Equatable {
  /// The question, for a model without a chat template and in worked examples.
  public var question: String
  /// The question as a user's turn; `question` where it is `nil`.
  public var chatQuestion: String?
  /// A system message of the wording's own, for models with a chat template.
  public var system: String?
  /// What follows the question in a worked example.
  public var answer = ""
  /// What stands between two examples, and before the question.
  public var separator = "\n\n"
  /// Rows with their solutions, shown in order before the question.
  public var shots: [JSONLiteral] = []
  /// Gives each example its own turns of a conversation. Otherwise examples make the whole prompt
  /// plain text, without the chat template.
  public var shotsAsTurns = false

  public init(question: String) { self.question = question }

  /// True if a model that has a chat template is asked through it.
  public var usesChat: Bool { shots.isEmpty || shotsAsTurns }

  /// What the model is given for `row`.
  ///
  /// - Throws: ``RowError`` where a row lacks what the wording asks for.
  func task(for row: JSONLiteral, isChat: Bool, system: String?) throws(RowError) -> Row.Task {
    guard isChat, usesChat else {
      var text = ""
      for shot in shots {
        text += try filled(question, shot) + filled(answer, shot) + separator
      }
      return .text(text + (try filled(question, row)))
    }
    var messages: [JSONLiteral] = []
    if let system = system ?? self.system { messages.append(message("system", system)) }
    for shot in shots {
      messages.append(message("user", try filled(chatQuestion ?? question, shot)))
      messages.append(message("assistant", try filled(answer, shot).trimmingBlanks))
    }
    messages.append(message("user", try filled(chatQuestion ?? question, row)))
    return .conversation(messages)
  }

  private func message(_ role: String, _ content: String) -> JSONLiteral {
    ["role": .string(role), "content": .string(content)]
  }

  /// `wording` with the row's values in their places.
  private func filled(_ wording: String, _ row: JSONLiteral) throws(RowError) -> String {
    var text = ""
    var rest = wording[...]
    while let open = rest.firstIndex(of: "{") {
      text += rest[..<open]
      rest = rest[open...]
      guard let close = rest.firstIndex(of: "}"),
        case let key = String(rest[rest.index(after: open)..<close]), Self.isKey(key)
      else {
        text.append(rest.removeFirst())
        continue
      }
      guard let value = row[key], let shown = Self.shown(value) else {
        throw RowError(description: "the row has no text '\(key)', which the prompt template shows")
      }
      text += shown
      rest = rest[rest.index(after: close)...]
    }
    return text + rest
  }

  /// Braces around anything else, as those of TeX, stand for themselves.
  private static func isKey(_ text: String) -> Bool {
    !text.isEmpty && text.allSatisfy { $0.isASCII && ($0.isLetter || $0 == "_") }
  }

  private static func shown(_ value: JSONLiteral) -> String? {
    switch value {
    case .string(let text): text
    case .int, .double: value.serialized()
    case .array(let elements):
      elements.compactMap(shown).joined(separator: "\n")
    default: nil
    }
  }
}

extension String {
  fileprivate var trimmingBlanks: String {
    String(
      trimmingPrefix(while: \.isWhitespace).reversed().trimmingPrefix(while: \.isWhitespace)
        .reversed())
  }
}
