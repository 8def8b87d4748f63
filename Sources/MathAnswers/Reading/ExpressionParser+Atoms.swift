extension ExpressionParser {
  /// A number, name, function with its argument, fraction, root, matrix, or brackets.
  mutating func atom() throws(Stop) -> Expression {
    try work.spend(2)
    try work.descend()
    defer { work.ascend() }
    guard let kind else { throw .unreadable("the answer ends too early") }
    let start = at
    switch kind {
    case .number:
      at += 1
      return literal(start)
    case .letter(let letter): return try name(letter)
    case .constant(let constant):
      at += 1
      return .constant(constant)
    case .infinity:
      at += 1
      return .constant(.infinity)
    case .ellipsis:
      at += 1
      return .symbol("…")
    case .accent(let accent):
      at += 1
      guard at < end, brackets.partner[at] < end else {
        throw .unreadable("an accent has nothing under it")
      }
      let last = max(at, brackets.partner[at])
      let letter = Words.compact(source(of: at..<last + 1))
      at = last + 1
      return .symbol("\(accent)(\(letter))" + (try subscripted()))
    case .function(let function): return try application(of: function)
    case .open(.round), .open(.square), .open(.group): return try group()
    case .open(.floor): return .function(.floor, [try group()])
    case .open(.ceiling): return .function(.ceiling, [try group()])
    case .bar: return .function(.absolute, [try betweenBars()])
    case .fraction:
      at += 1
      let top = try argument()
      return .quotient(top, try argument())
    case .binomial:
      at += 1
      let top = try argument()
      return .function(.binomial, [top, try argument()])
    case .squareRoot: return try root()
    case .begin(let environment): return try matrix(environment)
    case .series(let kind): return try series(kind)
    case .currency:
      at += 1
      return try atom()
    default:
      throw .unreadable(
        "'\(String(decoding: source(of: at).prefix(20), as: UTF8.self))' is not expected where it stands"
      )
    }
  }

  /// A letter with its subscripts; a function of what stands in brackets behind it.
  private mutating func name(_ letter: String) throws(Stop) -> Expression {
    at += 1
    let label = try subscripted()
    if label.isEmpty {
      if letter == "e" { return .constant(.e) }
      if isImaginary(letter) { return .constant(.i) }
    }
    var name = letter + label
    while kind == .prime {
      at += 1
      name += "'"
    }
    guard kind == .open(.round), isFunction(letter) else { return .symbol(name) }
    return .application(name, try groups())
  }

  /// Letters that name functions; others in front of brackets are factors, unless there are several
  /// arguments.
  private func isFunction(_ letter: String) -> Bool {
    if ["f", "g", "h"].contains(letter) { return true }
    var index = at + 1
    let last = brackets.partner[at]
    while index < last {
      if tokens[index].kind == .comma { return true }
      index = max(index, brackets.partner[index]) + 1
    }
    return false
  }

  /// The subscript behind a name, as a part of the name.
  private mutating func subscripted() throws(Stop) -> String {
    guard kind == .underscore else { return "" }
    at += 1
    guard at < end else { throw .unreadable("a subscript is empty") }
    let last = max(at, brackets.partner[at])
    guard last < end else { throw .unreadable("a subscript is left open") }
    let label = Words.compact(source(of: at..<last + 1))
    at = last + 1
    return "_" + label
  }

  private mutating func root() throws(Stop) -> Expression {
    at += 1
    var index = Expression.int(2)
    if kind == .open(.square) {
      index = try group()
    } else if case .number(let value, false)? = kind, at + 1 < end,
      tokens[at + 1].kind == .open(.group), !tokens[at + 1].isSpaced
    {
      // \sqrt3{x}
      index = .number(value)
      at += 1
    }
    if kind == .open(.round) { return .root(try group(), index: index) }
    return .root(try argument(wholeNumber: true), index: index)
  }

  // MARK: Functions

  private mutating func application(of function: Function) throws(Stop) -> Expression {
    at += 1
    var function = function
    var exponent: Expression?
    var base: Expression?
    while kind == .caret || kind == .underscore {
      let isPower = kind == .caret
      at += 1
      // \log_28 is the logarithm of 8, where nothing else is left to be its argument.
      let value = try argument(wholeNumber: isPower || startsOperand(at + 1))
      if isPower { exponent = value } else { base = value }
    }
    if case .negated(.number(.one))? = exponent, let inverse = function.inverse {
      (function, exponent) = (inverse, nil)
    }
    var arguments = try functionArguments(function)
    if function == .log, let base { arguments.append(base) }
    let value = Expression.function(function, arguments)
    return exponent.map { .power(value, $0) } ?? value
  }

  /// Brackets, or the factors that follow up to the next sign or function.
  private mutating func functionArguments(_ function: Function) throws(Stop) -> [Expression] {
    guard let kind else { throw .unreadable("a function has no argument") }
    if case .open(let bracket) = kind, bracket != .floor, bracket != .ceiling {
      let arguments = try groups()
      let takesMany = [.gcd, .lcm, .max, .min].contains(function)
      guard takesMany || arguments.count == 1 else {
        throw .unreadable("a function has too many arguments")
      }
      // \sin (x)^2 is the square of the sine, which the caller reads.
      return arguments
    }
    var factors: [Expression] = []
    while startsOperand(at) {
      if factors.isEmpty {
        if self.kind == .minus { break }
      } else if case .function = tokens[at].kind {
        break
      } else if case .open(.round) = tokens[at].kind, !endsInNumber(at - 1) {
        break
      }
      factors.append(try power())
    }
    if factors.isEmpty, self.kind == .minus {
      at += 1
      return [.negated(try power())]
    }
    guard !factors.isEmpty else { throw .unreadable("a function has no argument") }
    // \sin x / 2 stays the half of a sine; \sin \pi/6 is meant as an angle.
    if self.kind == .slash, factors.count <= 2, case .constant(.pi)? = factors.last,
      at + 1 < end, case .number = tokens[at + 1].kind
    {
      at += 1
      return [.quotient(Self.product(of: factors), try power())]
    }
    return [Self.product(of: factors)]
  }

  private func endsInNumber(_ index: Int) -> Bool {
    if case .number = tokens[index].kind { return true }
    return false
  }

  // MARK: Matrices and series

  private mutating func matrix(_ environment: String) throws(Stop) -> Expression {
    let last = brackets.partner[at]
    guard last >= 0, last < end else { throw .unreadable("\\begin without \\end") }
    guard environment.hasSuffix("matrix") || environment == "array" else {
      throw .unreadable("the environment '\(environment)' is not understood")
    }
    var rows: [[Expression]] = []
    var row: [Expression] = []
    var start = at + 1
    var index = start
    while index <= last {
      let isEnd = index == last || tokens[index].kind == .row
      if isEnd || tokens[index].kind == .ampersand {
        // A row that is empty is the one behind a closing \\.
        if start < index {
          row.append(try expression(start..<index))
        } else if !isEnd || !row.isEmpty {
          throw .unreadable("a matrix has an empty entry")
        }
        if isEnd, !row.isEmpty {
          rows.append(row)
          row = []
        }
        start = index + 1
        index += 1
      } else {
        index = max(index, brackets.partner[index]) + 1
      }
    }
    at = last + 1
    guard let width = rows.first?.count, rows.allSatisfy({ $0.count == width }), width <= 64,
      rows.count <= 64
    else { throw .unreadable("a matrix needs rows of one length, at most 64 of 64") }
    let matrix = Expression.matrix(rows)
    return environment.lowercased() == "vmatrix" ? .function(.determinant, [matrix]) : matrix
  }

  /// `\sum_{k=1}^{n} body`, `\int_a^b body`.
  private mutating func series(_ kind: Series) throws(Stop) -> Expression {
    at += 1
    var variable = ""
    var lower = Expression.symbol("")
    var upper = Expression.symbol("")
    while self.kind == .underscore || self.kind == .caret {
      let isLower = self.kind == .underscore
      at += 1
      guard at < end else { throw .unreadable("a bound is missing") }
      if isLower, self.kind == .open(.group), case .letter(let letter) = tokens[at + 1].kind,
        tokens[at + 2].kind == .relation(.equal), brackets.partner[at] > at + 3
      {
        let last = brackets.partner[at]
        lower = try expression(at + 3..<last)
        variable = letter
        at = last + 1
      } else {
        let bound = try argument(wholeNumber: true)
        if isLower { lower = bound } else { upper = bound }
      }
    }
    var factors: [Expression] = []
    var quotients = 0
    while startsOperand(at) || self.kind == .times {
      if self.kind == .times { at += 1 }
      factors.append(try power())
      if self.kind == .slash, quotients < 100 {
        at += 1
        quotients += 1
        factors = [.quotient(Self.product(of: factors), try power())]
      }
    }
    guard !factors.isEmpty else { throw .unreadable("a series has no body") }
    var body = Self.product(of: factors)
    if variable == "i" { body = body.replacingImaginaryUnit(with: "i") }
    return .series(kind, variable: variable, lower: lower, upper: upper, body: body)
  }
}

extension Expression {
  /// For series over `i`, which then is no number.
  fileprivate func replacingImaginaryUnit(with name: String) -> Expression {
    switch self {
    case .constant(.i): .symbol(name)
    case .number, .decimal, .constant, .symbol: self
    default: rebuilt(children.map { $0.replacingImaginaryUnit(with: name) })
    }
  }
}
