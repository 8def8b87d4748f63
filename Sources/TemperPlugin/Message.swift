/// One message of a conversation.
public struct Message: Sendable, Equatable {
  public enum Role: String, Sendable { case system, user, assistant, tool }

  public var role: Role
  public var content: String

  public init(_ role: Role, _ content: String) { (self.role, self.content) = (role, content) }

  public static func system(_ content: String) -> Message { Message(.system, content) }
  public static func user(_ content: String) -> Message { Message(.user, content) }
  /// What a tool that the model called gives.
  public static func tool(_ content: String) -> Message { Message(.tool, content) }

  var json: String { #"{"role":"\#(role.rawValue)","content":\#(content.quoted)}"# }
}

/// What the model may call.
public struct Tool: Sendable {
  public struct Parameter: Sendable {
    public enum Kind: String, Sendable { case string, integer, number, boolean }

    public var name: String
    public var description: String
    public var kind: Kind
    public var isRequired: Bool

    public init(
      _ name: String, _ description: String, _ kind: Kind = .string, isRequired: Bool = true
    ) {
      (self.name, self.kind) = (name, kind)
      (self.description, self.isRequired) = (description, isRequired)
    }
  }

  public var name: String
  public var description: String
  public var parameters: [Parameter]

  public init(_ name: String, _ description: String, _ parameters: Parameter...) {
    (self.name, self.description, self.parameters) = (name, description, parameters)
  }

  /// As chat templates take it. Members stand in the customary order, which a template writes out.
  var json: String {
    let properties = parameters.map { parameter in
      let type = parameter.kind.rawValue.quoted
      return """
        \(parameter.name.quoted):{"type":\(type),"description":\(parameter.description.quoted)}
        """
    }
    let required = parameters.filter(\.isRequired).map(\.name.quoted)
    return """
      {"type":"function","function":{"name":\(name.quoted),"description":\(description.quoted),\
      "parameters":{"type":"object","properties":{\(properties.joined(separator: ","))},\
      "required":[\(required.joined(separator: ","))]}}}
      """
  }
}

extension Sequence<String> {
  /// JSON texts as an array of them.
  var jsonArray: String { "[\(joined(separator: ","))]" }
}

extension String {
  /// As a JSON string.
  var quoted: String {
    var out = "\""
    for scalar in unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\r": out += "\\r"
      case "\t": out += "\\t"
      case "\u{0}"..<"\u{20}":
        let hex = String(scalar.value, radix: 16)
        out += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out + "\""
  }
}
