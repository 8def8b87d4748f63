import CPluginABI

/// What became of the sequences of a rollout or an evaluation, in the order of ``Tokens``.
public struct Outcomes {
  public let count: Int
  /// `[count]` the prompt that a sequence answers.
  public let groups: UnsafeBufferPointer<UInt32>
  /// `[count]` tokens of the model.
  public let lengths: UnsafeBufferPointer<UInt32>
  /// Rewards that were added up, one a verifier, unweighted: `[count]` each.
  public let components: [(name: String, rewards: UnsafeBufferPointer<Float>)]
  private let outcomes: temper_outcomes

  init(_ outcomes: temper_outcomes) {
    let count = outcomes.sequence_count
    (self.outcomes, self.count) = (outcomes, count)
    groups = UnsafeBufferPointer(start: outcomes.groups, count: count)
    lengths = UnsafeBufferPointer(start: outcomes.lengths, count: count)
    components = (0..<outcomes.component_count).map { index in
      (
        String(cString: outcomes.component_names[index]!),
        UnsafeBufferPointer(start: outcomes.components[index], count: count)
      )
    }
  }

  /// `nil` where the verifier or the environment failed.
  public func reward(_ s: Int) -> Double? {
    let reward = outcomes.rewards[s]
    return reward.isFinite ? Double(reward) : nil
  }

  public func verdict(_ s: Int) -> Judgement.Verdict {
    switch outcomes.verdicts[s] {
    case TEMPER_RIGHT.rawValue: .right
    case TEMPER_WRONG.rawValue: .wrong
    case TEMPER_UNPARSABLE.rawValue: .unparsable
    default: .failed
    }
  }

  /// It ran into a budget of tokens.
  public func isTruncated(_ s: Int) -> Bool { outcomes.truncated[s] != 0 }

  /// The completion.
  public func text(_ s: Int) -> String { String(outcomes.texts[s]) }

  /// The sequences that answer each prompt, in the order of prompts.
  public var members: [[Int]] {
    var members: [UInt32: [Int]] = [:]
    for s in 0..<count { members[groups[s], default: []].append(s) }
    return members.sorted { $0.key < $1.key }.map(\.value)
  }
}
