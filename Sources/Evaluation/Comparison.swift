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

  /// Problems that exactly one of the two solves greedily, and the exact test of that.
  public struct Discordance: Sendable, Equatable {
    public let onlyBefore: Int
    public let onlyAfter: Int
    public var pValue: Double { mcNemar(onlyFirst: onlyBefore, onlySecond: onlyAfter) }
  }

  /// The protocol that both were judged under.
  public let protocolName: String
  public let rows: [Row]
  /// `nil` without greedy completions.
  public let discordance: Discordance?

  /// - Parameter name: a protocol of both; the headline's unless given.
  /// - Throws: ``ComparisonError`` where the two did not see the same problems, or a protocol is
  ///   not in both.
  public init(before: EvaluationReport, after: EvaluationReport, under name: String? = nil) throws {
    guard
      before.generations.problems.map(\.id) == after.generations.problems.map(\.id),
      before.generations.rowsDigest == after.generations.rowsDigest
    else { throw ComparisonError.differentProblems }
    let name = name ?? after.headline.name
    guard let x = before.scores.first(where: { $0.name == name }),
      let y = after.scores.first(where: { $0.name == name })
    else { throw ComparisonError.noProtocol(name) }
    protocolName = name
    let (greedyBefore, greedyAfter) = (x.greedyValues, y.greedyValues)
    var columns: [(name: String, before: [Double], after: [Double])] = []
    if !greedyBefore.isEmpty, !greedyAfter.isEmpty {
      columns.append(("greedy accuracy", greedyBefore, greedyAfter))
      let pairs = zip(greedyBefore, greedyAfter)
      discordance = Discordance(
        onlyBefore: pairs.count { $0 > $1 }, onlyAfter: pairs.count { $0 < $1 })
    } else {
      discordance = nil
    }
    let ks = Set(x.shownKs).intersection(y.shownKs).sorted()
    columns += ks.map { ("pass@\($0)", x.passes(at: $0), y.passes(at: $0)) }
    columns += ks.filter { $0 > 1 }.map {
      ("maj@\($0)", x.majorities(at: $0), y.majorities(at: $0))
    }
    let changes = Interval.bootstraps(columns.map { zip($0.before, $0.after).map { $1 - $0 } })
    rows = zip(columns, changes).map { column, change in
      func mean(_ values: [Double]) -> Double {
        values.reduce(0, +) / Double(max(values.count, 1))
      }
      return Row(
        name: column.name, before: mean(column.before), after: mean(column.after), change: change)
    }
  }

  /// The first score rose, and the interval of no other change lies below zero.
  public var isImprovement: Bool {
    guard let first = rows.first else { return false }
    return first.after > first.before && rows.allSatisfy { $0.change.high >= 0 }
  }

  public var json: JSONLiteral {
    var members = rows.map { row in
      JSONLiteral.Member(
        row.name,
        [
          "before": .double(row.before), "after": .double(row.after),
          "change_low": .double(row.change.low), "change_high": .double(row.change.high),
        ])
    }
    if let discordance {
      members.append(
        .init(
          "mcnemar",
          [
            "only_before": .int(discordance.onlyBefore), "only_after": .int(discordance.onlyAfter),
            "p": .double(discordance.pValue),
          ]))
    }
    return .object(members)
  }

  public var table: String {
    let header =
      "".padded(18) + "before".padded(9) + "after".padded(9) + "change, paired 95% interval"
    var lines = [header]
    lines += rows.map { row in
      row.name.padded(18) + percent(row.before).padded(9) + percent(row.after).padded(9)
        + "\(percent(row.change.low)) to \(percent(row.change.high))"
    }
    if let discordance {
      lines.append(
        """

        greedy: \(discordance.onlyBefore) problems solved only before, \(discordance.onlyAfter) only \
        after; exact McNemar test p = \(significant(discordance.pValue))
        """)
    }
    return lines.joined(separator: "\n")
  }
}

/// Two digits, as a p-value is read.
private func significant(_ value: Double) -> String {
  value >= 0.001
    ? "\((value * 1000).rounded() / 1000)" : value < 1e-6 ? "below 1e-6" : "below 0.001"
}

public enum ComparisonError: Error, Equatable, CustomStringConvertible {
  case differentProblems
  case noProtocol(String)

  public var description: String {
    switch self {
    case .differentProblems:
      """
      the two evaluations did not see the same problems; evaluate both on one file with one \
      --limit
      """
    case .noProtocol(let name):
      """
      the two reports were not both judged under the protocol '\(name)'; add it to them with \
      temper eval --rescore FILE --protocol \(name) --report FILE
      """
    }
  }
}
