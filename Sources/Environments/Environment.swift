import JSON

/// A world that the model acts in, turn by turn.
///
/// An environment opens episodes, which run beside each other, each used once. What an episode gives
/// depends on the task and the turns alone, so it can be run again from them.
public protocol Environment: AnyObject, Sendable {
  /// Unique in a run; in front of its metrics.
  var name: String { get }
  var world: World { get }

  /// Begins an episode; equal tasks have equal openings.
  ///
  /// - Throws: what the environment says of a task that it cannot use.
  func begin(_ task: EpisodeTask) throws -> any Episode
}

/// What holds for every episode of an environment.
public struct World: Sendable, Equatable {
  /// The most turns that an episode takes; `nil` for the run's bound alone.
  public var turns: Int?
  /// Whether a task is a row of the user's data; else its seed is enough.
  public var needsRows: Bool
  /// What the model may call, as chat templates take it; null for nothing.
  public var tools: JSONLiteral
  /// Texts that end a turn, beside the model's end token; the turn keeps them.
  public var stops: [String]

  public init(
    turns: Int? = nil, needsRows: Bool = false, tools: JSONLiteral = .null, stops: [String] = []
  ) {
    (self.turns, self.needsRows, self.tools, self.stops) = (turns, needsRows, tools, stops)
  }
}

/// What an episode is about.
public struct EpisodeTask: Sendable, Equatable {
  /// The whole row of the data file as JSON; `nil` where there is none.
  public var row: String?
  /// The same for all episodes of a group.
  public var seed: UInt64

  public init(row: String? = nil, seed: UInt64) { (self.row, self.seed) = (row, seed) }
}

/// One rollout through an environment. One caller at a time.
public protocol Episode: AnyObject, Sendable {
  /// Chat messages that the model sees first.
  var opening: [JSONLiteral] { get }

  /// Acts on a turn of the model.
  ///
  /// - Throws: what is the environment's fault, not the turn's: the episode is over, counted, and
  ///   leaves its group.
  func step(_ turn: ModelTurn) throws -> Transition

  /// What somebody would write who knows how to reach the goal from here; `nil` where nobody does.
  func expertTurn() throws -> String?
}

/// What the model did.
public struct ModelTurn: Sendable, Equatable {
  /// From 0.
  public var number: Int
  /// Special tokens included, the end token removed.
  public var text: String
  /// It ran into a budget of tokens.
  public var isCut: Bool
  /// A budget is used up: the model will not see the answer.
  public var isLast: Bool

  public init(number: Int, text: String, isCut: Bool = false, isLast: Bool = false) {
    (self.number, self.text, self.isCut, self.isLast) = (number, text, isCut, isLast)
  }
}

/// What the world answers to a turn.
public struct Transition: Sendable, Equatable {
  /// Why the episode is over; `nil` while it goes on.
  public var ending: EpisodeEnding?
  /// Of this turn; an episode's reward is the sum of its turns'.
  public var reward: Double
  /// The turn neither acted nor answered.
  public var isVoid: Bool
  /// Chat messages that the model sees next.
  public var messages: [JSONLiteral]

  public init(
    ending: EpisodeEnding? = nil, reward: Double = 0, isVoid: Bool = false,
    messages: [JSONLiteral] = []
  ) {
    (self.ending, self.reward, self.isVoid, self.messages) = (ending, reward, isVoid, messages)
  }
}

/// Why an episode is over, by what the environment says of it.
public enum EpisodeEnding: String, Sendable, CaseIterable {
  /// The goal is reached.
  case succeeded
  /// Over, and the goal is not reached.
  case missed
  /// As many turns as the environment allows.
  case outOfTurns = "out_of_turns"
  /// A turn that cannot be acted on, where the environment lets that end it.
  case malformed
}
