/// A piece of a template's text as the parser sees it.
struct Token: Equatable {
  enum Kind: Equatable {
    /// Text outside of tags, white space control applied.
    case text(String)
    case outputBegin, outputEnd
    case statementBegin, statementEnd
    case name(String)
    case string(String)
    case integer(Int)
    case float(Double)
    /// Punctuation inside of a tag: `+`, `==`, `(` and so on.
    case symbol(String)
    case end
  }

  let kind: Kind
  let line: Int

  /// The token in words, for error messages.
  var description: String {
    switch kind {
    case .text: "text"
    case .outputBegin: "'{{'"
    case .outputEnd: "'}}'"
    case .statementBegin: "'{%'"
    case .statementEnd: "'%}'"
    case .name(let name): "'\(name)'"
    case .string(let text): "the string '\(text)'"
    case .integer(let value): "\(value)"
    case .float(let value): "\(value)"
    case .symbol(let symbol): "'\(symbol)'"
    case .end: "the end of the template"
    }
  }
}
