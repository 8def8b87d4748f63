/// Cuts a template into tokens by Jinja's rules, with `trim_blocks` and `lstrip_blocks` on.
///
/// White space: `-` inside a tag's edge strips all of it on that side, `+` keeps it. Otherwise a
/// statement or comment takes the blanks in front of it when it begins its line, and the newline
/// right behind it. Output tags take nothing.
struct Lexer {
  private let template: String
  let source: [Unicode.Scalar]
  var position = 0
  var line = 1
  /// The scalar before `position` ended a line, as far as tags and their trimming are concerned.
  private var atLineStart = true
  private var tokens: [Token] = []

  init(source: String, template: String) {
    self.template = template
    self.source = Self.normalized(source)
  }

  /// Line breaks as `\n`; one at the very end is dropped.
  private static func normalized(_ source: String) -> [Unicode.Scalar] {
    var result: [Unicode.Scalar] = []
    result.reserveCapacity(source.utf8.count)
    var afterReturn = false
    for scalar in source.unicodeScalars {
      if scalar == "\r" {
        result.append("\n")
      } else if scalar != "\n" || !afterReturn {
        result.append(scalar)
      }
      afterReturn = scalar == "\r"
    }
    if result.last == "\n" { result.removeLast() }
    return result
  }

  mutating func tokenized() throws(TemplateError) -> [Token] {
    while position < source.count {
      guard let tag = nextTag() else {
        emit(.text(text(position..<source.count)))
        position = source.count
        break
      }
      let kind = source[tag + 1]
      let sign = signature(at: tag + 2)
      emitText(upTo: tag, sign: sign, stripsLine: kind != "{")
      position = tag + 2 + (sign == nil ? 0 : 1)
      switch kind {
      case "#": try comment()
      case "{":
        emit(.outputBegin)
        try expression(closing: "}", token: .outputEnd, trimsLine: false)
      default:
        if try rawBlock() { continue }
        emit(.statementBegin)
        try expression(closing: "%", token: .statementEnd, trimsLine: true)
      }
    }
    emit(.end)
    return tokens
  }

  // MARK: Text between tags

  private func nextTag() -> Int? {
    var index = position
    while index + 1 < source.count {
      if source[index] == "{", ["{", "%", "#"].contains(source[index + 1]) { return index }
      index += 1
    }
    return nil
  }

  private func signature(at index: Int) -> Unicode.Scalar? {
    guard index < source.count, source[index] == "-" || source[index] == "+" else { return nil }
    return source[index]
  }

  private mutating func emitText(upTo tag: Int, sign: Unicode.Scalar?, stripsLine: Bool) {
    var end = tag
    if sign == "-" {
      while end > position, source[end - 1].isPythonSpace { end -= 1 }
    } else if sign == nil, stripsLine {
      var start = end
      while start > position, source[start - 1] != "\n", source[start - 1].isPythonSpace {
        start -= 1
      }
      let beginsLine = start > position ? source[start - 1] == "\n" : atLineStart
      if beginsLine { end = start }
    }
    if end > position { emit(.text(text(position..<end))) }
    advance(to: tag)
  }

  private mutating func comment() throws(TemplateError) {
    let start = line
    while !(at("#}") || at("-#}") || at("+#}")) {
      guard position < source.count else {
        throw failure("the comment that begins here is not closed; add '#}'", line: start)
      }
      advance(to: position + 1)
    }
    closeTag(of: "#}", trimsLine: true)
  }

  /// Consumes `-%}`, `+%}` or `%}` with the white space that belongs to it.
  private mutating func closeTag(of mark: String, trimsLine: Bool) {
    var end = position
    if at("-" + mark) {
      end += 1 + mark.unicodeScalars.count
      while end < source.count, source[end].isPythonSpace { end += 1 }
    } else if at("+" + mark) {
      end += 1 + mark.unicodeScalars.count
    } else {
      end += mark.unicodeScalars.count
      if trimsLine, end < source.count, source[end] == "\n" { end += 1 }
    }
    atLineStart = source[end - 1] == "\n"
    advance(to: end)
  }

  /// `{% raw %}...{% endraw %}`; false if the statement at hand is another one.
  private mutating func rawBlock() throws(TemplateError) -> Bool {
    guard let body = tagEnd(of: "raw", from: position) else { return false }
    let start = line
    advance(to: body.close)
    if at("-%}") {
      closeTag(of: "%}", trimsLine: false)
    } else {
      advance(to: body.close + 2)
    }
    atLineStart = source[position - 1] == "\n"
    var index = position
    while index + 1 < source.count {
      if source[index] == "{", source[index + 1] == "%" {
        let sign = signature(at: index + 2)
        if let end = tagEnd(of: "endraw", from: index + 2 + (sign == nil ? 0 : 1)) {
          emitText(upTo: index, sign: sign, stripsLine: true)
          advance(to: end.close)
          closeTag(of: "%}", trimsLine: true)
          return true
        }
      }
      index += 1
    }
    throw failure("the raw block that begins here is not closed; add '{% endraw %}'", line: start)
  }

  /// Where the tag that holds nothing but `word` is closed.
  private func tagEnd(of word: String, from start: Int) -> (close: Int, Void)? {
    var index = start
    func skipSpace() { while index < source.count, source[index].isPythonSpace { index += 1 } }
    skipSpace()
    for scalar in word.unicodeScalars {
      guard index < source.count, source[index] == scalar else { return nil }
      index += 1
    }
    skipSpace()
    for close in ["%}", "-%}", "+%}"] where at(close, from: index) {
      if word == "raw", close == "+%}" { return nil }
      return (index, ())
    }
    return nil
  }

  // MARK: Inside of a tag

  private mutating func expression(
    closing: Unicode.Scalar, token: Token.Kind, trimsLine: Bool
  ) throws(TemplateError) {
    var open: [Unicode.Scalar] = []
    let mark = "\(closing)}"
    let start = line
    while position < source.count {
      if open.isEmpty, at(mark) || at("-" + mark) || (trimsLine && at("+" + mark)) {
        emit(token)
        closeTag(of: mark, trimsLine: trimsLine)
        return
      }
      let scalar = source[position]
      switch scalar {
      case _ where scalar.isPythonSpace: advance(to: position + 1)
      case "0"..."9": try number()
      case "'", "\"": try string(quote: scalar)
      case _ where scalar.isNamePart: try name()
      default: try symbol(balancing: &open)
      }
    }
    throw failure("the tag that begins here is not closed; add '\(mark)'", line: start)
  }

  private mutating func name() throws(TemplateError) {
    let start = position
    while position < source.count, source[position].isNamePart { position += 1 }
    emit(.name(text(start..<position)))
  }

  private mutating func symbol(balancing open: inout [Unicode.Scalar]) throws(TemplateError) {
    let long = ["//", "**", "==", "!=", ">=", "<="].first { at($0) }
    let symbol = long ?? String(source[position])
    switch source[position] {
    case _ where long != nil: break
    case "(": open.append(")")
    case "[": open.append("]")
    case "{": open.append("}")
    case ")", "]", "}":
      guard open.popLast() == source[position] else {
        throw failure("unexpected '\(symbol)'", line: line)
      }
    case "+", "-", "/", "*", "%", "~", ">", "<", "=", ".", ":", "|", ",", ";": break
    default: throw failure("unexpected character '\(symbol)'", line: line)
    }
    emit(.symbol(symbol))
    position += symbol.unicodeScalars.count
  }

  // MARK: Helpers

  func failure(_ reason: String, line: Int) -> TemplateError {
    TemplateError(.syntax, template: template, line: line, message: reason)
  }

  mutating func emit(_ kind: Token.Kind) { tokens.append(Token(kind: kind, line: line)) }

  /// Moves on, counting lines.
  mutating func advance(to end: Int) {
    for index in position..<end where source[index] == "\n" { line += 1 }
    position = end
  }

  func text(_ range: Range<Int>) -> String {
    var result = String.UnicodeScalarView()
    result.append(contentsOf: source[range])
    return String(result)
  }

  private func at(_ mark: String, from start: Int? = nil) -> Bool {
    var index = start ?? position
    for scalar in mark.unicodeScalars {
      guard index < source.count, source[index] == scalar else { return false }
      index += 1
    }
    return true
  }
}

extension Unicode.Scalar {
  /// A letter, digit or underscore, of which names are made.
  var isNamePart: Bool {
    self == "_" || ("a"..."z").contains(self) || ("A"..."Z").contains(self)
      || ("0"..."9").contains(self) || (!isASCII && properties.isXIDContinue)
  }
}
