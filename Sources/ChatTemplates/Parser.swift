/// Builds the statements of a template from its tokens; the grammar is Jinja's own.
struct Parser {
  /// Nesting beyond this is refused, so that a hostile template cannot exhaust the stack.
  static let maximumDepth = 100
  /// Operators in one tag; a chain of them is a deep tree.
  static let maximumLinks = 5000

  let template: String
  private var tokens: [Token]
  private var index = 0
  private var depth = 0
  /// Operators, dots, calls and filters of the tag at hand; see ``link()``.
  private var links = 0
  /// Loops around the statement at hand, within its macro or generation block.
  private var loops = 0
  /// Blocks that a macro may not stand in.
  private var scopes = 0

  init(source: String, template: String) throws(TemplateError) {
    self.template = template
    var lexer = Lexer(source: source, template: template)
    tokens = try lexer.tokenized()
  }

  mutating func parsed() throws(TemplateError) -> [Statement] {
    let (statements, _) = try statements(until: [])
    return statements
  }

  /// Statements up to a tag whose first name is one of `ends`; that name is consumed and given.
  private mutating func statements(
    until ends: Set<String>
  ) throws(TemplateError) -> ([Statement], String) {
    let start = current.line
    var result: [Statement] = []
    while true {
      let line = current.line
      links = 0
      switch current.kind {
      case .text(let text):
        advance()
        result.append(Statement(line: line, kind: .text(text)))
      case .outputBegin:
        advance()
        let value = try tuple()
        try expect(.outputEnd)
        result.append(Statement(line: line, kind: .output(value)))
      case .statementBegin:
        advance()
        let name = try expectName("a statement")
        if ends.contains(name) { return (result, name) }
        let kind = try nested { (parser) throws(TemplateError) in
          try parser.statement(name, line: line)
        }
        result.append(Statement(line: line, kind: kind))
      default:
        if !ends.isEmpty {
          let expected = ends.sorted().map { "'{% \($0) %}'" }.joined(separator: " or ")
          throw failure("the block that begins here is not closed; add \(expected)", line: start)
        }
        return (result, "")
      }
    }
  }

  private mutating func body(
    until ends: Set<String>, scoped: Bool = true
  ) throws(TemplateError) -> ([Statement], String) {
    try expect(.statementEnd)
    if scoped { scopes += 1 }
    defer { if scoped { scopes -= 1 } }
    return try statements(until: ends)
  }

  private mutating func statement(
    _ name: String, line: Int
  ) throws(TemplateError) -> Statement.Kind {
    switch name {
    case "for": return try forLoop()
    case "if": return try conditional()
    case "set": return try assignment()
    case "macro": return try macro(line: line)
    case "generation":
      let outer = loops
      loops = 0
      defer { loops = outer }
      let (body, _) = try body(until: ["endgeneration"])
      try expect(.statementEnd)
      return .generation(body)
    case "break", "continue":
      guard loops > 0 else { throw failure("'\(name)' outside of a loop", line: line) }
      try expect(.statementEnd)
      return name == "break" ? .breakLoop : .continueLoop
    case "elif", "else", "endif", "endfor", "endset", "endmacro", "endgeneration":
      throw failure("'\(name)' without the block that it belongs to", line: line)
    default: throw unsupported("the statement '\(name)'", line: line)
    }
  }

  private mutating func conditional() throws(TemplateError) -> Statement.Kind {
    var branches: [(condition: Expression, body: [Statement])] = []
    while true {
      let condition = try tuple(conditionals: false)
      let (body, end) = try body(until: ["elif", "else", "endif"], scoped: false)
      branches.append((condition, body))
      switch end {
      case "elif": continue
      case "else":
        let (otherwise, _) = try self.body(until: ["endif"], scoped: false)
        try expect(.statementEnd)
        return .conditional(branches, else: otherwise)
      default:
        try expect(.statementEnd)
        return .conditional(branches, else: [])
      }
    }
  }

  private mutating func forLoop() throws(TemplateError) -> Statement.Kind {
    let line = current.line
    let target = try target(namespaces: false)
    guard accept(name: "in") else { throw unexpected("'in'") }
    let elements = try tuple(conditionals: false)
    let condition = accept(name: "if") ? try expression() : nil
    if accept(name: "recursive") { throw unsupported("'recursive' of a loop", line: line) }
    loops += 1
    var (body, end) = try body(until: ["else", "endfor"])
    loops -= 1
    var otherwise: [Statement] = []
    if end == "else" { (otherwise, end) = try self.body(until: ["endfor"]) }
    try expect(.statementEnd)
    return .loop(
      ForLoop(
        target: target, elements: elements, condition: condition, body: body, otherwise: otherwise))
  }

  private mutating func assignment() throws(TemplateError) -> Statement.Kind {
    let target = try target(namespaces: true)
    if accept("=") {
      let value = try tuple()
      try expect(.statementEnd)
      return .assignment(target, value)
    }
    var filters: [(Filter, ArgumentList)] = []
    while accept("|") { filters.append(try filter()) }
    let (body, _) = try body(until: ["endset"])
    try expect(.statementEnd)
    return .capture(target, filters, body)
  }

  private mutating func macro(line: Int) throws(TemplateError) -> Statement.Kind {
    if scopes > 0 { throw unsupported("a macro inside of another block", line: line) }
    let name = try expectName("the macro's name")
    var parameters: [(name: String, standard: Expression?)] = []
    try expect(.symbol("("))
    while !accept(")") {
      if !parameters.isEmpty { try expect(.symbol(",")) }
      let parameter = try expectName("a parameter")
      let standard = accept("=") ? try expression() : nil
      if standard == nil, let last = parameters.last, last.standard != nil {
        throw failure("'\(parameter)' needs a default, as '\(last.name)' has one", line: line)
      }
      parameters.append((parameter, standard))
    }
    let outer = loops
    loops = 0
    defer { loops = outer }
    let (body, _) = try body(until: ["endmacro"])
    try expect(.statementEnd)
    return .macro(Macro(name: name, parameters: parameters, body: body))
  }

  private mutating func target(namespaces: Bool) throws(TemplateError) -> Target {
    var targets: [Target] = []
    var isTuple = false
    while true {
      if accept("(") {
        targets.append(try target(namespaces: false))
        try expect(.symbol(")"))
      } else {
        let name = try expectName("a name to assign to")
        guard !["true", "false", "none", "True", "False", "None"].contains(name) else {
          throw failure("'\(name)' cannot be assigned to", line: current.line)
        }
        if namespaces, accept(".") {
          targets.append(.attribute(of: name, try expectName("an attribute")))
        } else {
          targets.append(.variable(name))
        }
      }
      guard accept(",") else { break }
      isTuple = true
      if current.kind == .name("in") || current.kind == .symbol("=") { break }
    }
    return isTuple ? .tuple(targets) : targets[0]
  }

  // MARK: Tokens

  var current: Token { tokens[index] }
  var next: Token { tokens[min(index + 1, tokens.count - 1)] }

  mutating func advance() { if index + 1 < tokens.count { index += 1 } }

  mutating func accept(_ symbol: String) -> Bool {
    guard current.kind == .symbol(symbol) else { return false }
    advance()
    return true
  }

  mutating func accept(name: String) -> Bool {
    guard current.kind == .name(name) else { return false }
    advance()
    return true
  }

  mutating func expect(_ kind: Token.Kind) throws(TemplateError) {
    guard current.kind == kind else {
      throw unexpected(Token(kind: kind, line: 0).description)
    }
    advance()
  }

  mutating func expectName(_ role: String) throws(TemplateError) -> String {
    guard case .name(let name) = current.kind else { throw unexpected(role) }
    advance()
    return name
  }

  /// Runs one level deeper, within the limit.
  mutating func nested<T>(
    _ parse: (inout Parser) throws(TemplateError) -> T
  ) throws(TemplateError) -> T {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.maximumDepth else {
      throw TemplateError(
        .limit, template: template, line: current.line,
        message: "blocks or expressions are nested more than \(Self.maximumDepth) deep")
    }
    return try parse(&self)
  }

  /// Accepts a token that ties expressions together.
  mutating func accept(link kind: Token.Kind) throws(TemplateError) -> Bool {
    guard current.kind == kind else { return false }
    try link()
    advance()
    return true
  }

  /// Counts one operator of a tag against the limit.
  mutating func link() throws(TemplateError) {
    links += 1
    guard links <= Self.maximumLinks else {
      throw TemplateError(
        .limit, template: template, line: current.line,
        message: "the tag has more than \(Self.maximumLinks) operators")
    }
  }

  func unexpected(_ expected: String) -> TemplateError {
    failure("expected \(expected), found \(current.description)", line: current.line)
  }

  func failure(_ reason: String, line: Int) -> TemplateError {
    TemplateError(.syntax, template: template, line: line, message: reason)
  }

  func unsupported(_ construct: String, line: Int) -> TemplateError {
    TemplateError(.unsupported, template: template, line: line, message: construct)
  }
}
