import JSON
import Tensors

/// Reach a number from a few others: each given number once, with + - * / and parentheses.
///
/// Every row can be solved, because its target was reached by a random expression. Rows that
/// differ in the order of their numbers alone count as one.
public struct CountdownTask: GeneratedTask {
  /// How many numbers a row has; a draw decides among several.
  public let counts: ClosedRange<Int>
  /// The largest number; the smallest is 1.
  public let largest: Int
  public let targets: ClosedRange<Int>
  private let random: CounterRandom

  public init(
    counts: ClosedRange<Int> = 3...4, largest: Int = 99, targets: ClosedRange<Int> = 10...99,
    seed: UInt64 = 0
  ) throws(EmbeddedTaskError) {
    guard counts.lowerBound >= 3, counts.upperBound <= 6 else {
      throw .setting("counts", "\(counts)", "3 to 6")
    }
    guard (9...99).contains(largest) else { throw .setting("largest", largest, "9 to 99") }
    guard targets.lowerBound >= 1, targets.upperBound <= 999 else {
      throw .setting("targets", "\(targets)", "1 to 999")
    }
    (self.counts, self.largest, self.targets, self.seed) = (counts, largest, targets, seed)
    random = CounterRandom(seed: seed, purpose: .generator)
  }

  private let seed: UInt64

  public func rows(
    _ count: Int, split: ArithmeticTask.Split
  ) throws(EmbeddedTaskError) -> [JSONLiteral] {
    let drawn = try distinct(count, of: split, oneIn: 16, available: 100_000) { index in
      draw(index).map { ("\($0.numbers.sorted()) \($0.target)", $0) }
    }
    return drawn.enumerated().map { index, drawn in
      var row: JSONLiteral = [
        "id": "countdown/\(split.rawValue)/\(seed)/\(index)",
        "problem": .string(Self.question(drawn.numbers, drawn.target)),
        "numbers": .ints(drawn.numbers), "target": .int(drawn.target),
        "solution": .string(drawn.solution),
      ]
      if drawn.numbers.count <= 4 {
        row["difficulty"] = .int(Self.solutions(of: drawn.numbers, reaching: drawn.target).count)
      }
      return row
    }
  }

  private static func question(_ numbers: [Int], _ target: Int) -> String {
    """
    Make \(target) from the numbers \(numbers.map(String.init).joined(separator: ", ")): use each \
    of them exactly once, with +, -, *, / and parentheses.
    """
  }

  public struct Drawn: Equatable, Sendable {
    public let numbers: [Int]
    public let target: Int
    public let solution: String
  }

  /// Attempts that a draw has to reach a whole number in range.
  private static let attempts = 1000

  /// The row number `index`: numbers joined at random until one value is left, again and again
  /// until it is a target; `nil` where a thousand times do not give one.
  public func draw(_ index: Int) -> Drawn? {
    let count = counts.lowerBound + random.integer(below: counts.count, index, 0, 0)
    let numbers = (0..<count).map { 1 + random.integer(below: largest, index, 0, 1 + $0) }
    for attempt in 1...Self.attempts {
      var items = numbers.map(Item.init)
      var slot = 0
      func below(_ bound: Int) -> Int {
        slot += 1
        return random.integer(below: bound, index, attempt, slot)
      }
      while items.count > 1 {
        let left = items.remove(at: below(items.count))
        let right = items.remove(at: below(items.count))
        let sign = Item.Sign.allCases[below(Item.Sign.allCases.count)]
        guard let joined = Item(left, sign, right) else {
          items = []  // by zero: this attempt is over
          break
        }
        items.append(joined)
      }
      if items.count == 1, let target = items[0].whole, targets.contains(target) {
        return Drawn(numbers: numbers, target: target, solution: items[0].text)
      }
    }
    return nil
  }

  /// Every expression over all of `numbers` that gives `target`, those that differ in the order of
  /// a sum or a product alone counted once.
  static func solutions(of numbers: [Int], reaching target: Int) -> Set<String> {
    var found: Set<String> = []
    func search(_ items: [Item]) {
      if items.count == 1 {
        if items[0].whole == target { found.insert(items[0].text) }
        return
      }
      for i in items.indices {
        for j in items.indices where j != i {
          let rest = items.indices.filter { $0 != i && $0 != j }.map { items[$0] }
          for sign in Item.Sign.allCases
          where !sign.isCommutative || items[i].text <= items[j].text {
            if sign.isCommutative, items[i].text == items[j].text, i > j { continue }
            if let joined = Item(items[i], sign, items[j]) { search(rest + [joined]) }
          }
        }
      }
    }
    search(numbers.map(Item.init))
    return found
  }

  /// An expression with its exact value.
  struct Item {
    enum Sign: String, CaseIterable {
      case plus = "+"
      case minus = "-"
      case times = "*"
      case over = "/"

      var isCommutative: Bool { self == .plus || self == .times }
    }

    let text: String
    /// In lowest terms, above a positive denominator.
    private let numerator, denominator: Int

    init(_ number: Int) { (text, numerator, denominator) = (String(number), number, 1) }

    /// `nil` for a division by zero.
    init?(_ a: Item, _ sign: Sign, _ b: Item) {
      text = "(\(a.text)\(sign.rawValue)\(b.text))"
      // Six numbers of two digits keep all of this far within 64 bits.
      var (p, q): (Int, Int)
      switch sign {
      case .plus:
        (p, q) = (
          a.numerator * b.denominator + b.numerator * a.denominator, a.denominator * b.denominator
        )
      case .minus:
        (p, q) = (
          a.numerator * b.denominator - b.numerator * a.denominator, a.denominator * b.denominator
        )
      case .times: (p, q) = (a.numerator * b.numerator, a.denominator * b.denominator)
      case .over:
        guard b.numerator != 0 else { return nil }
        (p, q) = (a.numerator * b.denominator, a.denominator * b.numerator)
      }
      if q < 0 { (p, q) = (-p, -q) }
      let divisor = Self.greatestCommonDivisor(abs(p), q)
      (numerator, denominator) = (p / divisor, q / divisor)
    }

    var whole: Int? { denominator == 1 ? numerator : nil }

    private static func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int {
      b == 0 ? max(a, 1) : greatestCommonDivisor(b, a % b)
    }
  }
}
