import JSON
import Trajectories

/// What was judged of one problem.
public struct ProblemResult: Sendable {
  public let id: String
  /// The verdict of the greedy completion; `nil` where none was asked for.
  public let greedy: Verdict?
  /// `[n]` the verdicts of the sampled completions.
  public let samples: [Verdict]

  public var correct: Int { samples.count { $0 == .right } }
}

/// An estimate with its 95% interval.
public struct Score: Sendable {
  public let value: Double
  public let interval: Interval

  var literal: JSONLiteral {
    ["value": .double(value), "low": .double(interval.low), "high": .double(interval.high)]
  }
}

/// A model's scores on one data file, with the protocol that gave them.
public struct EvaluationReport: Sendable {
  public let problems: [ProblemResult]
  /// How completions were drawn and judged: what a reader needs to do it again.
  public let protocolNote: [JSONLiteral.Member]

  /// A digest of the rows that were evaluated, which tells files apart whose rows have no ids.
  var rowsDigest: JSONLiteral? { protocolNote.first { $0.key == "rows" }?.value }

  /// The share of problems that the greedy completion solves; Wilson's interval. A failed verifier
  /// counts as wrong.
  public var greedy: Score? {
    let verdicts = problems.compactMap(\.greedy)
    guard !verdicts.isEmpty else { return nil }
    let right = verdicts.count { $0 == .right }
    return Score(
      value: Double(right) / Double(verdicts.count),
      interval: .wilson(successes: right, count: verdicts.count))
  }

  /// Completions sampled for each problem.
  public var sampleCount: Int { problems.first?.samples.count ?? 0 }

  /// The powers of two up to the samples of each problem.
  public var ks: [Int] {
    Array(sequence(first: 1) { $0 * 2 }.prefix { $0 <= sampleCount })
  }

  /// pass@k of each problem.
  public func passes(at k: Int) -> [Double] {
    problems.map { passAtK(count: $0.samples.count, correct: $0.correct, k: k) }
  }

  /// The mean of pass@k over problems; problems are resampled for the interval.
  public func pass(at k: Int) -> Score {
    let values = passes(at: k)
    let mean = values.reduce(0, +) / Double(max(values.count, 1))
    // Where every problem is solved, or none is, resampling finds no spread and Wilson's does.
    let isUniform = !values.isEmpty && (mean == 0 || mean == 1)
    return Score(
      value: mean,
      interval: isUniform
        ? .wilson(successes: Int(mean) * values.count, count: values.count) : .bootstrap(values))
  }

  /// How often each verdict was given, greedy and sampled together.
  public var verdicts: [(verdict: Verdict, count: Int)] {
    let all = problems.flatMap { ($0.greedy.map { [$0] } ?? []) + $0.samples }
    return Verdict.allCases.map { verdict in (verdict, all.count { $0 == verdict }) }
  }

  /// The share of judgements where the verifier failed; above 0.1% a score is not to be trusted.
  public var failedShare: Double {
    let total = verdicts.reduce(0) { $0 + $1.count }
    let failed = verdicts.first { $0.verdict == .failed }!.count
    return total == 0 ? 0 : Double(failed) / Double(total)
  }

  public var json: JSONLiteral {
    var members: [JSONLiteral.Member] = [.init("problems", .int(problems.count))]
    if let greedy { members.append(.init("greedy", greedy.literal)) }
    members += ks.map { .init("pass@\($0)", pass(at: $0).literal) }
    members.append(
      .init(
        "verdicts", .object(verdicts.map { .init($0.verdict.rawValue, .int($0.count)) })))
    members.append(.init("protocol", .object(protocolNote)))
    return .object(members)
  }

  /// A table for people.
  public var table: String {
    var rows: [(String, Score)] = greedy.map { [("greedy accuracy", $0)] } ?? []
    rows += ks.map { ("pass@\($0)", pass(at: $0)) }
    var lines = ["\(problems.count) problems", ""]
    lines += rows.map { name, score in
      name.padded(18) + percent(score.value).padded(9)
        + "95% interval \(percent(score.interval.low)) to \(percent(score.interval.high))"
    }
    lines.append("")
    lines.append(verdicts.map { "\($0.verdict.rawValue) \($0.count)" }.joined(separator: ", "))
    if failedShare > 0.001 {
      lines.append("the verifier failed on \(percent(failedShare)) of completions: mend it first")
    }
    return lines.joined(separator: "\n")
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
