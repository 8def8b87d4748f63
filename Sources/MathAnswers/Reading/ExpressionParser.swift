/// Reads an expression by precedence: sums, products with and without a sign, powers, atoms.
/// Nothing is read twice, and the depth of brackets is counted.
struct ExpressionParser {
  var tokens: [Token]
  let brackets: Brackets
  let work: Work
  private let text: AnswerText
  private let hasImaginaryUnit: Bool
  private let hasInfixCommands: Bool

  /// Levels that an expression may have.
  private static let deepest = 400

  var at = 0
  var end = 0
  private var depth = 0
  private var openBars = 0

  init(
    text: AnswerText, tokens: [Token], brackets: Brackets, hasImaginaryUnit: Bool, _ work: Work
  ) {
    (self.text, self.tokens, self.brackets) = (text, tokens, brackets)
    (self.hasImaginaryUnit, self.work) = (hasImaginaryUnit, work)
    hasInfixCommands = tokens.contains { $0.kind == .over || $0.kind == .choose }
  }

  func source(of range: Range<Int>) -> ArraySlice<UInt8> {
    guard let first = range.first, let last = range.last else { return [] }
    return text.bytes[tokens[first].start..<max(tokens[last].end, tokens[first].start)]
  }

  func source(of index: Int) -> ArraySlice<UInt8> { source(of: index..<index + 1) }

  func literal(_ index: Int) -> Expression {
    guard case .number(let value, let isDecimal) = tokens[index].kind else { return .symbol("") }
    return isDecimal ? .decimal(value) : .number(value)
  }

  /// The expression that the tokens of `range` are, all of them.
  mutating func expression(_ range: Range<Int>) throws(Stop) -> Expression {
    let (oldAt, oldEnd, oldBars) = (at, end, openBars)
    (at, end, openBars) = (range.lowerBound, range.upperBound, 0)
    defer { (at, end, openBars) = (oldAt, oldEnd, oldBars) }
    guard depth < AnswerReader.deepest else { throw .unreadable("brackets are nested too deep") }
    depth += 1
    defer { depth -= 1 }
    if hasInfixCommands, let infix = try infixCommand(range) { return infix }
    let result = try sum()
    guard at == end else { throw .unreadable(surprise) }
    guard depth > 1 || result.isShallower(than: Self.deepest) else {
      throw .unreadable("it is nested too deep")
    }
    return result
  }

  private var surprise: String {
    guard at < end else { return "the answer ends too early" }
    let text = String(decoding: source(of: at).prefix(20), as: UTF8.self)
    return "'\(text)' is not expected where it stands"
  }

  var kind: Token.Kind? { at < end ? tokens[at].kind : nil }

  /// `{a \over b}` and `{n \choose k}`.
  private mutating func infixCommand(_ range: Range<Int>) throws(Stop) -> Expression? {
    var index = range.lowerBound
    while index < range.upperBound {
      if tokens[index].kind == .over || tokens[index].kind == .choose {
        let isChoice = tokens[index].kind == .choose
        let top = try expression(range.lowerBound..<index)
        let bottom = try expression(index + 1..<range.upperBound)
        return isChoice ? .function(.binomial, [top, bottom]) : .quotient(top, bottom)
      }
      index = max(index, brackets.partner[index]) + 1
    }
    return nil
  }

  // MARK: Sums and products

  mutating func sum() throws(Stop) -> Expression {
    try work.spend(2)
    var terms: [Expression] = [try signed()]
    while let kind {
      switch kind {
      case .plus, .minus, .plusMinus, .minusPlus: terms.append(try signed())
      default: return terms.count == 1 ? terms[0] : .sum(terms)
      }
    }
    return terms.count == 1 ? terms[0] : .sum(terms)
  }

  /// A term behind its signs.
  private mutating func signed() throws(Stop) -> Expression {
    var isNegative = false
    var mark: Bool?
    while let kind {
      switch kind {
      case .plus: break
      case .minus: isNegative.toggle()
      case .plusMinus, .minusPlus:
        guard mark == nil else { throw .unreadable(surprise) }
        mark = kind == .minusPlus
      default:
        let term = try product()
        let value = isNegative ? Expression.negated(term) : term
        return mark.map { .plusMinus(value, startsNegative: $0) } ?? value
      }
      try work.spend()
      at += 1
    }
    throw .unreadable("a sign has nothing behind it")
  }

  private mutating func product() throws(Stop) -> Expression {
    var factors: [Expression] = [try factor()]
    var quotients = 0
    while let kind {
      try work.spend()
      guard quotients <= 100 else { throw .unreadable("too many quotients stand in a row") }
      switch kind {
      case .times:
        at += 1
        factors.append(try signedFactor())
      case .slash:
        at += 1
        quotients += 1
        let divisor = try signedFactor()
        factors = [.quotient(Self.product(of: factors), divisor)]
      case .modulus:
        at += 1
        quotients += 1
        factors = [.function(.modulo, [Self.product(of: factors), try signedFactor()])]
      case .percent where startsOperand(at + 1) == false:
        at += 1
        quotients += 1
        factors = [.quotient(Self.product(of: factors), .int(100))]
      case .currency: at += 1
      case .letter("x") where isCrossBeforePowerOfTen:
        at += 1
        factors.append(try signedFactor())
      default:
        guard startsOperand(at) else { return Self.product(of: factors) }
        if case .number = kind, case .number = tokens[at - 1].kind {
          throw .unreadable("two numbers stand side by side")
        }
        factors.append(try factor())
      }
    }
    return Self.product(of: factors)
  }

  /// `3 x 10^8`
  private var isCrossBeforePowerOfTen: Bool {
    guard at + 2 < end, tokens[at].isSpaced, tokens[at + 1].isSpaced,
      case .number = tokens[at - 1].kind, case .number(let ten, false) = tokens[at + 1].kind
    else { return false }
    return ten == Rational(10) && tokens[at + 2].kind == .caret
  }

  static func product(of factors: [Expression]) -> Expression {
    factors.count == 1 ? factors[0] : .product(factors)
  }

  /// A factor behind `\cdot`, `/` or `^`, which may have a sign.
  private mutating func signedFactor() throws(Stop) -> Expression {
    var isNegative = false
    while kind == .minus || kind == .plus {
      if kind == .minus { isNegative.toggle() }
      at += 1
    }
    let factor = try factor()
    return isNegative ? .negated(factor) : factor
  }

  /// True if the token can begin a factor, so that one behind another is a product.
  func startsOperand(_ index: Int) -> Bool {
    guard index < end else { return false }
    switch tokens[index].kind {
    case .number, .letter, .function, .constant, .open, .fraction, .squareRoot, .binomial,
      .begin, .series, .accent, .infinity, .ellipsis:
      return true
    case .bar: return openBars == 0
    default: return false
    }
  }

  private mutating func factor() throws(Stop) -> Expression {
    if let mixed = try mixedNumber() { return mixed }
    return try power()
  }

  /// `3\frac{1}{2}` and `3 1/2`: a whole number and a proper fraction are a sum.
  private mutating func mixedNumber() throws(Stop) -> Expression? {
    guard case .number(let whole, false)? = kind, whole.denominator.isOne, at + 1 < end else {
      return nil
    }
    if tokens[at + 1].kind == .fraction {
      at += 1
      let fraction = try power()
      if case .quotient(.number(let top), .number(let bottom)) = fraction,
        let p = top.int, let q = bottom.int, p > 0, p < q
      {
        return .sum([.number(whole), fraction])
      }
      return .product([.number(whole), fraction])
    }
    guard at + 3 < end, tokens[at + 1].isSpaced, tokens[at + 2].kind == .slash,
      case .number(let top, false) = tokens[at + 1].kind,
      case .number(let bottom, false) = tokens[at + 3].kind,
      let p = top.int, let q = bottom.int, p > 0, p < q
    else { return nil }
    at += 4
    return .sum([.number(whole), .quotient(.number(top), .number(bottom))])
  }

  // MARK: Powers

  /// An atom with what is written behind it: factorials, exponents, degrees.
  mutating func power() throws(Stop) -> Expression {
    guard depth < AnswerReader.deepest else { throw .unreadable("powers are nested too deep") }
    depth += 1
    defer { depth -= 1 }
    var base = try atom()
    var marks = 0
    while let kind {
      switch kind {
      case .bang:
        at += 1
        if self.kind == .bang {
          at += 1
          base = .function(.doubleFactorial, [base])
        } else {
          base = .function(.factorial, [base])
        }
      case .degree:
        at += 1
        base = .degrees(base)
      case .prime: base = try primed(base)
      case .caret:
        at += 1
        base = try raised(base)
      case .underscore: throw .unreadable("a subscript stands behind no name")
      default: return base
      }
      marks += 1
      guard marks < 64 else { throw .unreadable("too many marks behind a value") }
    }
    return base
  }

  private mutating func primed(_ base: Expression) throws(Stop) -> Expression {
    guard case .symbol(let name) = base else { throw .unreadable(surprise) }
    at += 1
    return .symbol(name + "'")
  }

  private mutating func raised(_ base: Expression) throws(Stop) -> Expression {
    let inner = kind == .open(.group) ? at + 1 : at
    let isLone = kind != .open(.group) || brackets.partner[at] == inner + 1
    if isLone, inner < end {
      let next = kind == .open(.group) ? brackets.partner[at] + 1 : at + 1
      switch tokens[inner].kind {
      case .degree:
        at = next
        return .degrees(base)
      case .prime:
        at = next
        guard case .symbol(let name) = base else { throw .unreadable(surprise) }
        return .symbol(name + "'")
      case .transposed:
        at = next
        return .function(.transpose, [base])
      case .times:
        at = next
        guard case .symbol(let name) = base else { throw .unreadable(surprise) }
        return .symbol(name + "*")
      case .letter("T"):
        if case .matrix = base {
          at = next
          return .function(.transpose, [base])
        }
      default: break
      }
    }
    return .power(base, try exponent())
  }

  /// Braces, or a signed factor without its own exponent being taken from it.
  private mutating func exponent() throws(Stop) -> Expression {
    if kind == .open(.group) { return try group() }
    var isNegative = false
    while kind == .minus || kind == .plus {
      if kind == .minus { isNegative.toggle() }
      at += 1
    }
    let value = try kind == .open(.round) || kind == .fraction ? atom() : power()
    return isNegative ? .negated(value) : value
  }

  // MARK: Brackets

  /// The expression in the brackets at the current token.
  mutating func group() throws(Stop) -> Expression {
    guard case .open? = kind, at < brackets.partner[at], brackets.partner[at] < end else {
      throw .unreadable(surprise)
    }
    var inner = at + 1..<brackets.partner[at]
    at = inner.upperBound + 1
    // Layers that change nothing do not count as depth.
    while inner.count > 2, case .open(let bracket) = tokens[inner.lowerBound].kind,
      bracket == .group || bracket == .round,
      brackets.partner[inner.lowerBound] == inner.upperBound - 1
    {
      inner = inner.dropFirst().dropLast()
    }
    guard !inner.isEmpty else { throw .unreadable("there is nothing in the brackets") }
    return try expression(inner)
  }

  /// The expressions in the brackets at the current token, with commas between them.
  mutating func groups() throws(Stop) -> [Expression] {
    guard case .open? = kind, at < brackets.partner[at], brackets.partner[at] < end else {
      throw .unreadable(surprise)
    }
    let inner = at + 1..<brackets.partner[at]
    at = inner.upperBound + 1
    var parts: [Expression] = []
    var start = inner.lowerBound
    var index = start
    while index <= inner.upperBound {
      if index == inner.upperBound || tokens[index].kind == .comma {
        guard start < index else { throw .unreadable("there is nothing in the brackets") }
        parts.append(try expression(start..<index))
        start = index + 1
        index += 1
      } else {
        index = max(index, brackets.partner[index]) + 1
      }
    }
    return parts
  }

  /// What stands between two bars.
  mutating func betweenBars() throws(Stop) -> Expression {
    guard depth < AnswerReader.deepest else { throw .unreadable("bars are nested too deep") }
    depth += 1
    defer { depth -= 1 }
    at += 1
    openBars += 1
    let inner = try sum()
    openBars -= 1
    guard kind == .bar else { throw .unreadable("a bar is left open") }
    at += 1
    return inner
  }

  /// The argument of a command: braces, or one token, of a number one digit.
  mutating func argument(wholeNumber: Bool = false) throws(Stop) -> Expression {
    try work.descend()
    defer { work.ascend() }
    switch kind {
    case .open(.group): return try group()
    case .number(let value, let isDecimal):
      let digits = source(of: at)
      guard !wholeNumber, digits.count > 1, digits.allSatisfy(\.isDigit) else {
        at += 1
        return isDecimal ? .decimal(value) : .number(value)
      }
      tokens[at].kind = .number(Rational(BigInteger(digits: digits.dropFirst())), isDecimal: false)
      tokens[at].start += 1
      tokens[at].isSpaced = false
      return .int(Int(digits.first! & 15))
    case .fraction, .squareRoot, .binomial: return try atom()
    case .minus where wholeNumber == false:
      at += 1
      return .negated(try argument())
    default: return try atom()
    }
  }

  func isImaginary(_ letter: String) -> Bool { letter == "i" && hasImaginaryUnit }
}
