/// What a verifier can say of a completion.
public enum Verdict: String, Sendable, CaseIterable {
  case right
  /// An answer was read, and it differs.
  case wrong
  /// No answer was found, it cannot be read, or it uses up the budget of work.
  case unparsable
  /// Not the completion's fault: a missing tool, a broken task row, a crash, a deadline. The
  /// sample leaves its group and is counted.
  case failed
}

/// A verdict with its reward and its reason.
public struct Judgement: Sendable, Equatable {
  public var verdict: Verdict
  /// `nil` exactly where the verdict is ``Verdict/failed``.
  public var reward: Float?
  /// Why, in one line; empty where there is nothing to say.
  public var reason: String
  /// The answer that was read from the completion, if any.
  public var answer: String?
  /// What several verifiers gave, unweighted and in their order; empty where there was one.
  public var parts: [Float] = []

  public init(_ verdict: Verdict, reward: Float?, reason: String = "", answer: String? = nil) {
    precondition(
      (verdict == .failed) == (reward == nil), "a failed verdict has no reward, all others do")
    (self.verdict, self.reward, self.reason, self.answer) = (verdict, reward, reason, answer)
  }

  public static func failed(_ reason: String) -> Judgement {
    Judgement(.failed, reward: nil, reason: reason)
  }
}

/// A group with what the verifiers said of each completion.
public struct RewardedGroup: Sendable {
  public var group: TrajectoryGroup
  /// `[G]`
  public var judgements: [Judgement]

  public init(group: TrajectoryGroup, judgements: [Judgement]) {
    precondition(
      judgements.count == group.trajectories.count,
      "\(judgements.count) judgements for \(group.trajectories.count) trajectories")
    (self.group, self.judgements) = (group, judgements)
  }

  /// `[G]`; `nil` where the verifier failed.
  public var rewards: [Float?] { judgements.map(\.reward) }
}
