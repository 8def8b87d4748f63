import Foundation
import JSON
import Testing

@testable import EmbeddedTask

@Suite struct ArithmeticTaskTests {
  @Test func theSameSeedGivesTheSameProblems() throws {
    let first = try ArithmeticTask(seed: 5).problems(100, split: .train)
    let again = try ArithmeticTask(seed: 5).problems(100, split: .train)
    let other = try ArithmeticTask(seed: 6).problems(100, split: .train)
    #expect(Array(first) == Array(again))
    #expect(Array(first) != Array(other))
    let longer = try ArithmeticTask(seed: 5).problems(200, split: .train)
    #expect(Array(longer.prefix(100)) == Array(first))
  }

  @Test func problemsOfASplitAreDifferentAndItsOwn() throws {
    let task = try ArithmeticTask()
    for split in ArithmeticTask.Split.allCases {
      let chains = Array(try task.problems(2000, split: split))
      #expect(Set(chains.map(\.problem)).count == 2000)
      #expect(chains.allSatisfy { ArithmeticTask.split(of: $0) == split })
    }
  }

  @Test func noDemonstrationShowsATestProblem() throws {
    for seed in [UInt64(0), 1] {
      let task = try ArithmeticTask(seed: seed)
      for index in 0..<2000 {
        #expect(ArithmeticTask.split(of: task.demonstration(index).chain) == .train)
      }
    }
  }

  @Test func theSplitIsAFixedFunctionOfTheProblem() {
    // Values of an independent implementation of the hash.
    func split(_ numbers: [Int], _ operators: [ArithmeticChain.Operator]) -> ArithmeticTask.Split {
      ArithmeticTask.split(of: ArithmeticChain(numbers: numbers, operators: operators))
    }
    #expect(split([7, 5, 3, 2], [.plus, .times, .minus]) == .test)
    #expect(split([7, 5, 3, 3], [.plus, .times, .minus]) == .train)
    #expect(split([1, 1, 2], [.minus, .times]) == .test)
    #expect(split([2, 6, 7], [.times, .minus]) == .test)
    #expect(split([3, 6, 3], [.minus, .times]) == .test)
  }

  @Test func oneChainInSixteenIsForTest() {
    var test = 0
    for a in 1...9 {
      for b in 1...9 {
        for c in 1...9 {
          for operators in [[ArithmeticChain.Operator.plus, .times], [.minus, .minus]] {
            let chain = ArithmeticChain(numbers: [a, b, c], operators: operators)
            if ArithmeticTask.split(of: chain) == .test { test += 1 }
          }
        }
      }
    }
    #expect(abs(Double(test) / 1458 - 1.0 / 16) < 0.02)
  }

  @Test func numbersAndOperatorsAreDrawnEvenly() throws {
    let task = try ArithmeticTask(numbers: 5, largest: 12, seed: 3)
    var numbers = [Int](repeating: 0, count: 13)
    var operators: [ArithmeticChain.Operator: Int] = [:]
    for chain in try task.problems(3000, split: .train) {
      for number in chain.numbers { numbers[number] += 1 }
      for symbol in chain.operators { operators[symbol, default: 0] += 1 }
    }
    #expect(numbers[0] == 0)
    #expect(numbers.dropFirst().allSatisfy { abs(Double($0) / 1250 - 1) < 0.12 })
    #expect(operators.values.allSatisfy { abs(Double($0) / 4000 - 1) < 0.06 })
  }

  @Test func refusesSizesOutsideTheirRange() {
    #expect(throws: EmbeddedTaskError.numbers(1)) { try ArithmeticTask(numbers: 1) }
    #expect(throws: EmbeddedTaskError.largest(100)) { try ArithmeticTask(largest: 100) }
  }

  @Test func refusesMoreProblemsThanThereAre() throws {
    let task = try ArithmeticTask(numbers: 2, largest: 9)  // 243 chains, about 15 for test
    #expect(throws: EmbeddedTaskError.count(8, available: 7)) { try task.problems(8, split: .test) }
    #expect(Array(try task.problems(7, split: .test)).count == 7)
  }

  @Test func problemRowsAreJSONLinesWithTheirAnswer() throws {
    let rows = try written { try ArithmeticTask(seed: 1).writeProblems(50, split: .test, to: $0) }
    let chains = Array(try ArithmeticTask(seed: 1).problems(50, split: .test))
    #expect(rows.count == 50)
    for (index, (row, chain)) in zip(rows, chains).enumerated() {
      #expect(row["id"].string == "arithmetic-test-" + String(format: "%06d", index + 1))
      #expect(row["problem"].string == chain.problem)
      #expect(row["answer"].string == chain.answer)
      #expect(row["solution"].string == chain.solution)
    }
  }

  @Test func demonstrationRowsCarryACompletion() throws {
    let task = try ArithmeticTask(seed: 1)
    let rows = try written { try task.writeDemonstrations(50, to: $0) }
    #expect(rows.count == 50)
    for (index, row) in rows.enumerated() {
      let demonstration = task.demonstration(index)
      #expect(row["problem"].string == demonstration.chain.problem)
      #expect(row["completion"].string == demonstration.completion)
      #expect(row["style"].string == demonstration.style.rawValue)
      #expect(row.has("solution") == false)
    }
  }

  private func written(_ write: (FileHandle) throws -> Void) throws -> [JSON] {
    let file = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    _ = FileManager.default.createFile(atPath: file.path, contents: nil)
    defer { try? FileManager.default.removeItem(at: file) }
    let handle = try FileHandle(forWritingTo: file)
    try write(handle)
    try handle.close()
    return try JSONLines(of: file).map { try $0.value.get() }
  }
}
