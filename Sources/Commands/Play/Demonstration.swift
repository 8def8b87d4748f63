import ChatTemplates
import Environments
import Foundation
import JSON
import Models
import Tokenizers

/// An episode that its environment's expert played, as rows for supervised fine-tuning: one for each
/// turn, with what came before it.
struct Demonstration {
  let rows: [JSONLiteral]
  let isSolved: Bool

  /// - Parameter transcript: for a model without a chat template.
  /// - Throws: where the environment has no expert, or fails.
  init(
    of environment: any Environment, _ task: EpisodeTask, turns: Int, _ transcript: Transcript?
  ) throws {
    let episode = try environment.begin(task)
    let world = environment.world
    let bound = min(turns, world.turns ?? turns)
    var played: [(text: String, answer: [JSONLiteral])] = []
    var rows: [JSONLiteral] = []
    var ending: EpisodeEnding?
    while ending == nil, played.count < bound {
      guard let text = try episode.expertTurn() else {
        guard !played.isEmpty else { throw NoExpert(environment: environment.name) }
        break
      }
      let row = try transcript?.row(episode.opening, played, text, stops: world.stops)
      rows.append(row ?? Self.row(episode.opening, played, text, tools: world.tools))
      let turn = ModelTurn(number: played.count, text: text, isLast: played.count == bound - 1)
      let transition = try episode.step(turn)
      played.append((text, transition.messages))
      ending = transition.ending
    }
    (self.rows, isSolved) = (rows, ending == .succeeded)
  }

  private static func row(
    _ opening: [JSONLiteral], _ played: [(text: String, answer: [JSONLiteral])], _ turn: String,
    tools: JSONLiteral
  ) -> JSONLiteral {
    func said(_ text: String) -> JSONLiteral { ["role": "assistant", "content": .string(text)] }
    let past = played.flatMap { [said($0.text)] + $0.answer }
    var row: JSONLiteral = ["messages": .array(opening + past + [said(turn)])]
    if tools != .null { row["tools"] = tools }
    return row
  }
}

/// How a model without a chat template sees an episode, and will while it is trained.
struct Transcript {
  /// What ends the model's completions, as text.
  let endToken: String?

  init(endToken: String?) { self.endToken = endToken }

  /// - Returns: `nil` where the model has a chat template.
  init?(model path: String) throws {
    let folder = URL(filePath: path, directoryHint: .isDirectory)
    guard try ChatTemplate(tokenizerFolder: folder, forTools: false) == nil else { return nil }
    let tokenizer = try Tokenizer(folder: folder)
    let ends = try ModelFolder(folder).generation.endTokenIDs
    endToken = ends.first.map { tokenizer.decode([Int32($0)], skipSpecial: false) }
  }

  /// A turn with all that is recorded before it. A turn that ends in a stop text has no end token.
  func row(
    _ opening: [JSONLiteral], _ played: [(text: String, answer: [JSONLiteral])], _ turn: String,
    stops: [String]
  ) throws -> JSONLiteral {
    let turns = played.map { text, answer in
      let isStopped = stops.contains { text.hasSuffix($0) }
      return ConversationTurn(text, endToken: isStopped ? nil : endToken, answer: answer)
    }
    let past = try ConversationFormat(render: nil).recorded(opening, turns)
    return ["prompt": .string(past.map(\.text).joined()), "completion": .string(turn)]
  }
}

/// An environment in which nobody knows how to reach the goal.
struct NoExpert: Error, CustomStringConvertible {
  let environment: String
  var description: String {
    "\(environment): there is no expert for this task; play it yourself, without --expert"
  }
}
