import TemperPlugin

/// How the model writes code.
enum Syntax: String, PluginChoice {
  /// A block of three backquotes.
  case fenced
  /// `<tool_call>{"name": "python", "arguments": {"code": "..."}}</tool_call>`
  case toolCall = "tool_call"

  static let tool = Tool(
    "python", "Runs Python and gives back what it prints.", .init("code", "The program."))

  /// What ends the turn behind code.
  var end: String { self == .fenced ? "\n```\n" : "</tool_call>" }

  var explanation: String {
    switch self {
    case .fenced:
      "You can write Python in a block that begins with ```python and ends with ```: it is run, and "
        + "you see what it prints."
    case .toolCall: "You can run Python with the tool."
    }
  }

  func call(_ code: String) -> String {
    switch self {
    case .fenced: "```python\n\(code)\n```\n"
    case .toolCall: ToolCall.written(Self.tool.name, ["code": code])
    }
  }

  /// The code of a turn, and what counts of the turn: nothing behind the code.
  ///
  /// - Throws: what the model should know of a call that cannot be read.
  func action(in text: String) throws -> (kept: String, code: String?) {
    switch self {
    case .fenced:
      guard let block = text.firstBlock else { return (text, nil) }
      return (String(text[..<block.end]), block.code)
    case .toolCall:
      guard let start = text.firstRange(of: "<tool_call>")?.lowerBound,
        let call = try ToolCall.first(in: text)
      else { return (text, nil) }
      guard call.name == Self.tool.name else {
        throw PluginError.invalidInput("there is no tool '\(call.name)'; use \(Self.tool.name)")
      }
      guard let code = call.text("code") else {
        throw PluginError.invalidInput("the call has no \"code\"")
      }
      return (String(text[..<start]), code)
    }
  }
}

extension String {
  /// The first block of code: three backquotes anywhere, perhaps `py` or `python`, a line feed, the
  /// shortest body, a line feed, three backquotes.
  fileprivate var firstBlock: (code: String, end: Index)? {
    var rest = self[...]
    while let fence = rest.firstRange(of: "```") {
      rest = rest[fence.upperBound...]
      let named = ["python", "py", ""].first { rest.hasPrefix("\($0)\n") }
      guard let named else { continue }
      let body = rest.dropFirst(named.count)  // begins with the line feed
      guard let close = body.dropFirst().firstRange(of: "\n```") ?? emptyBody(of: body) else {
        return nil
      }
      let code = body[..<close.lowerBound].dropFirst()
      return (String(code), close.upperBound)
    }
    return nil
  }

  /// Where the block is closed at once.
  private func emptyBody(of body: Substring) -> Range<Index>? {
    body.hasPrefix("\n```") ? body.startIndex..<body.index(body.startIndex, offsetBy: 4) : nil
  }
}
