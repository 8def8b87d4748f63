/// What became of a trajectory in an environment.
public struct EpisodeRecord: Sendable, Equatable {
  /// One turn of the model.
  public struct Turn: Sendable, Equatable {
    /// The model's, among the trajectory's tokens.
    public var tokens: Range<Int>
    /// Why the turn ended.
    public var stop: StopReason
    public var reward = 0.0
    /// It neither acted nor answered.
    public var isVoid = false

    public init(tokens: Range<Int>, stop: StopReason) { (self.tokens, self.stop) = (tokens, stop) }
  }

  /// Successive tokens of one author.
  public struct Segment: Sendable, Equatable {
    public let author: Author
    /// The model's turn, or the one that is answered.
    public let turn: Int
    public let tokens: Range<Int>
    /// Special tokens included.
    public let text: String

    public init(author: Author, turn: Int, tokens: Range<Int>, text: String) {
      (self.author, self.turn, self.tokens, self.text) = (author, turn, tokens, text)
    }
  }

  public var turns: [Turn] = []
  /// The whole trajectory, in order.
  public var segments: [Segment] = []
  /// Right where the goal was reached, with the sum of the turns' rewards; failed where the
  /// environment did.
  public var judgement = Judgement.failed("the episode did not end")
  /// Spent in the environment; differs from run to run.
  public var seconds = 0.0

  public init() {}

  /// `[count]` the model's turn of each token; what answers a turn is of that turn.
  public func turnIndices(count: Int) -> [Int] {
    byToken(count) { turn, _ in turn }
  }

  /// `[count]` whether the token's turn is void.
  public func voidTurns(count: Int) -> [Bool] {
    byToken(count) { $1.isVoid }
  }

  private func byToken<Value>(_ count: Int, _ value: (Int, Turn) -> Value) -> [Value] {
    var values: [Value] = []
    for (number, turn) in turns.enumerated() {
      let end = number + 1 < turns.count ? turns[number + 1].tokens.lowerBound : count
      values += repeatElement(value(number, turn), count: end - turn.tokens.lowerBound)
    }
    precondition(values.count == count, "turns of \(values.count) tokens for \(count)")
    return values
  }
}
