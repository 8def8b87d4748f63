import Environments
import Foundation
import JSON
import Synchronization
import Trajectories

@testable import Rollouts

/// An environment whose episodes are a function of the task and the turns.
final class ScriptedWorld: Environment {
  typealias Script = @Sendable (_ turn: ModelTurn, _ task: EpisodeTask) throws -> Transition

  let name = "scripted"
  let world: World
  /// Every turn that was asked for, by its task's seed.
  let asked = Mutex<[(seed: UInt64, turn: ModelTurn)]>([])
  private let refusesToBegin: @Sendable (UInt64) -> Bool
  private let script: Script

  init(
    _ world: World = World(), refusesToBegin: @escaping @Sendable (UInt64) -> Bool = { _ in false },
    script: @escaping Script
  ) {
    (self.world, self.refusesToBegin, self.script) = (world, refusesToBegin, script)
  }

  struct Fault: Error, CustomStringConvertible {
    var description = "the scenery fell down"
  }

  func begin(_ task: EpisodeTask) throws -> any Episode {
    if refusesToBegin(task.seed) { throw Fault() }
    return ScriptedEpisode(task, of: self)
  }

  final class ScriptedEpisode: Episode {
    let opening: [JSONLiteral]
    private let task: EpisodeTask
    private let world: ScriptedWorld

    init(_ task: EpisodeTask, of world: ScriptedWorld) {
      (self.task, self.world) = (task, world)
      opening = [["role": "user", "content": .string("TASK\(task.seed)")]]
    }

    func step(_ turn: ModelTurn) throws -> Transition {
      world.asked.withLock { $0.append((task.seed, turn)) }
      return try world.script(turn, task)
    }

    func expertTurn() throws -> String? { nil }
  }

  /// Answers with digits of the turn's text, sometimes ends, sometimes calls the turn void.
  static func chatty(delay: (@Sendable (ModelTurn) -> Double)? = nil) -> ScriptedWorld {
    ScriptedWorld { turn, task in
      if let delay { Thread.sleep(forTimeInterval: delay(turn)) }
      let sum = turn.text.utf8.reduce(Int(task.seed)) { $0 &+ Int($1) }
      return Transition(
        ending: sum % 7 == 0 ? .succeeded : sum % 11 == 0 ? .missed : nil,
        reward: Double(sum % 8) / 8, isVoid: sum % 5 == 0,
        messages: [["role": "tool", "content": .string("SAW\(sum % 1000)")]])
    }
  }

  /// Says the same whatever happens.
  static func patient(_ world: World = World(), answer: String = "GO") -> ScriptedWorld {
    ScriptedWorld(world) { _, _ in
      Transition(reward: 0.5, messages: [["role": "user", "content": .string(answer)]])
    }
  }
}

/// `U:TASK;A:` in characters that the fixture's tokenizer has.
func render(
  _ messages: [JSONLiteral], _ tools: JSONLiteral, _ addGenerationPrompt: Bool
) throws -> String {
  let parts = messages.map { message -> String in
    guard case .string(let role)? = message["role"],
      case .string(let content)? = message["content"]
    else { return "" }
    return "\(role.first!.uppercased()):\(content);"
  }
  return parts.joined() + (addGenerationPrompt ? "A:" : "")
}

extension Fixture {
  func episodes(
    _ world: ScriptedWorld, turns: Int = 4, tokens: Int = 96, workers: Int = 4
  ) -> EpisodeSettings {
    var episodes = EpisodeSettings(world, format: ConversationFormat(render: render))
    (episodes.maximumTurns, episodes.maximumTokens) = (turns, tokens)
    episodes.workers = workers
    return episodes
  }

  func prompts(_ episodes: EpisodeSettings, count: Int = 5) -> [Prompt] {
    (0..<count).map {
      episodes.prompt(id: "task-\($0)", index: $0, row: nil, seed: UInt64($0), tokenizer)
    }
  }

  func sample(
    _ world: ScriptedWorld, count: Int = 5, samples: Int = 3, turns: Int = 4, tokens: Int = 96,
    settings: SamplingSettings = Fixture.settings { $0.maximumNewTokens = 9 }
  ) throws -> [TrajectoryGroup] {
    let episodes = episodes(world, turns: turns, tokens: tokens)
    return try engine(width: 4).sample(
      prompts(episodes, count: count), samples: 0..<samples, settings: settings, step: 3,
      episodes: episodes)
  }
}
