import FoundationEssentials

/// A call that the model wrote: `<tool_call>{"name": ..., "arguments": {...}}</tool_call>`, as the
/// templates of Qwen, Hermes and others teach it.
public struct ToolCall: Sendable {
  public let name: String
  private let arguments: [String: JSONValue]

  /// The text of an argument: a string as it is, a number as it is written.
  ///
  /// - Returns: `nil` where it is missing or neither.
  public func text(_ argument: String) -> String? {
    switch arguments[argument] {
    case .string(let text): text
    case .int(let value): String(value)
    case .double(let value): String(value)
    default: nil
    }
  }

  /// All arguments, decoded.
  public func arguments<Arguments: Decodable>(as type: Arguments.Type) throws -> Arguments {
    try JSONDecoder().decode(type, from: JSONEncoder().encode(arguments))
  }

  /// The calls of a turn in their order; of one whose end tag is missing, what there is.
  ///
  /// - Throws: ``PluginError/invalidInput(_:)``, whose description tells the model what is wrong
  ///   with the first call that cannot be read.
  public static func calls(in text: String) throws -> [ToolCall] {
    var calls: [ToolCall] = []
    var rest = text[...]
    while let open = rest.firstRange(of: "<tool_call>") {
      rest = rest[open.upperBound...]
      let close = rest.firstRange(of: "</tool_call>")
      calls.append(try ToolCall(parsing: rest[..<(close?.lowerBound ?? rest.endIndex)]))
      rest = rest[(close?.upperBound ?? rest.endIndex)...]
    }
    return calls
  }

  /// The first call of a turn, `nil` where there is none.
  public static func first(in text: String) throws -> ToolCall? {
    guard let open = text.firstRange(of: "<tool_call>") else { return nil }
    let rest = text[open.upperBound...]
    let end = rest.firstRange(of: "</tool_call>")?.lowerBound ?? rest.endIndex
    return try ToolCall(parsing: rest[..<end])
  }

  /// How a model would write a call, for an expert.
  public static func written(_ name: String, _ arguments: KeyValuePairs<String, String>) -> String {
    let members = arguments.map { "\($0.key.quoted): \($0.value.quoted)" }
    return """
      <tool_call>
      {"name": \(name.quoted), "arguments": {\(members.joined(separator: ", "))}}
      </tool_call>
      """
  }

  private struct Written: Decodable {
    let name: String?
    let arguments: JSONValue?
  }

  private init(parsing json: Substring) throws {
    guard let written = try? JSONDecoder().decode(Written.self, from: Data(json.utf8)) else {
      throw PluginError.invalidInput("the tool call is not a JSON object")
    }
    guard let name = written.name else {
      throw PluginError.invalidInput("the tool call has no \"name\"")
    }
    self.name = name
    switch written.arguments {
    case .object(let members)?: arguments = members
    case .string(let text)?:  // some models write the object as a text
      guard
        let members = try? JSONDecoder().decode([String: JSONValue].self, from: Data(text.utf8))
      else { fallthrough }
      arguments = members
    default: throw PluginError.invalidInput("the tool call's \"arguments\" are no JSON object")
    }
  }
}
