import JSON
import Testing

@testable import EmbeddedTask

@Suite struct GeneratedTaskTests {
  private static let tasks: [any GeneratedTask] = [
    try! ModularAddition(seed: 3), WordProblems(seed: 3), try! CountdownTask(seed: 3),
    try! ArithmeticTask(seed: 3),
  ]

  private func texts(_ rows: [JSONLiteral], _ key: String) -> [String] {
    rows.map { if case .string(let text)? = $0[key] { text } else { "" } }
  }

  @Test func rowsAreAFunctionOfTheSeedAndSplitsShareNoProblem() throws {
    for task in Self.tasks {
      let train = try task.rows(200, split: .train)
      let test = try task.rows(100, split: .test)
      #expect(train == (try task.rows(200, split: .train)))
      #expect(Set(texts(train + test, "problem")).count == 300)
      #expect(Set(texts(train + test, "id")).count == 300)
    }
    #expect(
      try WordProblems(seed: 3).rows(9, split: .test) != WordProblems(seed: 4).rows(9, split: .test)
    )
  }

  @Test func aShareOfTheTrainLabelsIsWrongAndNoTestLabel() throws {
    let task = try ModularAddition(corrupted: 0.25, isCompact: true)
    let rows = try task.rows(1200, split: .train)
    var wrong = 0
    for row in rows {
      let isWrong = row["kind"] == "corrupted"
      #expect((row["answer"] != row["right_answer"]) == isWrong)
      wrong += isWrong ? 1 : 0
    }
    // 0.25 of 1200 is 300; five deviations are 75.
    #expect((225...375).contains(wrong))
    for row in try task.rows(100, split: .test) {
      let sum = texts([row], "problem")[0].dropLast().split(separator: "+").map { Int($0)! }
      #expect(row["answer"] == .string(String((sum[0] + sum[1]) % 97)))
      #expect(row["kind"] == "held-out")
    }
  }

  @Test func theWorkingOfAWordProblemEndsInItsAnswer() throws {
    let rows = try WordProblems().rows(600, split: .train)
    #expect(Set(texts(rows, "kind")).count == 6)
    for row in rows {
      let solution = texts([row], "solution")[0].split(separator: "\n")
      #expect("#### " + texts([row], "answer")[0] == solution[1])
      // Every step of the working holds, worked out again.
      for step in solution[0].split(separator: ". ") {
        let sides = step.trimmingPrefix(" ").split(separator: "=")
        let words = sides[0].split(separator: " ")
        var (value, rest) = (Int(words[0])!, words.dropFirst())
        while let sign = rest.popFirst(), let next = rest.popFirst().flatMap({ Int($0) }) {
          switch sign {
          case "+": value += next
          case "-": value -= next
          case "*": value *= next
          default: value /= next
          }
        }
        #expect(value == Int(sides[1].filter(\.isNumber)), "\(step)")
      }
    }
  }

  @Test func everyCountdownCanBeSolvedWithEachNumberOnce() throws {
    for row in try CountdownTask(counts: 3...5).rows(150, split: .test) {
      guard case .array(let numbers)? = row["numbers"], case .int(let target)? = row["target"],
        case .string(let solution)? = row["solution"]
      else { throw CountdownShape() }
      let used = solution.split { !$0.isNumber }.map { Int($0)! }
      #expect(used.sorted() == numbers.map { if case .int(let n) = $0 { n } else { 0 } }.sorted())
      #expect(abs(value(of: solution) - Double(target)) < 1e-9, "\(solution)")
      #expect((10...99).contains(target))
    }
  }

  private struct CountdownShape: Error {}

  /// The value of a fully bracketed expression.
  private func value(of text: String) -> Double {
    guard text.hasPrefix("(") else { return Double(text)! }
    var depth = 0
    let inner = Array(text.dropFirst().dropLast())
    for (place, character) in inner.enumerated() {
      if character == "(" { depth += 1 }
      if character == ")" { depth -= 1 }
      guard depth == 0, place > 0, "+-*/".contains(character) else { continue }
      let (a, b) = (value(of: String(inner[..<place])), value(of: String(inner[(place + 1)...])))
      return switch character {
      case "+": a + b
      case "-": a - b
      case "*": a * b
      default: a / b
      }
    }
    return .nan
  }

  @Test func solutionsAreCountedOnceWhateverTheOrderOfASum() {
    #expect(CountdownTask.solutions(of: [1, 2, 3], reaching: 7).sorted() == ["((2*3)+1)"])
    #expect(CountdownTask.solutions(of: [5, 5, 5], reaching: 99).isEmpty)
    // 1/3*6 is found as 6 over 3, in every order of exact quotients.
    #expect(CountdownTask.solutions(of: [1, 3, 6], reaching: 2).contains("((6/3)*1)"))
  }

  @Test func settingsOutOfRangeAreRefused() {
    #expect(throws: EmbeddedTaskError.self) { try ModularAddition(modulus: 1) }
    #expect(throws: EmbeddedTaskError.self) { try ModularAddition(corrupted: 1.5) }
    #expect(throws: EmbeddedTaskError.self) { try CountdownTask(counts: 3...7) }
    #expect(throws: EmbeddedTaskError.self) {
      try ModularAddition(modulus: 7).rows(100, split: .test)
    }
  }
}
