import MathAnswers

/// Why a text has no value, in words for whoever wrote it.
struct ExpressionError: Error {
  let description: String
}

/// An expression of numbers, `+ - * / ^` and parentheses, calculated exactly while it is read.
///
/// `^`, also written `**`, binds strongest and to the right, then comes a sign, then `* /`. What a
/// text costs is bounded: by ``longest``, ``deepest`` and the digits of a result.
struct Expression {
  /// Characters.
  static let longest = 500
  /// Parentheses and powers within each other.
  static let deepest = 50

  static func value(of text: String) throws(ExpressionError) -> ExactNumber {
    var expression = try Expression(text)
    return try expression.value()
  }

  private let symbols: [Character]
  private var place = 0

  private init(_ text: String) throws(ExpressionError) {
    guard text.utf8.count <= 4 * Self.longest, text.count <= Self.longest else {
      throw ExpressionError(
        description: "the expression is longer than \(Self.longest) characters")
    }
    symbols = text.map { Self.meant[$0] ?? $0 }
  }

  private static let meant: [Character: Character] = [
    "×": "*", "·": "*", "÷": "/", "−": "-", "–": "-", "[": "(", "]": ")",
  ]

  private mutating func value() throws(ExpressionError) -> ExactNumber {
    guard next != nil else { throw ExpressionError(description: "the expression is empty") }
    let value = try sum(depth: 0)
    if let rest = next { throw unexpected(rest) }
    return value
  }

  /// The next symbol that is no blank.
  private var next: Character? {
    mutating get {
      while place < symbols.count, symbols[place].isWhitespace { place += 1 }
      return place < symbols.count ? symbols[place] : nil
    }
  }

  private func unexpected(_ symbol: Character) -> ExpressionError {
    let known = symbol.isASCII && (symbol.isNumber || "+-*/^().".contains(symbol))
    return ExpressionError(
      description: known
        ? "unexpected '\(symbol)' at position \(place + 1)"
        : "'\(symbol)' at position \(place + 1) is not allowed; use numbers, + - * / ^ and ( )")
  }

  private mutating func sum(depth: Int) throws(ExpressionError) -> ExactNumber {
    var result = try product(depth: depth)
    while let sign = next, sign == "+" || sign == "-" {
      place += 1
      let operand = try product(depth: depth)
      result = try calculate { () throws(ExactNumber.Failure) in
        sign == "+" ? try result + operand : try result - operand
      }
    }
    return result
  }

  private mutating func product(depth: Int) throws(ExpressionError) -> ExactNumber {
    var result = try signed(depth: depth)
    while let sign = next, sign == "/" || sign == "*" {
      place += 1
      let operand = try signed(depth: depth)
      result = try calculate { () throws(ExactNumber.Failure) in
        sign == "*" ? try result * operand : try result / operand
      }
    }
    return result
  }

  private mutating func signed(depth: Int) throws(ExpressionError) -> ExactNumber {
    var isNegative = false
    while let sign = next, sign == "+" || sign == "-" {
      place += 1
      if sign == "-" { isNegative.toggle() }
    }
    let value = try power(depth: depth)
    return isNegative ? -value : value
  }

  private mutating func power(depth: Int) throws(ExpressionError) -> ExactNumber {
    guard depth < Self.deepest else {
      throw ExpressionError(description: "it is nested more than \(Self.deepest) deep")
    }
    let base = try operand(depth: depth)
    guard takePowerSign() else { return base }
    let start = place
    let exponent = try signedPower(depth: depth + 1)
    guard let whole = exponent.int else {
      throw ExpressionError(
        description: "the exponent at position \(start + 1) is no whole number, or too large")
    }
    return try calculate { () throws(ExactNumber.Failure) in try base.power(whole) }
  }

  private mutating func signedPower(depth: Int) throws(ExpressionError) -> ExactNumber {
    guard next == "-" else { return try power(depth: depth) }
    place += 1
    return -(try power(depth: depth))
  }

  private mutating func takePowerSign() -> Bool {
    guard let sign = next else { return false }
    let isDouble = sign == "*" && place + 1 < symbols.count && symbols[place + 1] == "*"
    guard sign == "^" || isDouble else { return false }
    place += isDouble ? 2 : 1
    return true
  }

  private mutating func operand(depth: Int) throws(ExpressionError) -> ExactNumber {
    guard let symbol = next else {
      throw ExpressionError(description: "the expression ends where a number is expected")
    }
    if symbol == "(" {
      let open = place
      place += 1
      let value = try sum(depth: depth + 1)
      guard let close = next else {
        throw ExpressionError(description: "the '(' at position \(open + 1) is never closed")
      }
      guard close == ")" else { throw unexpected(close) }
      place += 1
      return value
    }
    let start = place
    while place < symbols.count, symbols[place].isASCII,
      symbols[place].isNumber || symbols[place] == "."
    { place += 1 }
    guard start < place else { throw unexpected(symbol) }
    let literal = String(symbols[start..<place])
    guard let value = ExactNumber(literal: literal) else {
      throw ExpressionError(description: "'\(literal)' at position \(start + 1) is no number")
    }
    return value
  }

  private func calculate(
    _ operation: () throws(ExactNumber.Failure) -> ExactNumber
  ) throws(ExpressionError) -> ExactNumber {
    do { return try operation() } catch {
      switch error {
      case .divisionByZero: throw ExpressionError(description: "division by zero")
      case .tooLarge:
        throw ExpressionError(
          description: "a result has more than \(ExactNumber.maximumDigits) digits")
      }
    }
  }
}
