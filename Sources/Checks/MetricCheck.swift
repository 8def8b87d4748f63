import Evaluation
import Foundation
import JSON

/// Compares a file of evaluation metrics with what this program computes; every number of an
/// entry agrees if it does within 1e-12.
///
/// - Parameter path: `eval_metrics.json`, or a folder that holds it.
/// - Throws: ``CheckError`` if the file cannot be read or is not of the form.
public func checkMetrics(path: URL) throws -> CheckReport {
  let file = try expectedValues(path, named: "eval_metrics.json")
  guard let blocks = try JSON(contentsOf: file).object else {
    throw CheckError("\(file.path): an object with a list for each metric is needed")
  }
  var report = CheckReport(what: "metrics")
  for (name, block) in blocks {
    guard let entries = block.array else { continue }
    for (index, entry) in entries.enumerated() {
      let place = "\(name)[\(index)]"
      if let values = try metricValues(name, entry) {
        try report.count(place, compare(values, with: entry))
      } else {
        report.skip(place, why: "'\(name)' is not implemented")
      }
    }
  }
  return report
}

private typealias Values = [(key: String, values: [Double])]

private func compare(_ found: Values, with entry: JSON) throws -> WorstError {
  var worst = WorstError()
  for (key, values) in found {
    try worst.compare(values, entry[key], .absolute(1e-12), at: key)
  }
  return worst
}

/// What an entry's inputs give, under the names of its expected values; `nil` for a metric that
/// nothing here computes.
private func metricValues(_ name: String, _ entry: JSON) throws -> Values? {
  switch name {
  case "pass_at_k":
    let draw = try Draw(entry)
    return [
      ("pass_at_k", [passAtK(count: draw.n, correct: draw.c, k: draw.k)]),
      ("pass_hat_k", [allOfK(count: draw.n, correct: draw.c, k: draw.k)]),
    ]
  case "g_pass_at_k":
    let draw = try Draw(entry)
    let threshold = try entry["threshold"].requireDouble()
    guard (0...1).contains(threshold) else { throw outOfRange(entry["threshold"], "0 to 1") }
    return [
      ("g_pass", [gPassAtK(count: draw.n, correct: draw.c, k: draw.k, threshold: threshold)]),
      ("mg_pass", [meanGPassAtK(count: draw.n, correct: draw.c, k: draw.k)]),
    ]
  case "wilson":
    let count = try entry["n"].requireCount(in: 0...Int.max)
    let interval = Interval.wilson(
      successes: try entry["correct"].requireCount(in: 0...count), count: count)
    return [("low", [interval.low]), ("high", [interval.high])]
  case "mcnemar":
    let most = 1 << 32
    return [
      (
        "p",
        [
          mcNemar(
            onlyFirst: try entry["b"].requireCount(in: 0...most),
            onlySecond: try entry["c"].requireCount(in: 0...most))
        ]
      )
    ]
  case "majority": return try majority(entry)
  case "avg_at_k": return try averages(entry)
  case "continual": return try continual(entry)
  default: return nil
  }
}

/// `k` samples of `c` right ones in `n`.
private struct Draw {
  let n, c, k: Int

  init(_ entry: JSON) throws {
    n = try entry["n"].requireCount(in: 1...1 << 32)
    c = try entry["c"].requireCount(in: 0...n)
    k = try entry["k"].requireCount(in: 1...n)
  }
}

private func majority(_ entry: JSON) throws -> Values {
  let answers = try entry["answers"].requireArray().map { $0.isNull ? nil : try $0.requireString() }
  let gold = try entry["gold"].requireString()
  let names = Array(Set(answers.compactMap(\.self)))
  let vote = MajorityVote(answers.map { answer in answer.flatMap { names.firstIndex(of: $0) } })
  return [
    ("first_occurrence", [vote.score { answers[$0] == gold }]),
    ("expected_over_ties", [vote.expectedScore { answers[$0] == gold }]),
  ]
}

private func averages(_ entry: JSON) throws -> Values {
  let rows = try entry["samples"].requireArray().map(flattened)
  guard let count = rows.first?.count, count > 0, rows.allSatisfy({ $0.count == count }) else {
    throw CheckError("\(entry["samples"].path) must have as many samples for every problem")
  }
  let right = rows.map { row in row.count { $0 != 0 } }
  func pass(_ k: Int) -> Double {
    right.reduce(0) { $0 + passAtK(count: count, correct: $1, k: k) } / Double(rows.count)
  }
  let mean = MeanOverProblems(shares: right.map { Double($0) / Double(count) }, samples: count)
  var values: Values = [
    ("avg_at_k", [mean.mean]), ("stderr_problems", [mean.problemError]),
    ("stderr_sampling", [mean.samplingError]), ("pass_at_k", [pass(count)]),
  ]
  for (key, _) in entry.object ?? [] {
    guard key.hasPrefix("pass_at_"), let k = Int(key.dropFirst("pass_at_".count)) else { continue }
    guard (1...count).contains(k) else { throw outOfRange(entry[key], "of at most \(count)") }
    values.append((key, [pass(k)]))
  }
  return values
}

private func continual(_ entry: JSON) throws -> Values {
  let accuracy = try entry["acc"].requireArray().map(flattened)
  guard let ends = entry["task_ends"].ints, ends.count == accuracy.count, let end = ends.last,
    ends[0] >= 0, zip(ends, ends.dropFirst()).allSatisfy({ $0 < $1 }),
    accuracy.allSatisfy({ $0.count > end })
  else {
    throw CheckError(
      "\(entry["task_ends"].path) must rise, one for each task, within the evaluations of 'acc'")
  }
  let metrics = ContinualMetrics(accuracy: accuracy, taskEnds: ends)
  return [
    ("average_accuracy", [metrics.averageAccuracy]),
    ("backward_transfer", metrics.backwardTransfer.map { [$0] } ?? [.nan]),
    ("forgetting", metrics.forgetting),
    ("min_acc", metrics.minimumAccuracy.map { [$0] } ?? [.nan]),
    ("wc_acc", [metrics.worstCaseAccuracy]),
    ("stability_gap", metrics.stabilityGaps.flatMap(\.self)),
  ]
}

private func outOfRange(_ value: JSON, _ range: String) -> CheckError {
  CheckError("\(value.path) is \(value.summary); it must be \(range)")
}

extension JSON {
  fileprivate func requireCount(in range: ClosedRange<Int>) throws -> Int {
    let value = try requireInt()
    guard range.contains(value) else {
      throw outOfRange(self, "from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }
}
