import MathAnswers
import TemperPlugin

/// Problems whose numbers are too long for the head, and a calculator that is exact.
struct Calculator: Environment {
  struct Configuration: PluginConfiguration {
    /// How a call is written.
    var syntax = Syntax.tags
    /// The tag that an answer stands in.
    var answer = "answer"
    var turns = 4
    /// A turn with neither a call nor an answer ends the episode.
    var voidEnds = false
    /// Show the problem alone: for models that know what to do.
    var terse = false
    /// Where problems come from.
    var tasks = Source.generated
    /// Of a generated problem: its numbers, how many digits each has, and what may stand between.
    var terms = 3
    var digits = 3
    var operations = "+-*"
    /// Parentheses around two of the numbers of some problems.
    var parentheses = true
    /// Keys of a row; `expression`, which the expert calculates, may be missing.
    var problem = "problem"
    var gold = "answer"
    var expression = "expression"
  }

  enum Source: String, PluginChoice { case generated, rows }

  struct Episode: Sendable {
    let problem: String
    let expression: String?
    let gold: ExactNumber
    /// What the calculator gave last.
    var result: String?
  }

  static let id = "temper.calculator"
  static let version = "1.0.0"
  static let summary = "Arithmetic with an exact calculator as a tool."

  let configuration: Configuration

  init(_ configuration: Configuration, host: Host) throws {
    try configuration.require("turns", Double(configuration.turns), atLeast: 1, atMost: 1000)
    try configuration.require("terms", Double(configuration.terms), atLeast: 2, atMost: 20)
    try configuration.require("digits", Double(configuration.digits), atLeast: 1, atMost: 15)
    guard !configuration.operations.isEmpty,
      configuration.operations.allSatisfy({ "+-*/".contains($0) })
    else {
      throw PluginError.invalidConfiguration(
        "'operations' is '\(configuration.operations)'; name some of + - * /")
    }
    guard !configuration.answer.isEmpty, configuration.answer.allSatisfy(\.isLetter),
      configuration.answer != Syntax.tag
    else {
      throw PluginError.invalidConfiguration(
        "'answer' is '\(configuration.answer)'; give the name of a tag, as answer")
    }
    self.configuration = configuration
  }

  var world: World {
    World(
      turns: configuration.turns, needsRows: configuration.tasks == .rows,
      tools: configuration.syntax == .toolCall ? [Syntax.tool] : [],
      stops: [configuration.syntax.end, "</\(configuration.answer)>"])
  }

  func begin(_ task: EpisodeTask) throws -> Episode {
    guard configuration.tasks == .rows else {
      guard task.row.isEmpty else {
        throw PluginError.invalidInput(
          "problems are generated, and the row would not be used; set tasks=rows, or give no data")
      }
      let problem = GeneratedProblem(configuration, task.random())
      return Episode(
        problem: problem.expression, expression: problem.expression, gold: problem.value)
    }
    guard let problem = try task.field(configuration.problem) else {
      throw PluginError.invalidInput("the row has no '\(configuration.problem)'")
    }
    guard let gold = try task.field(configuration.gold), let value = number(gold) else {
      throw PluginError.invalidInput("the row's '\(configuration.gold)' is no number")
    }
    return Episode(
      problem: problem, expression: try task.field(configuration.expression), gold: value)
  }

  func opening(of episode: Episode) -> [Message] {
    if configuration.terse { return [.user(episode.problem)] }
    let task = configuration.tasks == .rows ? "" : "What is "
    let tag = configuration.answer
    return [
      .user(
        """
        \(task)\(episode.problem)\(task.isEmpty ? "" : "?")

        \(configuration.syntax.explanation) Give the result as <\(tag)>number</\(tag)>.
        """)
    ]
  }

  func step(_ turn: ModelTurn, _ episode: inout Episode) -> Transition {
    switch configuration.syntax.action(in: turn.text, answer: configuration.answer) {
    case .answer(let text):
      guard let given = number(text) else {
        return .missed(.user("error: the answer '\(text)' is no number"))
      }
      return given == episode.gold
        ? .succeeded(.user("correct")) : .missed(.user("wrong: it is \(episode.gold)"))
    case .call(let expression):
      do throws(ExpressionError) {
        let value = try Expression.value(of: expression).description
        episode.result = value
        return .goesOn(result(value))
      } catch {
        return .goesOn(result("error: \(error.description)"))
      }
    case .unreadable(let reason): return .goesOn(result("error: \(reason)"))
    case .none:
      let reminder = "error: there is neither a call nor an answer"
      return configuration.voidEnds
        ? Transition(.malformed, isVoid: true, [.user(reminder)])
        : .goesOn(.user(reminder), isVoid: true)
    }
  }

  /// Calculates the whole problem, and then answers.
  func expert(_ episode: Episode) -> String? {
    if let result = episode.result {
      return "<\(configuration.answer)>\(result)</\(configuration.answer)>"
    }
    return episode.expression.map { configuration.syntax.call($0) }
  }

  private func result(_ text: String) -> Message {
    configuration.syntax == .toolCall ? .tool(text) : .user(text)
  }
}

/// A number as an answer may be written: with a sign, decimals, or as a fraction. An expression is
/// none, or an answer could do without the calculator.
private func number(_ text: String) -> ExactNumber? {
  let text = text.filter { !$0.isWhitespace && $0 != "," && $0 != "$" }
  let isNegative = text.hasPrefix("-") || text.hasPrefix("−")
  let parts = text.drop { "+-−".contains($0) }.split(
    separator: "/", omittingEmptySubsequences: false)
  guard text.count <= (parts.first?.count ?? 0) + (parts.last?.count ?? 0) + 2,
    let top = ExactNumber(literal: parts[0])
  else { return nil }
  let signed = isNegative ? -top : top
  guard parts.count > 1 else { return signed }
  guard parts.count == 2, let bottom = ExactNumber(literal: parts[1]) else { return nil }
  return try? signed / bottom
}

@c(temper_plugin_entry)
public func entry(major: UInt32, minor: UInt32) -> UnsafeRawPointer? { export(Calculator.self) }
