/// Why a completion ended.
public enum StopReason: String, Sendable, CaseIterable {
  /// The model wrote one of its end tokens.
  case endToken = "end_token"
  /// The text came to hold a stop string.
  case stopString = "stop_string"
  /// The budget of new tokens was used up.
  case length
}

/// One completion of one prompt, token by token. The ids are the record; the text is derived.
public struct Trajectory: Sendable {
  /// Which of the prompt's completions in a step this is, from 0; randomness is keyed by it.
  public let sample: Int
  /// `[n]` sampled ids, the end token included where there is one.
  public var tokens: [Int32]
  /// `[n]` nats, under the law that the token was drawn from (truncation included).
  public var behaviourLogprobs: [Float]
  /// `[n]` nats, under softmax(Z / temperature) over the allowed ids.
  public var oldLogprobs: [Float]
  /// `[n]` nats, the entropy of that distribution.
  public var entropies: [Float]
  /// What each observer noted of the tokens' rows, in the order of the observers.
  public var observed: [ObservedRows] = []
  /// The completion without its end token or stop string.
  public var text: String
  public var stop: StopReason

  public init(
    sample: Int, tokens: [Int32] = [], behaviourLogprobs: [Float] = [],
    oldLogprobs: [Float] = [], entropies: [Float] = [], text: String = "",
    stop: StopReason = .length
  ) {
    self.sample = sample
    self.tokens = tokens
    self.behaviourLogprobs = behaviourLogprobs
    self.oldLogprobs = oldLogprobs
    self.entropies = entropies
    self.text = text
    self.stop = stop
  }
}

/// The `G` completions of one prompt: the unit in which advantages are formed.
public struct TrajectoryGroup: Sendable {
  public let prompt: Prompt
  public var trajectories: [Trajectory]

  public init(prompt: Prompt, trajectories: [Trajectory]) {
    (self.prompt, self.trajectories) = (prompt, trajectories)
  }
}
