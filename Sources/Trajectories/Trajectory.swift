/// Why a completion ended.
public enum StopReason: String, Sendable, CaseIterable {
  /// The model wrote one of its end tokens.
  case endToken = "end_token"
  /// The text came to hold a stop string.
  case stopString = "stop_string"
  /// The budget of new tokens was used up: a completion's, or a turn's.
  case length
  /// The episode's budget of tokens was used up.
  case episodeTokens = "episode_tokens"
  /// The run's budget of turns was used up.
  case turns
  /// The environment ended the episode.
  case environment
  /// The environment failed.
  case failed
}

extension StopReason {
  /// A budget of tokens cut the text short.
  public var isTruncation: Bool { self == .length || self == .episodeTokens }
}

/// Who wrote a token of a sequence.
public enum Author: UInt8, Sendable {
  case model
  /// What an environment answered.
  case environment
  /// What the chat template puts around turns.
  case template
}

/// One completion of one prompt, token by token: what the model wrote, and in an episode what it was
/// answered. The ids are the record; the text is derived.
///
/// Columns are 0 where the model is not the author.
public struct Trajectory: Sendable {
  /// Which of the prompt's completions in a step this is, from 0; randomness is keyed by it.
  public let sample: Int
  /// `[n]` ids behind the prompt's, end tokens included where there are any.
  public var tokens: [Int32]
  /// `[n]`
  public var authors: [Author]
  /// `[n]` nats, under the law that the token was drawn from (truncation included).
  public var behaviourLogprobs: [Float]
  /// `[n]` nats, under softmax(Z / temperature) over the allowed ids.
  public var oldLogprobs: [Float]
  /// `[n]` nats, the entropy of that distribution.
  public var entropies: [Float]
  /// What each observer noted of the tokens' rows, in the order of the observers.
  public var observed: [ObservedRows] = []
  /// The completion without its end token or stop string; all of an episode.
  public var text: String
  public var stop: StopReason
  /// What became of it in an environment; `nil` without one.
  public var episode: EpisodeRecord?

  public init(
    sample: Int, tokens: [Int32] = [], behaviourLogprobs: [Float] = [],
    oldLogprobs: [Float] = [], entropies: [Float] = [], text: String = "",
    stop: StopReason = .length
  ) {
    self.sample = sample
    self.tokens = tokens
    authors = Array(repeating: .model, count: tokens.count)
    self.behaviourLogprobs = behaviourLogprobs
    self.oldLogprobs = oldLogprobs
    self.entropies = entropies
    self.text = text
    self.stop = stop
  }
}

extension Trajectory {
  /// The ids that the model wrote.
  public var modelTokens: [Int32] {
    episode == nil ? tokens : zip(tokens, authors).filter { $1 == .model }.map(\.0)
  }

  /// How many they are.
  public var length: Int { authors.count { $0 == .model } }

  /// A budget of tokens cut the model's last turn short.
  public var isTruncated: Bool { (episode?.turns.last?.stop ?? stop).isTruncation }
}

/// The `G` completions of one task: the unit in which advantages are formed.
public struct TrajectoryGroup: Sendable {
  /// One prompt that all completions answer, or `[G]` that put the same task in other words.
  public let prompts: [Prompt]
  public var trajectories: [Trajectory]

  public init(prompt: Prompt, trajectories: [Trajectory]) {
    (prompts, self.trajectories) = ([prompt], trajectories)
  }

  /// Groups of one completion each, all of one task, as one group.
  public init(joining groups: some Collection<TrajectoryGroup>) {
    precondition(
      groups.allSatisfy {
        $0.trajectories.count == 1 && $0.prompt.index == groups.first!.prompt.index
      },
      "groups of one completion of one task are joined")
    prompts = groups.map(\.prompt)
    trajectories = groups.flatMap(\.trajectories)
  }

  /// The prompt of the first completion: its id and its row are those of all.
  public var prompt: Prompt { prompts[0] }

  /// What completion `place` of the group answers.
  public func prompt(of place: Int) -> Prompt { prompts.count == 1 ? prompts[0] : prompts[place] }
}
