import JSON

/// Which keys of a file's rows hold what temper looks for: `problem=question` reads the problem
/// from the key `question`. A dot goes into an object: `answer=reward.ground_truth`.
public struct FieldNames: Sendable, Equatable {
  /// In the order in which they were given.
  let renames: [(name: String, key: String)]

  /// Rows are read by their own keys.
  public init() { renames = [] }

  /// - Parameter entries: each `name=key`, or several with commas between them.
  /// - Throws: ``DatasetError/field(_:)``, ``DatasetError/fieldTwice(_:)``.
  public init(_ entries: [String]) throws(DatasetError) {
    var renames: [(name: String, key: String)] = []
    for entry in entries.flatMap({ $0.split(separator: ",") }) {
      let parts = entry.split(separator: "=", omittingEmptySubsequences: false)
        .map { $0.trimmingPrefix(while: \.isWhitespace) }
      guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
        throw .field(String(entry))
      }
      let name = String(parts[0])
      guard !renames.contains(where: { $0.name == name }) else { throw .fieldTwice(name) }
      renames.append((name, String(parts[1])))
    }
    self.renames = renames
  }

  func isRenamed(_ name: String) -> Bool { renames.contains { $0.name == name } }

  /// The value that `row` has for `name`; a null value where it has none.
  func value(of name: String, in row: JSON) -> JSON {
    guard let rename = renames.first(where: { $0.name == name }) else { return row[name] }
    return Self.value(at: rename.key, in: row)
  }

  private static func value(at key: String, in row: JSON) -> JSON {
    if row.has(key) || !key.contains(".") { return row[key] }
    return key.split(separator: ".").reduce(row) { $0[String($1)] }
  }

  /// The text of `row` with the renamed values as further keys behind its own.
  ///
  /// - Parameter text: what `row` was parsed from.
  func applied(to row: JSON, text: String) -> String {
    guard !renames.isEmpty, let end = text.lastIndex(of: "}") else { return text }
    let members = renames.map { name, key in
      let name = JSONLiteral.string(name).serialized()
      return ",\(name):\(Self.value(at: key, in: row).serialized)"
    }
    return text[..<end] + members.joined() + "}"
  }

  public static func == (left: FieldNames, right: FieldNames) -> Bool {
    left.renames.elementsEqual(right.renames) { $0 == $1 }
  }
}
