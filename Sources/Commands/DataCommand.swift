import ArgumentParser
import EmbeddedTask
import Foundation

/// `temper data`: generated tasks as JSON Lines.
struct DataCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data", abstract: "Write a generated task's rows to standard output.",
    subcommands: [Arithmetic.self])

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
}
