import Environments
import JSON

/// An episode on the screen: messages as they come, and a person or the expert in the model's place.
struct PlaySession {
  private let environment: any Environment
  private let turns: Int
  private let isExpert: Bool

  init(_ environment: any Environment, turns: Int, isExpert: Bool) {
    self.environment = environment
    self.turns = min(turns, environment.world.turns ?? turns)
    self.isExpert = isExpert
  }

  /// - Returns: false where the person has left.
  func play(_ task: EpisodeTask) throws -> Bool {
    let episode = try environment.begin(task)
    showTools()
    episode.opening.forEach(show)
    var reward = 0.0
    for number in 0..<turns {
      guard let text = try isExpert ? expertTurn(of: episode, number) : TurnReader.read() else {
        Console.report("\nleft after \(count(number)), reward \(short(reward))")
        return false
      }
      let turn = ModelTurn(number: number, text: text, isLast: number == turns - 1)
      let transition = try episode.step(turn)
      transition.messages.forEach(show)
      reward += transition.reward
      if transition.isVoid { Console.report("[this turn was void]") }
      let ending = transition.ending ?? (turn.isLast ? .outOfTurns : nil)
      if let ending {
        Console.report("\(ending.words) after \(count(number + 1)), reward \(short(reward))")
        return true
      }
    }
    return true
  }

  private func expertTurn(of episode: any Episode, _ number: Int) throws -> String? {
    guard !Interruption.isRequested else { return nil }
    guard let text = try episode.expertTurn() else {
      guard number > 0 else { throw NoExpert(environment: environment.name) }
      return nil
    }
    Console.report(
      "> "
        + text.split(separator: "\n", omittingEmptySubsequences: false)
        .joined(separator: "\n  "))
    return text
  }

  private func showTools() {
    guard case .array(let tools) = environment.world.tools else { return }
    for tool in tools {
      guard let function = tool["function"], case .string(let name)? = function["name"] else {
        continue
      }
      var line = "[tool] \(name)"
      if case .object(let parameters)? = function["parameters"]?["properties"] {
        line += "(\(parameters.map(\.key).joined(separator: ", ")))"
      }
      if case .string(let text)? = function["description"] { line += ": \(text)" }
      Console.report(line)
    }
    if !tools.isEmpty, !isExpert {
      Console.report(
        "[a call] <tool_call>{\"name\": \"...\", \"arguments\": {...}}</tool_call>")
    }
  }

  private func show(_ message: JSONLiteral) {
    guard case .string(let content)? = message["content"] else { return }
    if case .string(let role)? = message["role"], role != "user" {
      Console.report("[\(role)] \(content)")
    } else {
      Console.report(content)
    }
  }

  private func count(_ turns: Int) -> String { turns == 1 ? "1 turn" : "\(turns) turns" }

  private func short(_ reward: Double) -> String {
    reward == reward.rounded() && abs(reward) < 1e9 ? "\(Int(reward))" : "\(reward)"
  }
}

extension EpisodeEnding {
  fileprivate var words: String {
    switch self {
    case .succeeded: "succeeded"
    case .missed: "missed"
    case .outOfTurns: "out of turns"
    case .malformed: "malformed"
    }
  }
}
