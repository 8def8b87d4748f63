import JSON

/// What stands inside of a tag: the tree of an expression.
indirect enum Expression: Sendable {
  case literal(JSONLiteral)
  case variable(String)
  case list([Expression])
  case tuple([Expression])
  case mapping([(key: Expression, value: Expression)])
  /// `a.b`: the attribute or method first, then the key.
  case attribute(Expression, String)
  /// `a[b]`: the key or index first, then the attribute.
  case element(Expression, Expression)
  case slice(Expression, start: Expression?, end: Expression?, step: Expression?)
  case call(Expression, ArgumentList)
  case filter(Expression, Filter, ArgumentList)
  case test(Expression, Predicate, ArgumentList)
  case arithmetic(ArithmeticOperator, Expression, Expression)
  case negative(Expression)
  case positive(Expression)
  /// `a ~ b ~ c`
  case concatenation([Expression])
  /// `a < b <= c`, each operand evaluated once.
  case comparison(Expression, [(ComparisonOperator, Expression)])
  case and(Expression, Expression)
  case or(Expression, Expression)
  case not(Expression)
  case conditional(Expression, then: Expression, else: Expression?)
}

enum ArithmeticOperator: String, Sendable {
  case add = "+"
  case subtract = "-"
  case multiply = "*"
  case divide = "/"
  case floorDivide = "//"
  case remainder = "%"
  case power = "**"
}

enum ComparisonOperator: String, Sendable {
  case equal = "=="
  case notEqual = "!="
  case less = "<"
  case lessOrEqual = "<="
  case greater = ">"
  case greaterOrEqual = ">="
  case contained = "in"
  case notContained = "not in"
}

/// The arguments of a call as they are written.
struct ArgumentList: Sendable {
  var positional: [Expression] = []
  var named: [(name: String, value: Expression)] = []
}

/// What a `set` or a `for` writes to.
indirect enum Target: Sendable {
  case variable(String)
  /// `set ns.attribute = ...`
  case attribute(of: String, String)
  case tuple([Target])
}

struct Statement: Sendable {
  let line: Int
  let kind: Kind

  indirect enum Kind: Sendable {
    case text(String)
    case output(Expression)
    case conditional([(condition: Expression, body: [Statement])], else: [Statement])
    case loop(ForLoop)
    case assignment(Target, Expression)
    /// `{% set x %}...{% endset %}`, put through filters.
    case capture(Target, [(Filter, ArgumentList)], [Statement])
    /// The text of an assistant, for masks; a scope of its own.
    case generation([Statement])
    case macro(Macro)
    case breakLoop
    case continueLoop
  }
}

struct ForLoop: Sendable {
  let target: Target
  let elements: Expression
  /// `for x in y if condition`
  let condition: Expression?
  let body: [Statement]
  /// Runs where there was no element.
  let otherwise: [Statement]
}

struct Macro: Sendable {
  let name: String
  let parameters: [(name: String, standard: Expression?)]
  let body: [Statement]
}
