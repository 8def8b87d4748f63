import JSON

/// How the conversation of an episode becomes text, a stretch at a time: the opening, and what
/// stands behind each turn of the model.
///
/// A stretch is found as the difference that a turn makes: a conversation is rendered with a mark in
/// the place of the model's words, and what follows the mark is what follows those words, whatever
/// they are. So the model's own text is never rendered again.
///
/// A model without a chat template has a transcript: the messages' contents, a line feed behind each.
public struct ConversationFormat: Sendable {
  /// Renders messages by a chat template.
  public typealias Render =
    @Sendable (_ messages: [JSONLiteral], _ tools: JSONLiteral, _ addGenerationPrompt: Bool) throws
    -> String

  let render: Render?
  let tools: JSONLiteral
  /// What the template makes of roles.
  public let roles: RoleSupport

  /// - Parameters:
  ///   - tools: what the model may call; null for nothing.
  ///   - render: `nil` for a model without a chat template.
  public init(tools: JSONLiteral = .null, render: Render?) {
    (self.tools, self.render) = (tools, render)
    roles = render.map { RoleSupport(of: $0, tools: tools) } ?? .all
  }

  public var isChat: Bool { render != nil }

  /// What the model is shown before its first turn.
  public func opening(_ messages: [JSONLiteral]) throws -> String {
    guard let render else { return transcript(messages) }
    return try render(roles.fitted(messages), tools, true)
  }

  /// What stands between a turn of the model and its next one.
  ///
  /// - Parameters:
  ///   - opening: the conversation's first messages.
  ///   - turn: the model's words; of a transcript, the last of them matter.
  ///   - endToken: the text of the end token behind them; `nil` where there is none.
  ///   - answer: what the model is shown.
  /// - Throws: what the template throws; ``ConversationError`` where it leaves out the turn.
  public func segment(
    behind turn: String, endToken: String?, after opening: [JSONLiteral], answer: [JSONLiteral]
  ) throws -> ConversationSegment {
    guard let render else {
      let gap = turn.utf8.last == UInt8(ascii: "\n") ? "" : "\n"
      return ConversationSegment(text: gap + transcript(answer), showing: answer)
    }
    let answer = roles.fitted(answer)
    let text = try render(
      roles.fitted(opening) + [Self.message("assistant", Self.mark)] + answer, tools, true)
    guard let mark = text.utf8.lastRange(of: Self.mark.utf8) else {
      throw ConversationError.turnLeftOut
    }
    var rest = text.utf8[mark.upperBound...]
    if let endToken, !endToken.isEmpty {
      // The model has written it; white space that templates put before it, it has not.
      let tail = rest.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") }
      if tail.starts(with: endToken.utf8) { rest = tail.dropFirst(endToken.utf8.count) }
    }
    return ConversationSegment(text: String(Substring(rest)), showing: answer)
  }

  private func transcript(_ messages: [JSONLiteral]) -> String {
    messages.map { ($0.content ?? "") + "\n" }.joined()
  }

  /// Stands in the place of words that nobody has written.
  static let mark = "0f6bturn9c1e"

  static func message(_ role: String, _ content: String) -> JSONLiteral {
    ["role": .string(role), "content": .string(content)]
  }
}

/// The text between two turns of the model.
public struct ConversationSegment: Sendable, Equatable {
  public let text: String
  /// UTF-8 places in `text` of what the environment said; the rest is the template's.
  public let contents: [Range<Int>]

  /// Finds the contents of `messages`, in order; as they are, or as a JSON string has them.
  init(text: String, showing messages: [JSONLiteral]) {
    self.text = text
    let whole = text.utf8
    var start = whole.startIndex
    var contents: [Range<Int>] = []
    for content in messages.compactMap(\.content) where !content.isEmpty {
      let forms = [content, content.trimmingWhitespace, content.inJSON]
      let found = forms.lazy.compactMap { form in
        form.isEmpty ? nil : whole[start...].firstRange(of: form.utf8)
      }.first
      guard let found else { continue }
      contents.append(
        whole.distance(
          from: whole.startIndex, to: found.lowerBound)..<whole.distance(
            from: whole.startIndex, to: found.upperBound))
      start = found.upperBound
    }
    self.contents = contents
  }
}

/// Why there is no text behind a turn.
public enum ConversationError: Error, Equatable, CustomStringConvertible {
  case turnLeftOut

  public var description: String {
    "the chat template leaves out the assistant's words once they are answered; use another one"
  }
}

extension JSONLiteral {
  /// The text of a message.
  var content: String? {
    if case .string(let text)? = self["content"] { return text }
    return nil
  }
}

extension String {
  fileprivate var trimmingWhitespace: String {
    guard let first = firstIndex(where: { !$0.isWhitespace }),
      let last = lastIndex(where: { !$0.isWhitespace })
    else { return "" }
    return String(self[first...last])
  }

  /// As it stands between the quotes of a JSON string.
  fileprivate var inJSON: String {
    String(JSONLiteral.string(self).serialized().dropFirst().dropLast())
  }
}

extension BidirectionalCollection where Element: Equatable {
  fileprivate func lastRange(of other: some Collection<Element>) -> Range<Index>? {
    var start = endIndex
    while true {
      if self[start...].starts(with: other) {
        return start..<index(start, offsetBy: other.count)
      }
      guard start > startIndex else { return nil }
      formIndex(before: &start)
    }
  }
}
