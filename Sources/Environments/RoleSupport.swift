import JSON

/// Which roles a chat template shows, found by trying; messages of the others are put in those that
/// it has.
public struct RoleSupport: Sendable, Equatable {
  /// Without it a system message begins the user's next one.
  public var system: Bool
  /// Without it a tool's message is the user's.
  public var tool: Bool
  /// Whether the user may speak twice in a row; else the two messages become one.
  public var repeats: Bool

  static let all = RoleSupport(system: true, tool: true, repeats: true)

  init(system: Bool, tool: Bool, repeats: Bool) {
    (self.system, self.tool, self.repeats) = (system, tool, repeats)
  }

  /// Tries what `render` makes of each.
  init(of render: ConversationFormat.Render, tools: JSONLiteral) {
    let (one, other) = ("1a8fone3d", "2b7eother4c")
    func shows(_ messages: [JSONLiteral]) -> Bool {
      guard let text = try? render(messages, tools, true) else { return false }
      return text.contains(one) && text.contains(other)
    }
    let message = ConversationFormat.message
    system = shows([message("system", one), message("user", other)])
    tool = shows([
      message("user", one), message("assistant", ConversationFormat.mark), message("tool", other),
    ])
    repeats = shows([message("user", one), message("user", other)])
  }

  /// The same conversation in roles that the template has.
  public func fitted(_ messages: [JSONLiteral]) -> [JSONLiteral] {
    var fitted: [JSONLiteral] = []
    var system: [String] = []
    for var message in messages {
      if message["role"] == "tool", !tool { message["role"] = "user" }
      if message["role"] == "system", !self.system {
        system.append(message.content ?? "")
        continue
      }
      if message["role"] == "user", !system.isEmpty {
        message["content"] = .string((system + [message.content ?? ""]).joined(separator: "\n\n"))
        system = []
      }
      if !repeats, message["role"] == "user", let last = fitted.last, last["role"] == "user" {
        fitted[fitted.count - 1]["content"] = .string(
          "\(last.content ?? "")\n\(message.content ?? "")")
      } else {
        fitted.append(message)
      }
    }
    // A system message that nobody's words follow.
    if !system.isEmpty {
      fitted.append(ConversationFormat.message("user", system.joined(separator: "\n\n")))
    }
    return fitted
  }
}
