import JSON

/// What comparing a file of expected values gave: how much agrees, what was left out and why, and
/// what differs, by name.
public struct CheckReport: Sendable {
  /// What was compared: `tokenizers`, `models`, ...
  public let what: String
  /// Cases that were compared, `agreed` and `differ` together; skipped ones are not among them.
  public private(set) var cases = 0
  public private(set) var agreed = 0
  public private(set) var skipped = 0
  /// The largest error divided by its tolerance; at most 1 where everything agrees.
  public private(set) var worstError = 0.0
  /// The names of the cases that differ, in the order of the file.
  public private(set) var differ: [String] = []
  /// Why cases were skipped, each reason with its number, in the order they were met.
  public private(set) var skips: [(why: String, count: Int)] = []
  /// Further members of the JSON object, for checks that count more than cases.
  public var extra: [JSONLiteral.Member] = []
  /// Further lines of the summary.
  public var notes: [String] = []
  private var details: [String] = []
  private let listing: Int

  /// - Parameter listing: how many of the cases that differ the summary names.
  public init(what: String, listing: Int = 5) { (self.what, self.listing) = (what, listing) }

  /// Counts a case that agrees; `error` is its largest error divided by its tolerance.
  public mutating func agree(_ name: String, error: Double = 0) {
    cases += 1
    agreed += 1
    worstError = max(worstError, error)
  }

  /// Counts a case that differs.
  ///
  /// - Parameters:
  ///   - error: the largest error divided by its tolerance; infinite where values are compared
  ///     exactly and so have no tolerance.
  ///   - detail: the place, the expected and the found value.
  public mutating func differ(_ name: String, error: Double = .infinity, detail: String) {
    cases += 1
    // A NaN is the worst error there is, but max would drop it.
    worstError = error.isNaN ? .infinity : max(worstError, error)
    differ.append(name)
    if details.count < listing { details.append("\(name): \(detail)") }
  }

  /// Counts a case that nothing here can compute.
  public mutating func skip(_ name: String, why: String) {
    skipped += 1
    if let index = skips.firstIndex(where: { $0.why == why }) {
      skips[index].count += 1
    } else {
      skips.append((why, 1))
    }
  }

  /// 0 if everything compared agrees; 1 if something differs or nothing could be compared.
  public var exitCode: Int32 { cases > 0 && differ.isEmpty ? 0 : 1 }

  /// The report for people, several lines without a last line break.
  public var summary: String {
    var lines = ["\(what): \(agreed) of \(cases) agree, \(skipped) skipped"]
    lines += skips.map { "  skipped \($0.count): \($0.why)" }
    if cases == 0 { lines.append("  nothing could be compared") }
    if worstError > 0, worstError.isFinite {
      lines.append("  worst error: \(worstError) of its tolerance")
    }
    lines += notes.map { "  \($0)" }
    lines += details.map { "  differs: \($0)" }
    if differ.count > details.count {
      lines.append("  and \(differ.count - details.count) more")
    }
    return lines.joined(separator: "\n")
  }

  /// The report for programs. JSON has no infinity, so that an infinite worst error, which is that
  /// of exact comparisons and of NaN, is written as 1e308.
  public var json: JSONLiteral {
    .object(
      [
        .init("what", .string(what)),
        .init("cases", .int(cases)),
        .init("agreed", .int(agreed)),
        .init("skipped", .int(skipped)),
        .init("worst_error", .double(min(worstError, 1e308))),
        .init("differ", .array(differ.map { .string($0) })),
      ] + extra)
  }
}

/// A file of expected values that is not of the form its check asks for; the exit status is 2.
public struct CheckError: Error, CustomStringConvertible {
  public let description: String

  /// - Parameter description: the file and line or key, what is wrong, and what would be right.
  public init(_ description: String) { self.description = description }
}
