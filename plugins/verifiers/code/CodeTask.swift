import TemperPlugin

/// What a row asks of a program.
struct CodeTask {
  enum Tests {
    /// Statements that the program has to let pass, and the source of a function `check` that is
    /// called with the row's function.
    case statements([String], check: String)
    /// What the program has to write for what it reads.
    case dialogues([Dialogue])
  }

  struct Dialogue: Decodable {
    let input: String
    let output: String
  }

  let prompt: String
  let function: String
  let setup: String
  let tests: Tests

  /// - Throws: where the row has no tests that can be run.
  init(_ sample: Sample, prompt key: String) throws {
    guard let row = try? sample.row(as: [String: Member].self) else {
      throw PluginError.invalidInput("the task row is not a JSON object")
    }
    func text(_ key: String) -> String {
      if case .text(let text)? = row[key] { return text }
      return ""
    }
    (prompt, function, setup) = (text(key), text("entry_point"), text("test_setup"))
    let check = text("test")
    switch row["tests"] {
    case .dialogues(let dialogues)? where !dialogues.isEmpty: tests = .dialogues(dialogues)
    case .list(let statements)? where !statements.isEmpty || !check.isEmpty:
      tests = .statements(statements, check: check)
    case .text(let statement)? where !statement.isEmpty:
      tests = .statements([statement], check: check)
    case .text, .list, .dialogues, nil:
      guard !check.isEmpty else { fallthrough }
      tests = .statements([], check: check)
    case .other:
      throw PluginError.invalidInput(
        "the row has neither 'test' nor 'tests': statements, or objects with 'input' and 'output'")
    }
    if !check.isEmpty, function.isEmpty {
      throw PluginError.invalidInput("the row has 'test' and no 'entry_point' to call it with")
    }
  }

  private enum Member: Decodable {
    case text(String), list([String]), dialogues([Dialogue]), other

    init(from decoder: any Decoder) throws {
      let value = try decoder.singleValueContainer()
      if let text = try? value.decode(String.self) {
        self = .text(text)
      } else if let list = try? value.decode([String].self) {
        self = .list(list)
      } else if let dialogues = try? value.decode([Dialogue].self) {
        self = .dialogues(dialogues)
      } else {
        self = .other
      }
    }
  }
}
