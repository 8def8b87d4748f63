import JSON

/// Expressions, from the loosest binding to the tightest.
extension Parser {
  /// One expression, or several with commas between them, which make a tuple.
  mutating func tuple(conditionals: Bool = true) throws(TemplateError) -> Expression {
    let first = try expression(conditionals: conditionals)
    guard current.kind == .symbol(",") else { return first }
    var elements = [first]
    while accept(",") {
      switch current.kind {
      case .outputEnd, .statementEnd, .symbol(")"): return .tuple(elements)
      default: elements.append(try expression(conditionals: conditionals))
      }
    }
    return .tuple(elements)
  }

  mutating func expression(conditionals: Bool = true) throws(TemplateError) -> Expression {
    try nested { (parser) throws(TemplateError) in
      conditionals ? try parser.conditional() : try parser.disjunction()
    }
  }

  private mutating func conditional() throws(TemplateError) -> Expression {
    var result = try disjunction()
    while try accept(link: .name("if")) {
      let condition = try disjunction()
      let otherwise = accept(name: "else") ? try expression() : nil
      result = .conditional(condition, then: result, else: otherwise)
    }
    return result
  }

  private mutating func disjunction() throws(TemplateError) -> Expression {
    var left = try conjunction()
    while try accept(link: .name("or")) { left = .or(left, try conjunction()) }
    return left
  }

  private mutating func conjunction() throws(TemplateError) -> Expression {
    var left = try negation()
    while try accept(link: .name("and")) { left = .and(left, try negation()) }
    return left
  }

  private mutating func negation() throws(TemplateError) -> Expression {
    guard accept(name: "not") else { return try comparison() }
    return .not(try nested { (parser) throws(TemplateError) in try parser.negation() })
  }

  private mutating func comparison() throws(TemplateError) -> Expression {
    let first = try sum()
    var rest: [(ComparisonOperator, Expression)] = []
    while true {
      if case .symbol(let symbol) = current.kind,
        let comparison = ComparisonOperator(rawValue: symbol)
      {
        advance()
        rest.append((comparison, try sum()))
      } else if accept(name: "in") {
        rest.append((.contained, try sum()))
      } else if current.kind == .name("not"), next.kind == .name("in") {
        advance()
        advance()
        rest.append((.notContained, try sum()))
      } else {
        return rest.isEmpty ? first : .comparison(first, rest)
      }
    }
  }

  private mutating func sum() throws(TemplateError) -> Expression {
    var left = try concatenation()
    while let operation = try acceptOperator([.add, .subtract]) {
      left = .arithmetic(operation, left, try concatenation())
    }
    return left
  }

  private mutating func concatenation() throws(TemplateError) -> Expression {
    var parts = [try product()]
    while accept("~") { parts.append(try product()) }
    return parts.count == 1 ? parts[0] : .concatenation(parts)
  }

  private mutating func product() throws(TemplateError) -> Expression {
    var left = try power()
    while let operation = try acceptOperator([.multiply, .divide, .floorDivide, .remainder]) {
      if operation == .remainder, case .literal(.string) = left {
        throw unsupported("string formatting with '%'", line: current.line)
      }
      left = .arithmetic(operation, left, try power())
    }
    return left
  }

  private mutating func power() throws(TemplateError) -> Expression {
    var left = try unary()
    while try acceptOperator([.power]) != nil { left = .arithmetic(.power, left, try unary()) }
    return left
  }

  private mutating func acceptOperator(
    _ allowed: [ArithmeticOperator]
  ) throws(TemplateError) -> ArithmeticOperator? {
    guard case .symbol(let symbol) = current.kind, let found = ArithmeticOperator(rawValue: symbol),
      allowed.contains(found)
    else { return nil }
    try link()
    advance()
    return found
  }

  /// A sign, the operand, what follows it with dots and brackets, then its filters and tests.
  private mutating func unary(filters: Bool = true) throws(TemplateError) -> Expression {
    var result: Expression
    if accept("-") {
      result = .negative(
        try nested { (parser) throws(TemplateError) in try parser.unary(filters: false) })
    } else if accept("+") {
      result = .positive(
        try nested { (parser) throws(TemplateError) in try parser.unary(filters: false) })
    } else {
      result = try primary()
    }
    result = try postfix(result)
    return filters ? try filtered(result) : result
  }

  // MARK: Filters and tests

  private mutating func filtered(_ operand: Expression) throws(TemplateError) -> Expression {
    var result = operand
    while true {
      if try accept(link: .symbol("|")) {
        let (filter, arguments) = try filter()
        result = .filter(result, filter, arguments)
      } else if try accept(link: .name("is")) {
        result = try test(result)
      } else if try accept(link: .symbol("(")) {
        result = .call(result, try arguments())
      } else {
        return result
      }
    }
  }

  mutating func filter() throws(TemplateError) -> (Filter, ArgumentList) {
    let line = current.line
    let name = try expectName("a filter")
    guard let filter = Filter(name: name) else {
      throw unsupported("the filter '\(name)'", line: line)
    }
    let arguments = accept("(") ? try arguments() : ArgumentList()
    try check(arguments, of: filter, line: line)
    return (filter, arguments)
  }

  /// Filters that are named by a string are refused here too, not when they run.
  private func check(
    _ arguments: ArgumentList, of filter: Filter, line: Int
  ) throws(TemplateError) {
    func literal(_ index: Int) -> String? {
      guard index < arguments.positional.count,
        case .literal(.string(let name)) = arguments.positional[index]
      else { return nil }
      return name
    }
    switch filter {
    case .map:
      if let name = literal(0), Filter(name: name) == nil {
        throw unsupported("the filter '\(name)'", line: line)
      }
    case .select, .reject:
      if let name = literal(0), Predicate(name: name) == nil {
        throw unsupported("the test '\(name)'", line: line)
      }
    case .selectattr, .rejectattr:
      if let name = literal(1), Predicate(name: name) == nil {
        throw unsupported("the test '\(name)'", line: line)
      }
    default: break
    }
  }

  private mutating func test(_ operand: Expression) throws(TemplateError) -> Expression {
    let line = current.line
    let isNegated = accept(name: "not")
    let name = try expectName("a test")
    guard let predicate = Predicate(name: name) else {
      throw unsupported("the test '\(name)'", line: line)
    }
    var arguments = ArgumentList()
    if accept("(") {
      arguments = try self.arguments()
    } else if startsOperand {
      if current.kind == .name("is") {
        throw failure("tests cannot be chained with 'is'", line: line)
      }
      arguments.positional = [try postfix(try primary())]
    }
    let result = Expression.test(operand, predicate, arguments)
    return isNegated ? .not(result) : result
  }

  /// True where a test's argument without parentheses begins: `x is divisibleby 3`.
  private var startsOperand: Bool {
    switch current.kind {
    case .name(let name): !["else", "or", "and"].contains(name)
    case .string, .integer, .float, .symbol("["), .symbol("{"): true
    default: false
    }
  }
}
