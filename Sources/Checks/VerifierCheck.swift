import Dispatch
import Foundation
import JSON
import Trajectories
import Verifiers

/// How a verifier finds the answer in what it is shown.
public enum VerifierMode: String, Sendable {
  /// What it is shown is the answer.
  case none
  case flexible, boxed
  /// As the verifier's own settings have it.
  case own
}

/// Compares a verifier's verdicts with expected ones; `right` is true, every other verdict false.
///
/// A row with `gold` and `prediction` is judged with extraction off. One with `gold` and `response`
/// is judged in flexible mode against `expected` and apart from it in boxed mode against
/// `expected_boxed_only`, where that is not null. One with `numbers`, `target` and `response` is a
/// countdown. The verifier is shown `gold` as the row's `answer`, and never what is expected of it.
///
/// - Parameter verifier: makes the verifier of a mode; called once for each.
/// - Throws: ``CheckError`` where the file is not of that form, and what `verifier` throws.
public func checkVerifiers(
  file: URL, verifier make: (VerifierMode) throws -> any Verifier
) throws -> CheckReport {
  var report = CheckReport(what: "verifiers")
  var flexible = VerdictCounts()
  var boxed = VerdictCounts()
  var verifiers: [VerifierMode: any Verifier] = [:]
  func judge(_ row: VerifierRow, _ mode: VerifierMode, _ counts: inout VerdictCounts) throws
    -> Judgement
  {
    let verifier = try verifiers[mode] ?? make(mode)
    verifiers[mode] = verifier
    let start = DispatchTime.now().uptimeNanoseconds
    let judgement = verifier.judge([row.sample])[0]
    counts.nanoseconds.append(DispatchTime.now().uptimeNanoseconds - start)
    return judgement
  }
  do {
    for (line, value) in try JSONLines(of: file) {
      let row = try VerifierRow(value.get(), line: line)
      guard let expected = row.expected else {
        report.skip(row.name, why: "the row expects nothing")
        continue
      }
      let judgement = try judge(row, row.mode, &flexible)
      let agrees = flexible.count(judgement, expected: expected, row)
      if agrees {
        report.agree(row.name)
      } else {
        report.differ(row.name, detail: row.difference(judgement, expected: expected))
      }
      if let expected = row.expectedBoxedOnly {
        _ = boxed.count(try judge(row, .boxed, &boxed), expected: expected, row)
      }
    }
  } catch let error as JSONError {
    throw CheckError(error.description)
  }
  report.extra = flexible.members + [.init("by_category", flexible.byCategory)]
  report.notes = [
    "false accepts: \(flexible.falseAccepts.count), false rejects: \(flexible.falseRejects.count)"
  ]
  if boxed.cases > 0 {
    report.extra.append(.init("boxed", boxed.json))
    report.notes.append("boxed: \(boxed.agreed) of \(boxed.cases) agree")
    report.notes += boxed.differing.prefix(5).map { "boxed differs: \($0)" }
  }
  report.extra.append(.init("speed", flexible.speed))
  report.notes.append(flexible.speedNote)
  return report
}

/// What a verifier said of rows whose verdict is known.
private struct VerdictCounts {
  var cases = 0
  var agreed = 0
  var falseAccepts: [String] = []
  var falseRejects: [String] = []
  var nanoseconds: [UInt64] = []
  private var categories: [(name: String, counts: [Int])] = []

  /// - Returns: true if the verdict is the expected one.
  mutating func count(_ judgement: Judgement, expected: Bool, _ row: VerifierRow) -> Bool {
    let isRight = judgement.verdict == .right
    cases += 1
    if isRight == expected { agreed += 1 }
    if isRight && !expected { falseAccepts.append(row.name) }
    if !isRight && expected { falseRejects.append(row.name) }
    let index =
      categories.firstIndex { $0.name == row.category }
      ?? {
        categories.append((row.category, [0, 0, 0, 0]))
        return categories.count - 1
      }()
    let changes = [
      1, isRight == expected ? 1 : 0, isRight && !expected ? 1 : 0, !isRight && expected ? 1 : 0,
    ]
    for (place, change) in changes.enumerated() { categories[index].counts[place] += change }
    return isRight == expected
  }

  var differing: [String] { falseAccepts + falseRejects }

  var members: [JSONLiteral.Member] {
    [
      .init("false_accepts", .int(falseAccepts.count)),
      .init("false_rejects", .int(falseRejects.count)),
    ]
  }

  var json: JSONLiteral {
    .object(
      [.init("cases", .int(cases)), .init("agreed", .int(agreed))] + members + [
        .init("differ", .array(differing.map { .string($0) })),
        .init("by_category", byCategory),
      ])
  }

  var byCategory: JSONLiteral {
    .object(
      categories.sorted { $0.name < $1.name }.map { name, counts in
        .init(
          name,
          [
            "cases": .int(counts[0]), "agreed": .int(counts[1]),
            "false_accepts": .int(counts[2]), "false_rejects": .int(counts[3]),
          ])
      })
  }

  /// Pairs a second on one thread, and how long the judgements took, in microseconds.
  private var times: (rate: Double, median: Double, p99: Double, longest: Double) {
    let sorted = nanoseconds.sorted().map { Double($0) / 1_000 }
    guard let longest = sorted.last else { return (0, 0, 0, 0) }
    let total = sorted.reduce(0, +)
    return (
      Double(sorted.count) / max(total, 1) * 1e6, sorted[sorted.count / 2],
      sorted[min(sorted.count * 99 / 100, sorted.count - 1)], longest
    )
  }

  var speed: JSONLiteral {
    [
      "pairs_per_second": .double(times.rate), "median_us": .double(times.median),
      "p99_us": .double(times.p99), "longest_us": .double(times.longest),
    ]
  }

  var speedNote: String {
    let times = times
    return "one thread: \(Int(times.rate)) a second, median \(Int(times.median)) us, "
      + "99th percentile \(Int(times.p99)) us"
  }
}

/// One row of expected verdicts.
private struct VerifierRow {
  let name: String
  let category: String
  let mode: VerifierMode
  let sample: VerifierSample
  let expected: Bool?
  let expectedBoxedOnly: Bool?

  /// Keys that say what is expected, which no verifier may see.
  private static let hidden: Set<String> = [
    "expected", "expected_boxed_only", "extracted", "note", "reason", "prediction", "response",
    "source",
  ]

  init(_ json: JSON, line: Int) throws {
    guard let members = json.object else { throw CheckError("\(json.path): a row is an object") }
    name = json["id"].string ?? "line \(line)"
    var row = members.filter { !Self.hidden.contains($0.key) }
      .map { JSONLiteral.Member($0.key, JSONLiteral($0.value)) }
    let completion: JSON
    if json.has("gold") {
      row.append(.init("answer", JSONLiteral(json["gold"])))
      mode = json.has("prediction") ? .none : .flexible
      completion = json.has("prediction") ? json["prediction"] : json["response"]
      category = json["category"].string ?? "none"
    } else if json.has("numbers"), json.has("target") {
      mode = .own
      completion = json["response"]
      category = json["category"].string ?? "countdown"
    } else {
      throw CheckError(
        "\(json.path): a row has 'gold' and 'prediction' or 'response', or 'numbers', 'target' and 'response'"
      )
    }
    sample = VerifierSample(
      row: JSONLiteral.object(row).serialized(), completion: try completion.requireString())
    expected = json["expected"].isNull ? nil : try json["expected"].requireBool()
    expectedBoxedOnly =
      mode == .flexible && !json["expected_boxed_only"].isNull
      ? try json["expected_boxed_only"].requireBool() : nil
  }

  /// What people read of a verdict that is not the expected one.
  func difference(_ judgement: Judgement, expected: Bool) -> String {
    let answer = judgement.answer.map { ", answer \($0.prefix(60).debugDescription)" } ?? ""
    let reason = judgement.reason.isEmpty ? "" : ": \(judgement.reason.prefix(100))"
    return "[\(category)] \(judgement.verdict.rawValue)\(reason)\(answer); expected \(expected)"
  }
}
