import JSON

/// Two models on the same problems: the change of each score with a paired 95% interval.
///
/// Separate intervals that overlap are no test; differences problem by problem are.
public struct Comparison: Sendable {
  public struct Row: Sendable {
    public let name: String
    public let before: Double
    public let after: Double
    /// Of the mean difference over problems, resampled.
    public let change: Interval
  }

  public let rows: [Row]

  /// - Throws: ``ComparisonError`` where the two did not see the same problems.
  public init(before: EvaluationReport, after: EvaluationReport) throws {
    guard before.problems.map(\.id) == after.problems.map(\.id),
      before.rowsDigest == after.rowsDigest
    else { throw ComparisonError.differentProblems }
    func row(_ name: String, _ x: [Double], _ y: [Double]) -> Row {
      let count = Double(max(x.count, 1))
      return Row(
        name: name, before: x.reduce(0, +) / count, after: y.reduce(0, +) / count,
        change: .bootstrap(zip(x, y).map { $1 - $0 }))
    }
    func greedy(_ report: EvaluationReport) -> [Double] {
      report.problems.compactMap { $0.greedy.map { $0 == .right ? 1 : 0 } }
    }
    var rows: [Row] = []
    if before.greedy != nil, after.greedy != nil {
      rows.append(row("greedy accuracy", greedy(before), greedy(after)))
    }
    for k in before.ks where after.ks.contains(k) {
      rows.append(row("pass@\(k)", before.passes(at: k), after.passes(at: k)))
    }
    self.rows = rows
  }

  /// The first score rose, and the interval of no other change lies below zero.
  public var isImprovement: Bool {
    guard let first = rows.first else { return false }
    return first.after > first.before && rows.allSatisfy { $0.change.high >= 0 }
  }

  public var json: JSONLiteral {
    .object(
      rows.map { row in
        .init(
          row.name,
          [
            "before": .double(row.before), "after": .double(row.after),
            "change_low": .double(row.change.low), "change_high": .double(row.change.high),
          ])
      })
  }

  public var table: String {
    let header =
      "".padded(18) + "before".padded(9) + "after".padded(9) + "change, paired 95% interval"
    return
      ([header]
      + rows.map { row in
        row.name.padded(18) + percent(row.before).padded(9) + percent(row.after).padded(9)
          + "\(percent(row.change.low)) to \(percent(row.change.high))"
      }).joined(separator: "\n")
  }
}

public enum ComparisonError: Error, CustomStringConvertible {
  case differentProblems
  public var description: String {
    "the two evaluations did not see the same problems; evaluate both on one file with one --limit"
  }
}
