import Trajectories

/// A penalty on the reward that grows over the last tokens before the limit.
///
/// Yu et al. 2025, "DAPO" (arXiv:2503.14476), section 3.4, equation 13, with a factor:
/// `min(-(length - (limit - buffer)) / buffer * factor, 0)`.
public struct OverlongShaping: Sendable, Equatable, Codable {
  /// The longest completion, tokens.
  public var limit: Int
  /// Over how many tokens before it the penalty grows from 0 to ``factor``.
  public var buffer: Int
  /// The penalty at the limit.
  public var factor: Double

  /// - Throws: ``ObjectiveError/setting(key:value:remedy:)`` for a buffer outside of the limit.
  public init(limit: Int, buffer: Int, factor: Double = 1) throws(ObjectiveError) {
    guard buffer > 0, buffer <= limit else {
      throw .setting(
        key: "reward.overlong_buffer", value: "\(buffer)",
        remedy: "use 1 to \(limit), the longest completion; a fifth of it is common")
    }
    guard factor >= 0, Float(factor).isFinite else {
      throw .setting(
        key: "reward.overlong_factor", value: "\(factor)", remedy: "use 0 or more; 1 is common")
    }
    (self.limit, self.buffer, self.factor) = (limit, buffer, factor)
  }

  /// What is added to the reward of a completion of `length` tokens; at most 0.
  public func penalty(length: Int) -> Double {
    let excess = Double(length - (limit - buffer))
    return min(-excess / Double(buffer) * factor, 0)
  }
}

extension TokenBatch {
  /// Takes completions that ran into a limit of tokens out of the loss; their rewards stay in the
  /// statistics of their groups. TRL's `mask_truncated_completions`.
  ///
  /// - Parameter groups: those that the batch was packed from.
  /// - Returns: how many completions were taken out.
  @discardableResult
  public mutating func maskOverlong(in groups: [RewardedGroup]) -> Int {
    let completions = groups.flatMap(\.group.trajectories)
    precondition(
      completions.count == sequenceCount,
      "\(completions.count) completions for \(sequenceCount) sequences")
    var taken = 0
    for (s, completion) in completions.enumerated() where completion.isTruncated {
      for t in range(s) { mask[t] = 0 }
      taken += 1
    }
    return taken
  }
}
