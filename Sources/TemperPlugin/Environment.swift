import FoundationEssentials

/// A world that the model acts in, turn by turn.
///
/// The environment is a value that episodes only read, and an episode is a value that `step`
/// changes, so episodes run beside each other without care. What one gives depends on the
/// configuration, the task and the turns alone: the host may run it again from its turns.
public protocol Environment: Plugin {
  /// All that an episode knows.
  associatedtype Episode: Sendable

  /// What holds for every episode; by default no bound on turns, no rows and no tools.
  var world: World { get }

  /// - Throws: ``PluginError/invalidInput(_:)`` for a row that cannot be used.
  func begin(_ task: EpisodeTask) throws -> Episode

  /// What the model sees first; equal tasks have equal openings.
  func opening(of episode: Episode) -> [Message]

  /// Acts on a turn of the model. What is wrong with the turn is told in the transition's messages.
  ///
  /// - Throws: what is the environment's fault: the episode is over, and leaves its group.
  func step(_ turn: ModelTurn, _ episode: inout Episode) throws -> Transition

  /// The turn of somebody who knows how to reach the goal from here. By default nobody does.
  func expert(_ episode: Episode) throws -> String?
}

extension Environment {
  public var world: World { World() }
  public func expert(_ episode: Episode) -> String? { nil }
}

/// What holds for every episode of an environment.
public struct World: Sendable {
  /// The most turns that an episode takes; the SDK ends one that goes on after as many. `nil` for
  /// the run's bound alone.
  public var turns: Int?
  /// Whether a task is a row of the user's data; else its seed is enough.
  public var needsRows: Bool
  /// What the model may call, told to it through the chat template.
  public var tools: [Tool]
  /// Texts that end a turn, beside the model's end token; the turn keeps them.
  public var stops: [String]

  public init(
    turns: Int? = nil, needsRows: Bool = false, tools: [Tool] = [], stops: [String] = []
  ) {
    (self.turns, self.needsRows, self.tools, self.stops) = (turns, needsRows, tools, stops)
  }
}

/// What an episode is about.
public struct EpisodeTask: Sendable {
  /// The whole row as JSON; empty where there is none.
  public let row: String
  /// The same for all episodes of a group.
  public let seed: UInt64

  public init(row: String = "", seed: UInt64 = 0) { (self.row, self.seed) = (row, seed) }

  /// Random numbers of the task's seed.
  ///
  /// - Parameter stream: for several sequences that have nothing to do with each other.
  public func random(stream: UInt64 = 0) -> SeededRandom {
    SeededRandom(seed: seed, stream: stream)
  }

  /// The row's member `key` as text: a string as it is, a number as it is written.
  ///
  /// - Returns: `nil` where the row has no such member, or there is no row.
  /// - Throws: ``PluginError`` where the member is neither, or the row is no JSON object.
  public func field(_ key: String) throws -> String? {
    row.isEmpty ? nil : try rowField(key, of: Data(row.utf8))
  }

  /// The whole row, decoded.
  public func row<Row: Decodable>(as type: Row.Type) throws -> Row {
    do { return try JSONDecoder().decode(type, from: Data(row.utf8)) } catch {
      throw PluginError.invalidInput("the task row is not as this environment wants it: \(error)")
    }
  }
}

/// What the model did.
public struct ModelTurn: Sendable {
  /// From 0.
  public let number: Int
  /// Special tokens included, the end token removed.
  public let text: String
  /// It ran into a budget of tokens.
  public let isCut: Bool
  /// A budget is used up: the model will not see the answer.
  public let isLast: Bool

  public init(number: Int, text: String, isCut: Bool = false, isLast: Bool = false) {
    (self.number, self.text, self.isCut, self.isLast) = (number, text, isCut, isLast)
  }
}

/// What the world answers to a turn.
public struct Transition: Sendable {
  public enum Ending: Sendable {
    /// The goal is reached.
    case succeeded
    /// Over, and the goal is not reached.
    case missed
    /// As many turns as the world allows.
    case outOfTurns
    /// The turn cannot be acted on, and the world lets that end the episode.
    case malformed
  }

  /// `nil` while the episode goes on.
  public var ending: Ending?
  /// Of this turn; an episode's reward is the sum of its turns'.
  public var reward: Double
  /// The turn neither acted nor answered.
  public var isVoid: Bool
  /// What the model sees next.
  public var messages: [Message]

  public init(
    _ ending: Ending? = nil, reward: Double = 0, isVoid: Bool = false, _ messages: [Message] = []
  ) {
    (self.ending, self.reward) = (ending, reward)
    (self.isVoid, self.messages) = (isVoid, messages)
  }

  public static func goesOn(
    _ messages: Message..., reward: Double = 0, isVoid: Bool = false
  ) -> Transition {
    Transition(reward: reward, isVoid: isVoid, messages)
  }

  public static func succeeded(_ messages: Message..., reward: Double = 1) -> Transition {
    Transition(.succeeded, reward: reward, messages)
  }

  public static func missed(_ messages: Message..., reward: Double = 0) -> Transition {
    Transition(.missed, reward: reward, messages)
  }
}
