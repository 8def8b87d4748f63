/// Samples further prompts in place of groups that teach nothing.
///
/// Yu et al. 2025, "DAPO" (arXiv:2503.14476), section 3.2: prompts whose completions are all right
/// or all wrong have no advantage, and thin the batch out.
public struct DynamicSampling: Sendable, Equatable, Codable {
  /// Rounds of sampling after which the step gives up; 0 or less for no bound.
  public var maximumRounds: Int

  public init(maximumRounds: Int = 10) { self.maximumRounds = maximumRounds }

  /// Whether a group's rewards differ. A group that was asked for as one completion is kept, since
  /// no sampling would give it a spread.
  ///
  /// - Parameter rewards: `[G]`; `nil` where the verifier failed.
  public static func keeps(_ rewards: [Float?]) -> Bool {
    if rewards.count == 1 { return rewards[0] != nil }
    let known = rewards.compactMap(\.self)
    return known.contains { $0 != known[0] }
  }

  /// Whether another round is needed after `rounds` of them; the caller cuts what is above `wanted`.
  ///
  /// - Throws: ``ObjectiveError/tooFewInformativeGroups(kept:wanted:rounds:)`` where the rounds are
  ///   used up.
  public func needsAnotherRound(
    kept: Int, wanted: Int, rounds: Int
  ) throws(ObjectiveError) -> Bool {
    if kept >= wanted { return false }
    if maximumRounds > 0, rounds >= maximumRounds {
      throw .tooFewInformativeGroups(kept: kept, wanted: wanted, rounds: rounds)
    }
    return true
  }
}
