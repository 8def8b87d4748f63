import JSON

/// Several seeds of one evaluation, or of one training: the mean of each score and how far the
/// seeds are apart. Samples of different seeds are never pooled.
public struct SeedSummary: Sendable {
  public struct Row: Sendable, Equatable {
    public let name: String
    /// `[S]` by seed.
    public let values: [Double]
    public let mean: Double
    /// Over seeds (ddof 1).
    public let deviation: Double
    /// Of the mean, by Student's t; shares lie within 0 and 1.
    public let interval: Interval

    init(_ name: String, _ values: [Double]) {
      let count = Double(values.count)
      let mean = values.reduce(0, +) / count
      let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      let deviation = (squares / (count - 1)).squareRoot()
      let half = studentQuantile(freedom: values.count - 1) * deviation / count.squareRoot()
      (self.name, self.values, self.mean, self.deviation) = (name, values, mean, deviation)
      interval = Interval(low: max(0, mean - half), high: min(1, mean + half))
    }
  }

  public let rows: [Row]

  /// - Parameter reports: at least two, of the same problems.
  /// - Throws: ``ComparisonError``.
  public init(_ reports: [EvaluationReport]) throws {
    precondition(reports.count > 1, "\(reports.count) seeds")
    let first = reports[0]
    guard
      reports.allSatisfy({
        $0.generations.problems.map(\.id) == first.generations.problems.map(\.id)
          && $0.generations.rowsDigest == first.generations.rowsDigest
          && $0.headline.sampleCount == first.headline.sampleCount
      })
    else { throw ComparisonError.differentProblems }
    for report in reports where report.headline.name != first.headline.name {
      throw ComparisonError.noProtocol(first.headline.name)
    }
    func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
    let scores = reports.map(\.headline)
    var rows: [Row] = []
    if scores.allSatisfy({ $0.greedy != nil }) {
      rows.append(Row("greedy accuracy", scores.map { $0.greedy!.value }))
    }
    let ks = first.headline.shownKs
    rows += ks.map { k in Row("pass@\(k)", scores.map { mean($0.passes(at: k)) }) }
    rows += ks.filter { $0 > 1 }.map { k in
      Row("maj@\(k)", scores.map { mean($0.majorities(at: k)) })
    }
    self.rows = rows
  }

  public var json: JSONLiteral {
    .object(
      rows.map { row in
        .init(
          row.name,
          [
            "mean": .double(row.mean), "sd": .double(row.deviation),
            "low": .double(row.interval.low), "high": .double(row.interval.high),
            "values": .array(row.values.map { .double($0) }),
          ])
      })
  }

  public var table: String {
    let count = rows.first?.values.count ?? 0
    let header =
      "\(count) seeds".padded(18) + "mean".padded(9) + "sd".padded(9) + "95% interval over seeds"
    return
      ([header]
      + rows.map { row in
        row.name.padded(18) + percent(row.mean).padded(9) + percent(row.deviation).padded(9)
          + "\(percent(row.interval.low)) to \(percent(row.interval.high))"
      }).joined(separator: "\n")
  }
}
