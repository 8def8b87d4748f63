import Completions
import EmbeddedTask
import Expressions
import MathAnswers
import TemperPlugin

/// A target to be made of a few numbers, with several tries and a word on each.
struct Countdown: Environment {
  struct Configuration: PluginConfiguration {
    /// Tries.
    var turns = 5
    /// Show the numbers and the target alone: for models that know what to do.
    var terse = false
    /// Take the last line with an operator for the answer where there is no tag.
    var flexible = false
    /// How often each number may be used.
    var use = NumberUse.all
    /// Every intermediate result has to be a whole number, not below zero.
    var integerSteps = false
    /// Where problems come from.
    var tasks = Source.generated
    /// Of a generated problem: how many numbers, and how large they and the target are.
    var fewest = 3
    var most = 4
    var largest = 99
    var smallestTarget = 10
    var largestTarget = 99
    /// Keys of a row; `solution`, which the expert gives, may be missing.
    var numbers = "numbers"
    var target = "target"
    var solution = "solution"
  }

  enum Source: String, PluginChoice { case generated, rows }

  struct Episode: Sendable {
    let numbers: [Int]
    let target: Int
    let solution: String?
  }

  static let id = "temper.environments.countdown"
  static let version = "1.0.0"
  static let summary = "A target to be made of given numbers, with several tries and feedback."

  let configuration: Configuration

  init(_ configuration: Configuration, host: Host) throws {
    try configuration.require("turns", Double(configuration.turns), atLeast: 1, atMost: 1000)
    self.configuration = configuration
    guard configuration.integerSteps, configuration.tasks == .generated else {
      _ = try generator(seed: 0)
      return
    }
    throw PluginError.invalidConfiguration(
      "'integer_steps' needs rows that can be solved in such steps: tasks=rows")
  }

  private func generator(seed: UInt64) throws -> CountdownTask {
    let (numbers, targets) = (
      configuration.fewest...max(configuration.fewest, configuration.most),
      configuration
        .smallestTarget...max(
          configuration.smallestTarget, configuration.largestTarget)
    )
    do {
      return try CountdownTask(
        counts: numbers, largest: configuration.largest, targets: targets, seed: seed)
    } catch {
      throw PluginError.invalidConfiguration("\(error)")
    }
  }

  var world: World {
    World(
      turns: configuration.turns, needsRows: configuration.tasks == .rows, stops: ["</answer>"])
  }

  func begin(_ task: EpisodeTask) throws -> Episode {
    guard configuration.tasks == .generated else { return try episode(ofRow: task) }
    guard task.row.isEmpty else {
      throw PluginError.invalidInput(
        "problems are generated, and the row would not be used; set tasks=rows, or give no data")
    }
    let generator = try generator(seed: task.seed)
    for index in 0..<100 {
      guard let drawn = generator.draw(index) else { continue }
      return Episode(numbers: drawn.numbers, target: drawn.target, solution: drawn.solution)
    }
    throw PluginError.invalidInput("no problem of these settings can be found for the task's seed")
  }

  private func episode(ofRow task: EpisodeTask) throws -> Episode {
    let row = try task.row(as: [String: RowField].self)
    guard case .numbers(let numbers)? = row[configuration.numbers], !numbers.isEmpty,
      numbers.allSatisfy({ $0 >= 0 })
    else {
      throw PluginError.invalidInput(
        "the row's '\(configuration.numbers)' is not a list of whole numbers")
    }
    guard case .number(let target)? = row[configuration.target] else {
      throw PluginError.invalidInput("the row's '\(configuration.target)' is not a whole number")
    }
    var solution: String?
    if case .text(let text)? = row[configuration.solution] { solution = text }
    return Episode(numbers: numbers, target: target, solution: solution)
  }

  private enum RowField: Decodable {
    case number(Int), numbers([Int]), text(String), other

    init(from decoder: any Decoder) throws {
      let value = try decoder.singleValueContainer()
      if let number = try? value.decode(Int.self) {
        self = .number(number)
      } else if let numbers = try? value.decode([Int].self) {
        self = .numbers(numbers)
      } else {
        self = (try? value.decode(String.self)).map { .text($0) } ?? .other
      }
    }
  }

  func opening(of episode: Episode) -> [Message] {
    let numbers = episode.numbers.map(String.init)
    if configuration.terse {
      return [.user("\(numbers.joined(separator: " ")) = \(episode.target)")]
    }
    let often = configuration.use == .all ? "each of them exactly once" : "each at most once"
    return [
      .user(
        """
        Make \(episode.target) from the numbers \(numbers.joined(separator: ", ")): use \(often), \
        with +, -, *, / and parentheses. Write <answer>expression</answer>. You have \
        \(configuration.turns) tries.
        """)
    ]
  }

  func step(_ turn: ModelTurn, _ episode: inout Episode) -> Transition {
    guard let answer = answer(in: turn.text) else {
      return .goesOn(.user("Write an expression in <answer> tags."), isVoid: true)
    }
    do throws(ExpressionError) {
      let expression = try Expression(try normalized(answer), target: episode.target)
      let numbers = episode.numbers.map(String.init)
      let fault = configuration.use.fault(in: expression.literals, numbers: numbers)
      let value = try expression.value(integerSteps: configuration.integerSteps)
      let isTarget = value == ExactNumber(episode.target)
      if fault == nil, isTarget { return .succeeded(.user("correct")) }
      let comes = isTarget ? "It comes to \(value)" : "It comes to \(value), not \(episode.target)"
      return .goesOn(.user(comes + (fault.map { "; \($0)." } ?? ".")))
    } catch {
      return .goesOn(.user("Not usable: \(error.reason)."))
    }
  }

  private func answer(in text: String) -> String? {
    let text = CompletionText(text).afterThinking
    if let tagged = text.tagged("answer").last { return tagged.trimmed }
    guard configuration.flexible else { return nil }
    return text.text.split(whereSeparator: \.isNewline)
      .last { $0.contains { "+-*/".contains($0) } }.map(String.init)
  }

  func expert(_ episode: Episode) -> String? {
    episode.solution.map { "<answer>\($0)</answer>" }
  }
}

extension NumberUse: PluginChoice {}

@c(temper_plugin_entry)
public func entry(major: UInt32, minor: UInt32) -> UnsafeRawPointer? { export(Countdown.self) }
