import JSON

/// One row of a data file, its keys read by their meaning.
public struct Row: Sendable {
  public enum Task: Sendable, Equatable {
    /// `messages`: a conversation, for the chat template.
    case conversation([JSONLiteral])
    /// `prompt`: text that the model is given as it is.
    case text(String)
    /// `problem`: text that a user says, for the chat template where there is one.
    case problem(String)
  }

  /// The row's place among the rows of the file, from 0.
  public let index: Int
  /// The line of the file, from 1.
  public let line: Int
  /// The row's `id`, or else its line.
  public let id: String
  public internal(set) var task: Task
  /// Descriptions of tools for the chat template; null where the row has none.
  public let tools: JSONLiteral
  /// `answer`, the gold; as JSON where it is no string.
  public let answer: String?
  /// `completion` or `solution`: what supervised fine-tuning learns.
  public let completion: String?
  /// The row as it stands in the file, renamed keys added.
  public let json: String

  /// - Throws: ``RowError``, `JSONError`, with the line in the description.
  init(_ row: JSON, text: String, place: (index: Int, line: Int), fields: FieldNames) throws {
    guard row.kind == .object else {
      throw RowError(description: "\(row.path)a row is a JSON object; this is \(row.summary)")
    }
    for (name, key) in fields.renames where fields.value(of: name, in: row).isNull {
      throw RowError(
        description:
          "\(row.path)has no '\(key)', which 'fields' names for '\(name)'; it has \(row.keys)")
    }
    (index, line) = place
    let id = fields.value(of: "id", in: row)
    self.id = id.string ?? (id.kind == .integer ? id.serialized : String(place.line))
    task = try Self.task(of: row, fields: fields)
    let tools = fields.value(of: "tools", in: row)
    self.tools = tools.kind == .array ? JSONLiteral(tools) : .null
    let answer = fields.value(of: "answer", in: row)
    self.answer = answer.isNull ? nil : answer.string ?? answer.serialized
    let completion = ["completion", "solution"].lazy
      .map { fields.value(of: $0, in: row) }.first { !$0.isNull }
    self.completion = try completion.map { try $0.requireString() }
    json = fields.applied(to: row, text: text)
  }

  /// A key that was renamed comes before the others.
  private static func task(of row: JSON, fields: FieldNames) throws -> Task {
    let names = ["messages", "prompt", "problem"]
    let ordered = names.filter(fields.isRenamed) + names.filter { !fields.isRenamed($0) }
    guard let name = ordered.first(where: { !fields.value(of: $0, in: row).isNull }) else {
      throw RowError(
        description: """
          \(row.path)needs 'messages', 'prompt' or 'problem'; it has \(row.keys). Name its keys \
          with fields, for example problem=question
          """)
    }
    let value = fields.value(of: name, in: row)
    switch name {
    case "problem": return .problem(try value.requireString())
    case "prompt" where value.kind == .string: return .text(value.string!)
    default: return .conversation(try messages(value))
    }
  }

  private static func messages(_ value: JSON) throws -> [JSONLiteral] {
    let messages = try value.requireArray()
    guard !messages.isEmpty else {
      throw RowError(description: "\(value.path) is empty; a conversation has a message at least")
    }
    return try messages.map { message in
      _ = try message["role"].requireString()
      return JSONLiteral(message)
    }
  }
}

extension JSON {
  /// The keys of an object, for messages.
  fileprivate var keys: String {
    let keys = (object ?? []).map { "'\($0.key)'" }
    return keys.isEmpty ? "no keys" : keys.joined(separator: ", ")
  }
}
