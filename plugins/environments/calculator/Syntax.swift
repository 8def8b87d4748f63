import TemperPlugin

/// How the model calls the calculator.
enum Syntax: String, PluginChoice {
  /// `<calc>12*(3+4)</calc>`, for models without a chat template's tools.
  case tags
  /// `<tool_call>{"name": "calculator", "arguments": {"expression": "12*(3+4)"}}</tool_call>`
  case toolCall = "tool_call"

  static let tag = "calc"
  static let tool = Tool(
    "calculator", "Calculates exactly with numbers, + - * / ^ and parentheses.",
    .init("expression", "What to calculate, for example 12*(3+4)"))

  /// What a call ends with.
  var end: String { self == .tags ? "</\(Self.tag)>" : "</tool_call>" }

  var explanation: String {
    switch self {
    case .tags: "Calculate with <\(Self.tag)>expression</\(Self.tag)>."
    case .toolCall: "Use the calculator."
    }
  }

  func call(_ expression: String) -> String {
    switch self {
    case .tags: "<\(Self.tag)>\(expression)</\(Self.tag)>"
    case .toolCall: ToolCall.written(Self.tool.name, ["expression": expression])
    }
  }

  enum Action: Equatable {
    case call(String), answer(String)
    /// A call that cannot be understood.
    case unreadable(String)
    case none
  }

  /// What a turn does first.
  func action(in text: String, answer tag: String) -> Action {
    let answer = text.firstTagged(tag)
    let call: (start: String.Index, action: Action)?
    switch self {
    case .tags: call = text.firstTagged(Self.tag).map { ($0.start, .call(String($0.content))) }
    case .toolCall: call = toolCall(in: text)
    }
    guard let call else { return answer.map { .answer(String($0.content)) } ?? .none }
    guard let answer, answer.start < call.start else { return call.action }
    return .answer(String(answer.content))
  }

  private func toolCall(in text: String) -> (String.Index, Action)? {
    guard let start = text.firstRange(of: "<tool_call>")?.lowerBound else { return nil }
    do {
      guard let call = try ToolCall.first(in: text) else { return nil }
      guard call.name == Self.tool.name else {
        return (start, .unreadable("there is no tool '\(call.name)'; use \(Self.tool.name)"))
      }
      guard let expression = call.text("expression") else {
        return (start, .unreadable("the call has no \"expression\""))
      }
      return (start, .call(expression))
    } catch {
      return (start, .unreadable("\(error)"))
    }
  }
}

extension String {
  /// What stands between the first `<tag>` and the next `</tag>`.
  fileprivate func firstTagged(_ tag: String) -> (start: Index, content: Substring)? {
    guard let open = firstRange(of: "<\(tag)>"),
      let close = self[open.upperBound...].firstRange(of: "</\(tag)>")
    else { return nil }
    return (open.lowerBound, self[open.upperBound..<close.lowerBound])
  }
}
