/// The vote of several answers to one problem; those without an answer do not vote.
public struct MajorityVote: Sendable, Equatable {
  /// The answers that most samples gave, by their first voters, the earliest first; empty where
  /// nobody voted. Several are a tie.
  public let winners: [Int]

  /// - Parameter votes: what each sample voted for; equal numbers are equal answers.
  public init(_ votes: some Sequence<Int?>) {
    var counts: [Int: Int] = [:]
    var first: [(answer: Int, voter: Int)] = []
    for (voter, vote) in votes.enumerated() {
      guard let vote else { continue }
      if counts.updateValue(counts[vote, default: 0] + 1, forKey: vote) == nil {
        first.append((vote, voter))
      }
    }
    let most = counts.values.max()
    winners = first.filter { counts[$0.answer] == most }.map(\.voter)
  }

  /// 1 where the winner is right, ties to the answer that came first; 0 where nobody voted.
  ///
  /// - Parameter isRight: whether the answer of a voter is right.
  public func score(_ isRight: (Int) -> Bool) -> Double {
    winners.first.map { isRight($0) ? 1 : 0 } ?? 0
  }

  /// The share of right ones among the tied winners, which no order of the samples changes.
  public func expectedScore(_ isRight: (Int) -> Bool) -> Double {
    winners.isEmpty ? 0 : Double(winners.count(where: isRight)) / Double(winners.count)
  }
}
