import JSON
import Trajectories

/// A model's scores on one suite or data file: what was generated, and what each protocol says of
/// it, the headline's first.
public struct EvaluationReport: Sendable {
  public let generations: Generations
  /// At least one.
  public let scores: [JudgedProblems]
  /// Keys of rows by whose values scores are also given apart: `subject`, `level`.
  public let groupKeys: [String]

  public init(_ generations: Generations, scores: [JudgedProblems], groupKeys: [String] = []) {
    precondition(!scores.isEmpty, "a report without a score")
    (self.generations, self.scores, self.groupKeys) = (generations, scores, groupKeys)
  }

  /// Judges `generations` under each protocol.
  public init(
    _ generations: Generations, under protocols: [ReadyProtocol], groupKeys: [String] = []
  ) {
    self.init(
      generations, scores: protocols.map { $0.judge(generations.problems) }, groupKeys: groupKeys)
  }

  /// The scores under the first protocol.
  public var headline: JudgedProblems { scores[0] }

  /// What the headline's protocol says of each problem.
  public var problems: [ProblemResult] { headline.problems }

  /// The headline's share of problems that the greedy completion solves.
  public var greedy: Score? { headline.greedy }

  /// The powers of two up to the samples of each problem, and their number: what a table shows.
  public var ks: [Int] { headline.shownKs }

  /// The headline's mean of pass@k.
  public func pass(at k: Int) -> Score { headline.pass(at: k) }

  /// The share of completions that were right among those that ended by themselves, and among
  /// those cut at the limit of tokens; `nil` where there are none of a kind.
  public func rightShare(of scores: JudgedProblems, truncated: Bool) -> Double? {
    let pairs = zip(generations.problems, scores.problems).flatMap { problem, result in
      zip(problem.completions, result.judgements)
    }
    let chosen = pairs.filter { $0.0.isTruncated == truncated }
    guard !chosen.isEmpty else { return nil }
    return Double(chosen.count { $0.1.verdict == .right }) / Double(chosen.count)
  }

  /// Problems that share a value of a row's key.
  public struct Group: Sendable {
    public let key: String
    public let value: String
    /// Places of its problems.
    let places: [Int]
    public var count: Int { places.count }
  }

  /// The groups of every key, in the order of their values.
  public var groups: [Group] {
    let rows = generations.problems.map { try? JSON(parsing: $0.row, source: "row") }
    return groupKeys.flatMap { key in
      let values = rows.map { row -> String in
        guard let value = row?[key], !value.isNull else { return "none" }
        return value.string ?? value.serialized
      }
      let places = Dictionary(grouping: values.indices) { values[$0] }
      return places.sorted { $0.key < $1.key }.map { Group(key: key, value: $0, places: $1) }
    }
  }

  /// The headline's score of a group: the share that was right, of greedy completions or else of
  /// the samples.
  public func value(of group: Group) -> Double {
    let values =
      generations.hasGreedy ? headline.greedyValues : headline.passes(at: 1)
    return group.places.reduce(0) { $0 + values[$1] } / Double(group.count)
  }
}

func percent(_ share: Double) -> String {
  let tenths = Int((share * 1000).rounded())
  return "\(tenths < 0 ? "-" : "")\(abs(tenths) / 10).\(abs(tenths) % 10)%"
}

extension String {
  func padded(_ width: Int) -> String {
    self + String(repeating: " ", count: max(1, width - count))
  }
}
