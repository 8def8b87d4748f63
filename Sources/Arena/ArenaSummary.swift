import JSON

/// The arena's table: each method over its seeds, and its difference from the baseline.
public struct ArenaSummary: Sendable {
  public struct Quantity: Sendable {
    public let name: String
    /// Shares are shown in percent.
    public let isShare: Bool
    let value: @Sendable (ArenaMeasurement) -> Double
  }

  public struct Row: Sendable {
    public let method: String
    public let entropy: String?
    public let seeds: Int
    /// Seeds whose run ended in a failure; the figures are those of the others.
    public let failures: Int
    /// `[quantities]`
    public let estimates: [SeedEstimate]
    /// `[quantities]` minus the baseline's, seed by seed; `nil` for the baseline.
    public let differences: [SeedEstimate]?
  }

  public let quantities: [Quantity]
  public let rows: [Row]

  /// - Parameter results: by method, in the plan's order; by seed, `nil` where the run failed.
  public init(
    _ results: [(method: ArenaPlan.Method, option: String?, runs: [Int: ArenaMeasurement?])]
  ) {
    let any = results.lazy.flatMap { $0.runs.values.compactMap(\.self) }.first
    let k = any?.largestK ?? 0
    var quantities = [
      Quantity(name: "entropy start", isShare: false) { $0.entropyStart },
      Quantity(name: "entropy middle", isShare: false) { $0.entropyMiddle },
      Quantity(name: "entropy end", isShare: false) { $0.entropyEnd },
      Quantity(name: "greedy", isShare: true) { $0.greedy },
    ]
    if k > 0 {
      quantities.append(Quantity(name: "pass@1", isShare: true) { $0.passAtK[1] ?? .nan })
      if k > 1 {
        quantities.append(Quantity(name: "pass@\(k)", isShare: true) { $0.passAtK[k] ?? .nan })
      }
    }
    quantities += [
      Quantity(name: "grad norm peak", isShare: false) { $0.gradientNormPeak },
      Quantity(name: "s/step", isShare: false) { $0.timePerStep },
    ]
    let baseline = results.first?.runs ?? [:]
    rows = results.enumerated().map { index, result in
      let done = result.runs.compactMapValues(\.self)
      let paired = done.keys.sorted().compactMap { seed in
        (baseline[seed] ?? nil).map { (done[seed]!, $0) }
      }
      return Row(
        method: result.method.name, entropy: result.option, seeds: done.count,
        failures: result.runs.count - done.count,
        estimates: quantities.map { quantity in
          SeedEstimate(done.keys.sorted().map { quantity.value(done[$0]!) })
        },
        differences: index == 0
          ? nil
          : quantities.map { quantity in
            SeedEstimate(paired.map { quantity.value($0) - quantity.value($1) })
          })
    }
    self.quantities = quantities
  }

  public var header: [String] { ["method", "seeds"] + quantities.map(\.name) }

  /// `[rows][columns]`: means with half the 95% interval.
  public var cells: [[String]] {
    rows.map { row in [row.method, count(row)] + texts(row.estimates, signed: false) }
  }

  /// The same of the differences from the baseline; `*` where the interval excludes 0.
  public var differenceCells: [[String]] {
    rows.compactMap { row in
      row.differences.map { [row.method, count(row)] + texts($0, signed: true) }
    }
  }

  private func count(_ row: Row) -> String {
    row.failures == 0 ? "\(row.seeds)" : "\(row.seeds), \(row.failures) failed"
  }

  private func texts(_ estimates: [SeedEstimate], signed: Bool) -> [String] {
    zip(quantities, estimates).map { quantity, estimate in
      let scale = quantity.isShare ? 100.0 : 1
      let digits = quantity.isShare ? 1 : 3
      let mark = signed && estimate.excludesZero ? "*" : ""
      return decimal(estimate.mean * scale, digits, signed: signed)
        + (estimate.half.isFinite ? " ±" + decimal(estimate.half * scale, digits) : "") + mark
    }
  }

  public var json: JSONLiteral {
    func literal(_ estimates: [SeedEstimate]) -> JSONLiteral {
      .object(
        zip(quantities, estimates).map { quantity, estimate in
          .init(
            quantity.name,
            [
              "mean": number(estimate.mean), "low": number(estimate.low),
              "high": number(estimate.high),
            ])
        })
    }
    return .array(
      rows.map { row in
        [
          "method": .string(row.method), "entropy": row.entropy.map { .string($0) } ?? .null,
          "seeds": .int(row.seeds), "failures": .int(row.failures),
          "figures": literal(row.estimates),
          "differences": row.differences.map(literal) ?? .null,
        ]
      })
  }

  private func number(_ value: Double) -> JSONLiteral { value.isFinite ? .double(value) : .null }
}

func decimal(_ value: Double, _ digits: Int, signed: Bool = false) -> String {
  guard value.isFinite else { return "-" }
  return (signed && value >= 0 ? "+" : "") + value.formatted(digits)
}
