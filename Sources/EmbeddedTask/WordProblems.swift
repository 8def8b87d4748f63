import JSON
import Tensors

/// Short word problems of two or three steps, from templates of our own.
public struct WordProblems: GeneratedTask {
  private let random: CounterRandom

  public init(seed: UInt64 = 0) { random = CounterRandom(seed: seed, purpose: .generator) }

  public func rows(
    _ count: Int, split: ArithmeticTask.Split
  ) throws(EmbeddedTaskError) -> [JSONLiteral] {
    let problems = try distinct(count, of: split, oneIn: 4, available: 100_000) { index in
      let problem = problem(index)
      return (problem.text, problem)
    }
    return problems.enumerated().map { index, problem in
      [
        "id": "word-problems-\(split.rawValue)-\(index)", "problem": .string(problem.text),
        "answer": .string(String(problem.answer)),
        "solution": .string("\(problem.working)\n#### \(problem.answer)"),
        "kind": .string(problem.kind),
      ]
    }
  }

  private struct Problem {
    let kind: String
    let text: String
    let working: String
    let answer: Int
  }

  private static let names = [
    "Ada", "Bruno", "Chen", "Dina", "Emil", "Farah", "Goran", "Hana", "Ines", "Jonas", "Kofi",
    "Lena",
  ]
  private static let things = [
    "marbles", "stamps", "shells", "pencils", "cards", "buttons", "coins", "beads",
  ]
  private static let goods = ["apples", "bread rolls", "notebooks", "candles", "tickets", "cups"]

  /// One of the templates with names and numbers in their places.
  private func problem(_ index: Int) -> Problem {
    func number(_ slot: Int, _ range: ClosedRange<Int>) -> Int {
      range.lowerBound + random.integer(below: range.count, index, slot)
    }
    func pick(_ slot: Int, _ list: [String]) -> String { list[number(slot, 0...list.count - 1)] }
    let first = number(1, 0...Self.names.count - 1)
    let second = (first + number(2, 1...Self.names.count - 1)) % Self.names.count
    let (name, other) = (Self.names[first], Self.names[second])
    let (thing, good) = (pick(3, Self.things), pick(4, Self.goods))
    switch number(0, 0...5) {
    case 0:
      let (a, b, c) = (number(5, 20...90), number(6, 3...19), number(7, 2...30))
      return Problem(
        kind: "change",
        text: """
          \(name) has \(a) \(thing), gives \(b) of them to \(other) and then finds \(c) more. How \
          many \(thing) does \(name) have now?
          """,
        working: "\(a) - \(b) = \(a - b). \(a - b) + \(c) = \(a - b + c).", answer: a - b + c)
    case 1:
      let (a, b, c) = (number(5, 3...12), number(6, 4...15), number(7, 2...30))
      return Problem(
        kind: "groups",
        text: """
          There are \(a) boxes with \(b) \(thing) each, and \(c) \(thing) lie beside them. How \
          many \(thing) are there in all?
          """,
        working: "\(a) * \(b) = \(a * b). \(a * b) + \(c) = \(a * b + c).", answer: a * b + c)
    case 2:
      let (a, b, paid) = (number(5, 2...9), number(6, 2...9), number(7, 82...120))
      return Problem(
        kind: "price",
        text: """
          One of the \(good) costs \(b) dollars. \(name) buys \(a) \(good) and pays with \(paid) \
          dollars. How many dollars does \(name) get back?
          """,
        working: "\(a) * \(b) = \(a * b). \(paid) - \(a * b) = \(paid - a * b).",
        answer: paid - a * b)
    case 3:
      let (each, people, left) = (number(5, 3...15), number(6, 3...9), number(7, 1...2))
      let all = each * people + left
      return Problem(
        kind: "sharing",
        text: """
          \(name) shares \(all) \(thing) among \(people) friends, who all get as many, and keeps \
          the \(left) that cannot be shared. How many \(thing) does each friend get?
          """,
        working: "\(all) - \(left) = \(each * people). \(each * people) / \(people) = \(each).",
        answer: each)
    case 4:
      let (a, times, c) = (number(5, 3...20), number(6, 2...5), number(7, 1...15))
      return Problem(
        kind: "comparison",
        text: """
          \(name) has \(a) \(thing). \(other) has \(times) times as many and \(c) more. How many \
          \(thing) do they have together?
          """,
        working: """
          \(times) * \(a) + \(c) = \(times * a + c). \(a) + \(times * a + c) = \
          \(a + times * a + c).
          """,
        answer: a + times * a + c)
    default:
      let (a, days, goal) = (number(5, 3...12), number(6, 3...9), number(7, 120...200))
      return Problem(
        kind: "rate",
        text: """
          \(name) wants to collect \(goal) \(thing) and finds \(a) a day. How many \(thing) are \
          missing after \(days) days?
          """,
        working: "\(a) * \(days) = \(a * days). \(goal) - \(a * days) = \(goal - a * days).",
        answer: goal - a * days)
    }
  }
}
