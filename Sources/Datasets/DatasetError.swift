import Foundation

/// What is wrong with a data file or its rows, seen before the first step of a run.
public enum DatasetError: Error, Equatable, CustomStringConvertible {
  case empty(file: String)
  /// Rows that cannot be used, `total` of `count`; `problems` has the first few.
  case rows(file: String, problems: [String], total: Int, count: Int)
  /// An entry of `fields` that does not read `name=key`.
  case field(String)
  case fieldTwice(String)
  /// Rows whose prompts (or examples) are longer than allowed, the first few by line.
  case tooLong(file: String, lines: [Int], total: Int, count: Int, longest: Int, limit: Int)
  case nothingLeft(file: String, limit: Int)

  /// How many rows an error shows.
  static let shown = 5

  public var description: String {
    switch self {
    case .empty(let file):
      return "\(file): there are no rows; a data file has one JSON object a line"
    case .rows(let file, let problems, let total, let count):
      let more = total - problems.count
      return "\(file): \(total) of \(count) rows cannot be used:\n"
        + problems.map { "  \($0)\n" }.joined() + (more > 0 ? "  and \(more) more\n" : "")
        + "Correct these lines or take them out."
    case .field(let entry):
      return """
        fields: '\(entry)' does not read name=key; write the name that temper knows, then the \
        file's own key, for example problem=question
        """
    case .fieldTwice(let name):
      return "fields: '\(name)' is given two keys; give it one"
    case .tooLong(let file, let lines, let total, let count, let longest, let limit):
      let places = lines.map(String.init).joined(separator: ", ")
      return """
        \(file): \(total) of \(count) rows are longer than \(limit) tokens (lines \(places)\
        \(total > lines.count ? " and more" : ""); the longest has \(longest)). Raise the limit, \
        data.max_prompt_tokens, or leave them out with data.too_long: skip
        """
    case .nothingLeft(let file, let limit):
      return "\(file): no row is within \(limit) tokens; raise data.max_prompt_tokens"
    }
  }
}

/// What is wrong with one row.
struct RowError: Error, CustomStringConvertible {
  let description: String
}
