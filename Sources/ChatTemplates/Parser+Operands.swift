import JSON

/// What expressions are made of: literals, names, and what follows them.
extension Parser {
  mutating func primary() throws(TemplateError) -> Expression {
    let line = current.line
    switch current.kind {
    case .name(let name):
      advance()
      switch name {
      case "true", "True": return .literal(.bool(true))
      case "false", "False": return .literal(.bool(false))
      case "none", "None": return .literal(.null)
      case "self", "caller", "varargs", "kwargs":
        throw unsupported("the variable '\(name)'", line: line)
      default: return .variable(name)
      }
    case .string(var text):
      advance()
      while case .string(let more) = current.kind {
        text += more
        advance()
      }
      return .literal(.string(text))
    case .integer(let value):
      advance()
      return .literal(.int(value))
    case .float(let value):
      advance()
      return .literal(.double(value))
    case .symbol("("):
      advance()
      if accept(")") { return .tuple([]) }
      let result = try tuple()
      try expect(.symbol(")"))
      return result
    case .symbol("["):
      advance()
      return .list(try elements(until: "]"))
    case .symbol("{"):
      advance()
      return try mapping()
    default: throw unexpected("a value")
    }
  }

  private mutating func elements(until close: String) throws(TemplateError) -> [Expression] {
    var result: [Expression] = []
    while !accept(close) {
      if !result.isEmpty {
        try expect(.symbol(","))
        if accept(close) { break }
      }
      result.append(try expression())
    }
    return result
  }

  private mutating func mapping() throws(TemplateError) -> Expression {
    var result: [(key: Expression, value: Expression)] = []
    while !accept("}") {
      if !result.isEmpty {
        try expect(.symbol(","))
        if accept("}") { break }
      }
      let key = try expression()
      try expect(.symbol(":"))
      result.append((key, try expression()))
    }
    return .mapping(result)
  }

  // MARK: What follows an operand

  mutating func postfix(_ operand: Expression) throws(TemplateError) -> Expression {
    var result = operand
    while true {
      let line = current.line
      if try accept(link: .symbol(".")) {
        switch current.kind {
        case .name(let name):
          if current.line == line, next.kind == .symbol("("), Self.refusedMethods.contains(name) {
            throw unsupported("the method '\(name)'", line: line)
          }
          result = .attribute(result, name)
        case .integer(let index): result = .element(result, .literal(.int(index)))
        default: throw unexpected("a name or a number after '.'")
        }
        advance()
      } else if try accept(link: .symbol("[")) {
        result = try subscripted(result)
      } else if try accept(link: .symbol("(")) {
        result = .call(result, try arguments())
      } else {
        return result
      }
    }
  }

  /// Methods that Python has for these values and templates may not use.
  private static let refusedMethods: Set<String> = [
    "format", "format_map", "encode", "translate", "maketrans", "expandtabs", "casefold",
    "swapcase",
    "append", "extend", "insert", "remove", "clear", "pop", "popitem", "setdefault", "update",
  ]

  private mutating func subscripted(_ operand: Expression) throws(TemplateError) -> Expression {
    func isEnd(_ token: Token) -> Bool { token.kind == .symbol(":") || token.kind == .symbol("]") }
    let start = isEnd(current) ? nil : try expression()
    guard accept(":") else {
      guard let start else { throw unexpected("an index") }
      if current.kind == .symbol(",") {
        throw unsupported("an index of several parts", line: current.line)
      }
      try expect(.symbol("]"))
      return .element(operand, start)
    }
    let end = isEnd(current) ? nil : try expression()
    var step: Expression?
    if accept(":"), !isEnd(current) { step = try expression() }
    try expect(.symbol("]"))
    return .slice(operand, start: start, end: end, step: step)
  }

  /// The arguments of a call whose parenthesis is open.
  mutating func arguments() throws(TemplateError) -> ArgumentList {
    var result = ArgumentList()
    var isFirst = true
    while !accept(")") {
      if !isFirst {
        try expect(.symbol(","))
        if accept(")") { break }
      }
      isFirst = false
      switch current.kind {
      case .symbol("*"), .symbol("**"):
        throw unsupported("a call with '*' or '**' arguments", line: current.line)
      case .name(let name) where next.kind == .symbol("="):
        advance()
        advance()
        result.named.append((name, try expression()))
      default:
        guard result.named.isEmpty else {
          throw failure("a positional argument follows a named one", line: current.line)
        }
        result.positional.append(try expression())
      }
    }
    return result
  }
}
