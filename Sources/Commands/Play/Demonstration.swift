import Environments
import JSON

/// An episode that its environment's expert played, as rows for supervised fine-tuning.
struct Demonstration {
  /// One for each turn: the messages before it and the turn, which is what is learned.
  let rows: [JSONLiteral]
  let isSolved: Bool

  /// - Throws: where the environment has no expert, or fails.
  init(of environment: any Environment, _ task: EpisodeTask, turns: Int) throws {
    let episode = try environment.begin(task)
    var messages = episode.opening
    var rows: [JSONLiteral] = []
    var ending: EpisodeEnding?
    let bound = min(turns, environment.world.turns ?? turns)
    while ending == nil, rows.count < bound {
      guard let text = try episode.expertTurn() else {
        guard !rows.isEmpty else { throw NoExpert(environment: environment.name) }
        break
      }
      messages.append(["role": "assistant", "content": .string(text)])
      var row: JSONLiteral = ["messages": .array(messages)]
      if environment.world.tools != .null { row["tools"] = environment.world.tools }
      rows.append(row)
      let turn = ModelTurn(number: rows.count - 1, text: text, isLast: rows.count == bound)
      let transition = try episode.step(turn)
      messages += transition.messages
      ending = transition.ending
    }
    (self.rows, isSolved) = (rows, ending == .succeeded)
  }
}

/// An environment in which nobody knows how to reach the goal.
struct NoExpert: Error, CustomStringConvertible {
  let environment: String
  var description: String {
    "\(environment): there is no expert for this task; play it yourself, without --expert"
  }
}
