import JSON

/// A plugin as the user asks for it: on the command line, in the configuration file, or both.
public struct PluginRequest: Sendable, Equatable {
  /// A name, an id, or the path of a library.
  public var name: String
  /// The options of the command line, in order, not yet typed.
  public var options: [Option]
  /// The object of the configuration file. An option of the same key takes its place.
  public var configuration: JSONLiteral

  public struct Option: Sendable, Equatable {
    public let key: String
    public let text: String
  }

  public init(name: String, configuration: JSONLiteral = .object([])) {
    (self.name, self.configuration) = (name, configuration)
    options = []
  }

  /// Reads `NAME` or `NAME:key=value,key=value`.
  ///
  /// A comma starts a new option only where a key and `=` follow, so values may hold commas
  /// (`pattern=\d{1,3}`). A value in double quotes is a JSON string.
  public init(parsing text: String) throws(PluginHostError) {
    let colon = text.firstIndex(of: ":") ?? text.endIndex
    self.init(name: String(text[..<colon]))
    guard !name.isEmpty else { throw .option(text: text, reason: "the plugin's name is missing") }
    guard colon < text.endIndex else { return }
    for piece in Self.split(text[text.index(after: colon)...]) {
      guard let equals = piece.firstIndex(of: "="), Self.isKey(piece[..<equals]) else {
        throw .option(text: text, reason: "'\(piece)' is not of the form key=value")
      }
      let value = piece[piece.index(after: equals)...]
      options.append(Option(key: String(piece[..<equals]), text: String(value)))
    }
  }

  /// True if the name is the path of a library.
  var isPath: Bool { name.contains("/") || name.hasSuffix(".so") }

  /// The library's path. Without a slash the loader would search the system's folders.
  var path: String { name.contains("/") ? name : "./\(name)" }

  private static func split(_ text: Substring) -> [Substring] {
    var pieces: [Substring] = []
    var rest = text
    while let comma = nextSeparator(in: rest) {
      pieces.append(rest[..<comma])
      rest = rest[rest.index(after: comma)...]
    }
    return pieces + [rest]
  }

  /// The first comma outside of quotes with a key and `=` behind it.
  private static func nextSeparator(in text: Substring) -> Substring.Index? {
    var isQuoted = false
    var isEscaped = false
    var previous: Character = ","
    for index in text.indices {
      let character = text[index]
      if isQuoted {
        if character == "\"", !isEscaped { isQuoted = false }
        isEscaped = character == "\\" && !isEscaped
      } else if character == "\"", previous == "=" {
        isQuoted = true
      } else if character == "," {
        let rest = text[text.index(after: index)...]
        if let equals = rest.firstIndex(of: "="), isKey(rest[..<equals]) { return index }
      }
      previous = character
    }
    return nil
  }

  private static func isKey(_ text: Substring) -> Bool {
    !text.isEmpty && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") }
  }
}
