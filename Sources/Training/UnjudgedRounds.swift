import Trajectories

/// Counts the rounds of sampling, one after the other, in which the verifiers failed on every
/// completion: a run that nobody judges learns nothing, however long it goes on.
struct UnjudgedRounds {
  /// After so many the run ends.
  static let limit = 3
  private var count = 0

  /// - Throws: ``UnjudgedRun``.
  mutating func add(_ groups: [RewardedGroup]) throws(UnjudgedRun) {
    let judgements = groups.flatMap(\.judgements)
    guard let first = judgements.first, judgements.allSatisfy({ $0.verdict == .failed }) else {
      count = 0
      return
    }
    count += 1
    guard count < Self.limit else { throw UnjudgedRun(rounds: count, reason: first.reason) }
  }
}

/// The end of a run whose completions cannot be judged.
public struct UnjudgedRun: Error, CustomStringConvertible {
  public let rounds: Int
  /// Why the first completion was not.
  public let reason: String

  public var description: String {
    """
    the verifiers or the environment failed on every completion of \(rounds) rounds of sampling: \
    \(reason). Nothing can be learned from that: mend the rows' gold answers, or the plugin
    """
  }
}
