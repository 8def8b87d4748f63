/// A sum to be worked from left to right, every result modulo 100: `7+5*3-2=`.
///
/// There is no precedence: `7+5*3-2=` is ((7 + 5) * 3) - 2. A result below zero wraps round, so
/// `3-7=` is 96.
public struct ArithmeticChain: Hashable, Sendable {
  public enum Operator: Character, CaseIterable, Sendable {
    case plus = "+"
    case minus = "-"
    case times = "*"

    /// The result in `0..<100`.
    func apply(_ left: Int, _ right: Int) -> Int {
      let result =
        switch self {
        case .plus: left + right
        case .minus: left - right
        case .times: left * right
        }
      return ((result % 100) + 100) % 100
    }
  }

  /// `[n]`
  public let numbers: [Int]
  /// `[n - 1]`, between the numbers.
  public let operators: [Operator]

  public init(numbers: [Int], operators: [Operator]) {
    precondition(
      numbers.count >= 2 && operators.count == numbers.count - 1,
      "\(numbers.count) numbers with \(operators.count) operators")
    (self.numbers, self.operators) = (numbers, operators)
  }

  /// The prompt: `7+5*3-2=`.
  public var problem: String {
    var text = "\(numbers[0])"
    for (symbol, number) in zip(operators, numbers.dropFirst()) {
      text += "\(symbol.rawValue)\(number)"
    }
    return text + "="
  }

  /// `[n - 1]`, each in `0..<100`; the last one is the answer.
  public var results: [Int] { results { $1 } }

  /// The results when every one passes through `alter` (with its index) before the next is
  /// worked out from it.
  func results(altering alter: (Int, Int) -> Int) -> [Int] {
    var results: [Int] = []
    var value = numbers[0]
    for (index, step) in zip(operators, numbers.dropFirst()).enumerated() {
      value = alter(index, step.0.apply(value, step.1))
      results.append(value)
    }
    return results
  }

  /// The answer as it is compared: two digits.
  public var answer: String { Self.twoDigits(results.last!) }

  /// The right working: `12 36#34`.
  public var solution: String { Self.working(results) }

  /// Intermediate results, then the answer after its mark: `12 36#34`.
  static func working(_ results: [Int]) -> String {
    results.dropLast().map(twoDigits).joined(separator: " ") + "#" + twoDigits(results.last!)
  }

  static func twoDigits(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
}
