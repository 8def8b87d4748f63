import Completions
import MathAnswers
import Sandbox
import TemperPlugin

/// Problems to be solved with Python: the model's code runs in a sandbox, and what it prints comes
/// back, until there is an answer in a box.
///
/// Xue et al. 2025, "SimpleTIR" (arXiv:2509.02479): what a turn does, what is cut and when a turn is
/// void are theirs.
struct Python: Environment {
  struct Configuration: PluginConfiguration {
    /// How code is written.
    var syntax = Syntax.fenced
    /// Whether names live on from turn to turn.
    var state = State.perTurn
    var turns = 5
    /// A void turn ends the episode.
    var voidEnds = true
    /// Characters of output that the model sees: the first and the last half of so many.
    var output = 512
    /// How the answer is held against the gold one.
    var compare = Comparison.math
    /// Show the problem alone: for models that know what to do.
    var terse = false
    /// The interpreter: a path, or a name on the PATH.
    var python = "python3"
    /// Seconds of processor time that a turn's code has.
    var seconds = 3
    /// Seconds on the clock; four times the processor time and 2 more unless set.
    var wallSeconds: Double?
    /// MiB of address space.
    var memory = 512
    /// Run programs with limits alone where no sandbox can be had.
    var allowUnsandboxed = false
    /// Keys of a row; `code`, which the expert runs, may be missing.
    var problem = "problem"
    var gold = "answer"
    var code = "code"
  }

  enum State: String, PluginChoice {
    /// Each turn's code is a program of its own.
    case perTurn = "per_turn"
    /// One interpreter goes through the episode.
    case persistent
  }

  enum Comparison: String, PluginChoice {
    /// As mathematics: 1/2 is 0.5.
    case math
    /// Letter by letter.
    case text
  }

  struct Episode: Sendable {
    let problem: String
    let gold: String
    let code: String?
    let runner: any CodeRunner
    var hasRun = false
  }

  static let id = "temper.python"
  static let version = "1.0.0"
  static let summary = "Problems to be solved with Python that runs in a sandbox, turn by turn."

  let configuration: Configuration
  private let workshop: Workshop

  init(_ configuration: Configuration, host: Host) throws {
    for (key, value, bounds) in [
      ("turns", configuration.turns, 1...1000), ("output", configuration.output, 2...1_000_000),
      ("seconds", configuration.seconds, 1...86400), ("memory", configuration.memory, 64...1 << 20),
    ] {
      try configuration.require(
        key, Double(value), atLeast: Double(bounds.lowerBound), atMost: Double(bounds.upperBound))
    }
    let wall = configuration.wallSeconds ?? Double(4 * configuration.seconds + 2)
    try configuration.require("wall_seconds", wall, above: 0)
    self.configuration = configuration
    do {
      workshop = Workshop(
        sandbox: try Sandbox(allowsUnsandboxed: configuration.allowUnsandboxed),
        interpreter: try PythonInterpreter(configuration.python), seconds: configuration.seconds,
        wallSeconds: wall, memory: configuration.memory << 20, turns: configuration.turns)
    } catch {
      throw PluginError.unavailable("\(error)")
    }
    if !workshop.sandbox.isIsolated {
      host.log("programs run without a sandbox, with limits alone", level: .warning)
    }
  }

  var world: World {
    World(
      turns: configuration.turns, needsRows: true,
      tools: configuration.syntax == .toolCall ? [Syntax.tool] : [],
      stops: [configuration.syntax.end])
  }

  func begin(_ task: EpisodeTask) throws -> Episode {
    guard let problem = try task.field(configuration.problem) else {
      throw PluginError.invalidInput("the row has no '\(configuration.problem)'")
    }
    guard let gold = try task.field(configuration.gold), !gold.isEmpty else {
      throw PluginError.invalidInput("the row has no '\(configuration.gold)'")
    }
    _ = try isRight(gold, gold)
    let runner: any CodeRunner =
      configuration.state == .persistent ? Session(workshop) : OneOff(workshop)
    return Episode(
      problem: problem, gold: gold, code: try task.field(configuration.code), runner: runner)
  }

  func opening(of episode: Episode) -> [Message] {
    if configuration.terse { return [.user(episode.problem)] }
    return [
      .user(
        """
        \(episode.problem)

        \(configuration.syntax.explanation) Give the final answer as \\boxed{answer} in your text, \
        or call final_answer(answer) in your code.
        """)
    ]
  }

  func step(_ turn: ModelTurn, _ episode: inout Episode) throws -> Transition {
    let acted: (kept: String, code: String?)
    do { acted = try configuration.syntax.action(in: turn.text) } catch {
      return .goesOn(observation("\(error)"))  // a tool call that cannot be read
    }
    var boxed = CompletionText(acted.kept).lastBoxed?.trimmed
    var isFinished = acted.kept.contains(#"\boxed{"#)
    var messages: [Message] = []
    if let code = acted.code {
      episode.hasRun = true
      let result = try episode.runner.run(code)
      if result.output.contains(#"\boxed{"#) {
        isFinished = true
        boxed = CompletionText(result.output).lastBoxed?.trimmed ?? boxed
      }
      messages = [observation(result.text(limit: configuration.output))]
    }
    if isFinished {
      return try isRight(boxed ?? "", episode.gold)
        ? Transition(.succeeded, reward: 1, messages) : Transition(.missed, messages)
    }
    guard acted.code == nil else { return Transition(nil, messages) }
    let reminder = Message.user("There is neither code nor an answer.")
    return Transition(configuration.voidEnds ? .malformed : nil, isVoid: true, [reminder])
  }

  private func observation(_ text: String) -> Message {
    let text = text.isEmpty ? "" : "Code execution result: \(text)"
    return configuration.syntax == .toolCall ? .tool(text) : .user(text)
  }

  /// - Throws: where the gold answer cannot be read.
  private func isRight(_ answer: String, _ gold: String) throws -> Bool {
    guard configuration.compare == .math else { return answer == gold.trimmed }
    let comparison = AnswerComparer().compare(gold: gold, prediction: answer)
    guard comparison.verdict != .goldUnreadable else {
      throw PluginError.invalidInput("the row's '\(configuration.gold)': \(comparison.reason)")
    }
    return comparison.verdict == .equal
  }

  /// Runs the row's code, and then answers.
  func expert(_ episode: Episode) -> String? {
    guard let code = episode.code else { return nil }
    return episode.hasRun ? "\\boxed{\(episode.gold)}" : configuration.syntax.call(code)
  }
}

extension String {
  fileprivate var trimmed: String { CompletionText(self).trimmed }
}

@c(temper_plugin_entry)
public func entry(major: UInt32, minor: UInt32) -> UnsafeRawPointer? { export(Python.self) }
