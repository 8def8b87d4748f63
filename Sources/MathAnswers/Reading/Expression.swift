/// A mathematical expression as it is written; nothing is evaluated or reordered.
indirect enum Expression: Hashable, Sendable {
  case number(Rational)
  /// A number written with a decimal point or an exponent.
  case decimal(Rational)
  case constant(Constant)
  case symbol(String)
  case sum([Expression])
  case product([Expression])
  case negated(Expression)
  case quotient(Expression, Expression)
  case power(Expression, Expression)
  /// The root of the index, which is 2 for a square root.
  case root(Expression, index: Expression)
  case function(Function, [Expression])
  /// An unknown function of its arguments: `f(x)`.
  case application(String, [Expression])
  /// `±` before a value; `∓` where `startsNegative`.
  case plusMinus(Expression, startsNegative: Bool)
  case series(Series, variable: String, lower: Expression, upper: Expression, body: Expression)
  case matrix([[Expression]])
  /// An angle in degrees.
  case degrees(Expression)

  static let one = Expression.number(.one)
  static func int(_ value: Int) -> Expression { .number(Rational(value)) }
}

enum Constant: UInt8, Sendable { case pi, e, i, infinity }

enum Series: UInt8, Sendable { case sum, product, integral }

enum Function: String, Sendable {
  case sin, cos, tan, cot, sec, csc
  case arcsin, arccos, arctan, arccot, arcsec, arccsc
  case sinh, cosh, tanh, arcsinh, arccosh, arctanh
  case exp, ln
  /// Arguments: the value, and the base where there is one; without a base it is 10.
  case log
  case absolute, floor, ceiling, sign
  case factorial, doubleFactorial, binomial
  case gcd, lcm, max, min
  case real, imaginary, conjugate, argument
  case determinant, transpose
  case modulo

  /// The inverse function, for `\sin^{-1}`.
  var inverse: Function? {
    switch self {
    case .sin: .arcsin
    case .cos: .arccos
    case .tan: .arctan
    case .cot: .arccot
    case .sec: .arcsec
    case .csc: .arccsc
    case .sinh: .arcsinh
    case .cosh: .arccosh
    case .tanh: .arctanh
    default: nil
    }
  }

  /// True if the argument is an angle, so that degrees in it are a hundred-and-eightieth of pi.
  var takesAngle: Bool {
    switch self {
    case .sin, .cos, .tan, .cot, .sec, .csc: true
    default: false
    }
  }
}

extension Expression {
  /// The direct parts.
  var children: [Expression] {
    switch self {
    case .number, .decimal, .constant, .symbol: []
    case .sum(let parts), .product(let parts), .function(_, let parts), .application(_, let parts):
      parts
    case .negated(let part), .plusMinus(let part, _), .degrees(let part): [part]
    case .quotient(let a, let b), .power(let a, let b), .root(let a, let b): [a, b]
    case .series(_, _, let lower, let upper, let body): [lower, upper, body]
    case .matrix(let rows): rows.flatMap { $0 }
    }
  }

  /// The same node over other parts, given in the order of ``children``.
  func rebuilt(_ parts: [Expression]) -> Expression {
    switch self {
    case .number, .decimal, .constant, .symbol: return self
    case .sum: return .sum(parts)
    case .product: return .product(parts)
    case .function(let function, _): return .function(function, parts)
    case .application(let name, _): return .application(name, parts)
    case .negated: return .negated(parts[0])
    case .plusMinus(_, let startsNegative):
      return .plusMinus(parts[0], startsNegative: startsNegative)
    case .degrees: return .degrees(parts[0])
    case .quotient: return .quotient(parts[0], parts[1])
    case .power: return .power(parts[0], parts[1])
    case .root: return .root(parts[0], index: parts[1])
    case .series(let kind, let variable, _, _, _):
      return .series(kind, variable: variable, lower: parts[0], upper: parts[1], body: parts[2])
    case .matrix(let rows):
      var rest = parts[...]
      return .matrix(
        rows.map { row in
          defer { rest = rest.dropFirst(row.count) }
          return Array(rest.prefix(row.count))
        })
    }
  }

  /// True if the node or any below it fulfils `condition`.
  func contains(_ condition: (Expression) -> Bool) -> Bool {
    if condition(self) { return true }
    switch self {
    case .number, .decimal, .constant, .symbol: return false
    default: return children.contains { $0.contains(condition) }
    }
  }

  /// True if no branch has as many levels as `depth`.
  func isShallower(than depth: Int) -> Bool {
    switch self {
    case .number, .decimal, .constant, .symbol: depth > 0
    default: depth > 0 && children.allSatisfy { $0.isShallower(than: depth - 1) }
    }
  }

  /// True if there are at most `limit` nodes, which are taken off it.
  func fits(in limit: inout Int) -> Bool {
    limit -= 1
    if limit < 0 { return false }
    for child in children where !child.fits(in: &limit) { return false }
    return true
  }

  /// True if a symbol occurs, bound ones included.
  var hasSymbols: Bool { contains(\.isSymbol) }

  /// The symbols that stand for values, those bound by a series left out.
  var symbols: Set<String> {
    var names: Set<String> = []
    collectSymbols(into: &names)
    return names
  }

  private func collectSymbols(into names: inout Set<String>) {
    switch self {
    case .symbol(let name): names.insert(name)
    case .series(_, let variable, let lower, let upper, let body):
      names.formUnion(body.symbols.subtracting([variable]))
      lower.collectSymbols(into: &names)
      upper.collectSymbols(into: &names)
    case .number, .decimal, .constant: break
    default: for child in children { child.collectSymbols(into: &names) }
    }
  }

  var isSymbol: Bool {
    if case .symbol = self { return true }
    return false
  }

  var hasPlusMinus: Bool {
    contains {
      if case .plusMinus = $0 { return true }
      return false
    }
  }

  /// One reading of every `±` in the expression; they move together.
  func choosingSign(_ isNegative: Bool) -> Expression {
    switch self {
    case .plusMinus(let part, let startsNegative):
      let chosen = part.choosingSign(isNegative)
      return isNegative != startsNegative ? .negated(chosen) : chosen
    case .number, .decimal, .constant, .symbol: return self
    default: return rebuilt(children.map { $0.choosingSign(isNegative) })
    }
  }
}
