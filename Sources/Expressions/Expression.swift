import MathAnswers

/// Why a text is no expression, or why an expression has no value.
public struct ExpressionError: Error, Equatable {
  public let reason: String
}

/// A sum, difference, product or quotient of whole numbers, read by precedence from left to right.
///
/// Nothing is ever handed to an interpreter, and the work on any text is bounded: by
/// ``maximumTokens`` and ``maximumDepth``.
public struct Expression {
  public static let maximumTokens = 64
  public static let maximumDepth = 64

  /// The numbers of the expression, as they are written.
  public let literals: [String]
  private let root: Node

  private indirect enum Node {
    case literal(String)
    case operation(Character, Node, Node)
  }

  /// - Parameters:
  ///   - text: may end in `=` and the target.
  ///   - target: what a right-hand side has to be, as it is written.
  public init(_ text: String, target: Int) throws(ExpressionError) {
    let sides = text.split(separator: "=", omittingEmptySubsequences: false)
    guard sides.count <= 2 else { throw ExpressionError(reason: "there is more than one '='") }
    if sides.count == 2, sides[1].filter({ !$0.isWhitespace }) != String(target) {
      throw ExpressionError(reason: "behind '=' stands not the target")
    }
    var parser = Parser(try Self.tokens(sides[0]))
    root = try parser.sum(depth: 0)
    guard parser.isAtEnd else { throw ExpressionError(reason: "it cannot be read") }
    literals = parser.literals
  }

  private static func tokens(_ text: Substring) throws(ExpressionError) -> [String] {
    var tokens: [String] = []
    var isInNumber = false
    for symbol in text {
      let isDigit = ("0"..."9").contains(symbol) && symbol.isASCII
      if isDigit, isInNumber {
        tokens[tokens.count - 1].append(symbol)
      } else if isDigit || "+-*/()".contains(symbol) {
        tokens.append(String(symbol))
        guard tokens.count <= maximumTokens else {
          throw ExpressionError(reason: "it has more than \(maximumTokens) parts")
        }
      } else if !symbol.isWhitespace {
        throw ExpressionError(reason: "'\(symbol)' is not allowed")
      }
      isInNumber = isDigit
    }
    guard !tokens.isEmpty else { throw ExpressionError(reason: "the answer is empty") }
    return tokens
  }

  private struct Parser {
    private var rest: ArraySlice<String>
    private(set) var literals: [String] = []

    init(_ tokens: [String]) { rest = tokens[...] }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func sum(depth: Int) throws(ExpressionError) -> Node {
      var node = try product(depth: depth)
      while let sign = rest.first, sign == "+" || sign == "-" {
        rest.removeFirst()
        node = .operation(Character(sign), node, try product(depth: depth))
      }
      return node
    }

    private mutating func product(depth: Int) throws(ExpressionError) -> Node {
      var node = try operand(depth: depth)
      while let sign = rest.first, sign == "*" || sign == "/" {
        rest.removeFirst()
        node = .operation(Character(sign), node, try operand(depth: depth))
      }
      return node
    }

    private mutating func operand(depth: Int) throws(ExpressionError) -> Node {
      guard depth < Expression.maximumDepth else {
        throw ExpressionError(reason: "its parentheses are too deep")
      }
      guard let token = rest.popFirst() else { throw ExpressionError(reason: "it stops short") }
      if token == "(" {
        let node = try sum(depth: depth + 1)
        guard rest.popFirst() == ")" else {
          throw ExpressionError(reason: "a parenthesis stays open")
        }
        return node
      }
      guard token.first!.isNumber else { throw ExpressionError(reason: "it cannot be read") }
      guard token == "0" || token.first != "0" else {
        throw ExpressionError(reason: "'\(token)' starts with a zero")
      }
      literals.append(token)
      return .literal(token)
    }
  }

  /// - Parameter integerSteps: refuse a step that gives a fraction or less than zero.
  public func value(integerSteps: Bool = false) throws(ExpressionError) -> ExactNumber {
    try Self.value(of: root, integerSteps)
  }

  private static func value(
    of node: Node, _ integerSteps: Bool
  ) throws(ExpressionError) -> ExactNumber {
    switch node {
    case .literal(let digits):
      guard let value = ExactNumber(literal: digits) else {
        throw ExpressionError(reason: "a number is too long")
      }
      return value
    case .operation(let sign, let left, let right):
      let a = try value(of: left, integerSteps)
      let b = try value(of: right, integerSteps)
      let result = try combine(sign, a, b)
      guard !integerSteps || result.isWhole && !result.isNegative else {
        throw ExpressionError(reason: "a step is a fraction or below zero")
      }
      return result
    }
  }

  private static func combine(
    _ sign: Character, _ a: ExactNumber, _ b: ExactNumber
  ) throws(ExpressionError) -> ExactNumber {
    do {
      switch sign {
      case "+": return try a + b
      case "-": return try a - b
      case "*": return try a * b
      default: return try a / b
      }
    } catch {
      switch error {
      case .divisionByZero: throw ExpressionError(reason: "it divides by zero")
      case .tooLarge: throw ExpressionError(reason: "a step has too many digits")
      }
    }
  }
}
