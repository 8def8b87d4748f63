import JSON
import Tensors
import Trajectories

/// What was judged of one problem.
public struct ProblemResult: Sendable, Equatable {
  public let id: String
  /// Of the greedy completion; `nil` where none was asked for.
  public let greedy: Judgement?
  /// `[n]` of the sampled completions.
  public let samples: [Judgement]
  /// `[n]` which answer each sample votes for: equal numbers are equal answers, `nil` is no vote.
  public let votes: [Int?]

  public init(id: String, greedy: Judgement?, samples: [Judgement], votes: [Int?]) {
    precondition(votes.count == samples.count, "\(votes.count) votes of \(samples.count) samples")
    (self.id, self.greedy, self.samples, self.votes) = (id, greedy, samples, votes)
  }

  public var correct: Int { samples.count { $0.verdict == .right } }

  /// The greedy one first, where there is one.
  public var judgements: [Judgement] { (greedy.map { [$0] } ?? []) + samples }
}

/// Every judgement of an evaluation under one protocol, and the scores that follow from them.
public struct JudgedProblems: Sendable {
  /// The protocol's name.
  public let name: String
  /// Which verifiers judged.
  public let verifiers: JSONLiteral
  public let problems: [ProblemResult]

  public init(name: String, verifiers: JSONLiteral, problems: [ProblemResult]) {
    (self.name, self.verifiers, self.problems) = (name, verifiers, problems)
  }

  /// Completions sampled for each problem.
  public var sampleCount: Int { problems.first?.samples.count ?? 0 }

  /// `1...n`, those for which a pass@k is had.
  public var ks: [Int] { Array(1..<sampleCount + 1) }

  /// The powers of two among ``ks``, and the last: those that a table shows.
  public var shownKs: [Int] {
    let powers = sequence(first: 1) { $0 * 2 }.prefix { $0 < sampleCount }
    return sampleCount > 0 ? powers + [sampleCount] : []
  }

  // MARK: Scores

  /// `[P]` 1 where the greedy completion is right, 0 where it is not. A failed verifier counts as
  /// wrong. Empty without greedy completions.
  public var greedyValues: [Double] {
    problems.compactMap { $0.greedy.map { $0.verdict == .right ? 1 : 0 } }
  }

  /// The share of problems that the greedy completion solves; Wilson's interval.
  public var greedy: Score? {
    let values = greedyValues
    guard !values.isEmpty else { return nil }
    let right = values.count { $0 == 1 }
    return Score(
      value: Double(right) / Double(values.count),
      interval: .wilson(successes: right, count: values.count))
  }

  /// The mean share of right samples with its standard errors; avg@n, the same as pass@1.
  public var average: MeanOverProblems? {
    guard sampleCount > 0 else { return nil }
    return MeanOverProblems(
      shares: problems.map { Double($0.correct) / Double(sampleCount) }, samples: sampleCount)
  }

  /// `[P]` pass@k of each problem.
  public func passes(at k: Int) -> [Double] {
    problems.map { passAtK(count: $0.samples.count, correct: $0.correct, k: k) }
  }

  /// The mean of pass@k over problems; problems are resampled for the interval.
  public func pass(at k: Int) -> Score { Score.mean(of: passes(at: k)) }

  /// Every score of the samples, their intervals from the same draws of problems.
  public var summary: SampleScores {
    let voteKs = shownKs.filter { $0 > 1 }
    let scores = Score.means(of: ks.map(passes) + voteKs.map(majorities))
    return SampleScores(
      passes: zip(ks, scores).map { ($0, $1) },
      majorities: zip(voteKs, scores.dropFirst(ks.count)).map { ($0, $1) })
  }

  /// Scores of the sampled completions.
  public struct SampleScores: Sendable {
    /// The mean of pass@k for every k.
    public let passes: [(k: Int, score: Score)]
    /// The mean of maj@k for ``JudgedProblems/shownKs`` above 1.
    public let majorities: [(k: Int, score: Score)]
  }

  // MARK: Votes

  /// `[P]` maj@k: 1 where the answer that most of k samples gave is right, ties to the one that
  /// came first; for k below n the mean over ``voteDraws`` draws of k samples.
  public func majorities(at k: Int) -> [Double] {
    votes(at: k) { vote, isRight in vote.score(isRight) }
  }

  /// The mean of maj@k where tied answers share what they score, which no order changes.
  public func expectedMajority(at k: Int) -> Double {
    let values = votes(at: k) { vote, isRight in vote.expectedScore(isRight) }
    return values.reduce(0, +) / Double(values.count)
  }

  /// Draws of k samples that a maj@k below n is the mean of.
  static let voteDraws = 100

  private func votes(
    at k: Int, scored scoring: (MajorityVote, (Int) -> Bool) -> Double
  ) -> [Double] {
    let random = CounterRandom(seed: 0, purpose: .bootstrap)
    return problems.enumerated().map { place, problem in
      func score(of chosen: [Int]) -> Double {
        scoring(MajorityVote(chosen.map { problem.votes[$0] })) {
          problem.samples[chosen[$0]].verdict == .right
        }
      }
      let all = Array(problem.samples.indices)
      guard k < all.count else { return score(of: all) }
      let sum = (0..<Self.voteDraws).reduce(0.0) { sum, draw in
        var order = all
        for next in 0..<k {
          order.swapAt(
            next, next + random.integer(below: all.count - next, place, draw, next, k))
        }
        // The samples of a draw keep their order, which decides ties.
        return sum + score(of: order[..<k].sorted())
      }
      return sum / Double(Self.voteDraws)
    }
  }

  // MARK: Verdicts

  private var judgements: [Judgement] { problems.flatMap(\.judgements) }

  /// How often each verdict was given, greedy and sampled together.
  public var verdicts: [(verdict: Verdict, count: Int)] {
    let all = judgements
    return Verdict.allCases.map { verdict in (verdict, all.count { $0.verdict == verdict }) }
  }

  /// The share of completions in which an answer was found.
  public var answeredShare: Double { share { $0.answer != nil } }

  /// The share of judgements where the verifier failed; above 0.1% a score is not to be trusted.
  public var failedShare: Double { share { $0.verdict == .failed } }

  private func share(_ holds: (Judgement) -> Bool) -> Double {
    let all = judgements
    return all.isEmpty ? 0 : Double(all.count(where: holds)) / Double(all.count)
  }
}
