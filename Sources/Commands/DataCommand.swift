import ArgumentParser
import EmbeddedTask
import Foundation

/// `temper data`: generated tasks as JSON Lines.
struct DataCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data", abstract: "Write a generated task's rows to standard output.",
    subcommands: [Arithmetic.self, Modular.self, WordProblemRows.self, Countdown.self])

  struct Arithmetic: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Chained arithmetic modulo 100: problems, or demonstrations for temper sft.")

    @Option(help: "Rows.") var count: Int
    @Option(help: "train or test; the two never share a chain.") var split = "train"
    @Option(help: "The same seed gives the same rows.") var seed: UInt64 = 0
    @Option(help: "Numbers of a chain.") var numbers = 4
    @Option(help: "The largest number; the smallest is 1.") var largest = 9
    @Flag(help: "Write completions to be learned, over the train split.") var demonstrations = false
    @Option(help: "Shares of the ways in which demonstrations are answered.")
    var mix = "hasty=0.6,sloppy=0.1,careful=0.3"

    func run() throws {
      guard let split = ArithmeticTask.Split(rawValue: split) else {
        throw ConfigurationError.value(place: "--split", value: split, expected: "train|test")
      }
      do {
        let task = try ArithmeticTask(numbers: numbers, largest: largest, seed: seed)
        if demonstrations {
          try task.writeDemonstrations(
            count, mix: DemonstrationMix(parsing: mix), to: .standardOutput)
        } else {
          try task.writeProblems(count, split: split, to: .standardOutput)
        }
      } catch let error as EmbeddedTaskError {
        throw ValidationError("\(error)")
      }
    }

    func validate() throws {
      guard count >= 0 else {
        throw ValidationError("--count is \(count); ask for 0 or more rows.")
      }
    }
  }

  /// What every generated task is asked for.
  struct Extent: ParsableArguments {
    @Option(help: "Rows.") var count: Int
    @Option(help: "train or test; the two never share a problem.") var split = "train"
    @Option(help: "The same seed gives the same rows.") var seed: UInt64 = 0

    func write(_ make: () throws -> any GeneratedTask) throws {
      guard let split = ArithmeticTask.Split(rawValue: split) else {
        throw ConfigurationError.value(place: "--split", value: split, expected: "train|test")
      }
      do {
        try make().write(count, split: split, to: .standardOutput)
      } catch let error as EmbeddedTaskError {
        throw ValidationError("\(error)")
      }
    }
  }

  struct Modular: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Sums modulo a number, a share of the train rows with a wrong label.")

    @OptionGroup var extent: Extent
    @Option(help: "The modulus.") var modulus = 97
    @Option(help: "The share of train rows with a wrong label.") var corrupted = 0.2
    @Flag(help: "12+34= instead of a sentence.") var compact = false

    func run() throws {
      try extent.write {
        try ModularAddition(
          modulus: modulus, corrupted: corrupted, isCompact: compact, seed: extent.seed)
      }
    }
  }

  struct WordProblemRows: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "word-problems", abstract: "Word problems of two or three steps.")

    @OptionGroup var extent: Extent

    func run() throws { try extent.write { WordProblems(seed: extent.seed) } }
  }

  struct Countdown: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "A target to be made from a few numbers with + - * / and parentheses.")

    @OptionGroup var extent: Extent
    @Option(help: "The fewest numbers of a row.") var smallestCount = 3
    @Option(help: "The most numbers of a row.") var largestCount = 4

    func run() throws {
      guard smallestCount <= largestCount else {
        throw ValidationError("--smallest-count is above --largest-count.")
      }
      try extent.write {
        try CountdownTask(counts: smallestCount...largestCount, seed: extent.seed)
      }
    }
  }
}
