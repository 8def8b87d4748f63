import Datasets
import Foundation
import JSON
import Trajectories
import Verifiers

/// Whether the run's own verifier takes the gold answers: each row's is put the ways in which
/// answers are usually put, and one of them has to be right.
struct GoldAnswerCheck {
  /// Rows that are tried at most, chosen by a hash of their ids.
  static let mostRows = 1000
  /// Above this share of gold answers that do not verify, a run is spoiled.
  static let tolerated = 0.01

  /// Rows with a gold answer or a solution, and how their best form was judged.
  private var tried = 0
  private var verified = 0
  private var refused: [(row: String, gold: String, reason: String)] = []
  private var failed: [(row: String, reason: String)] = []
  private var withoutGold = 0

  init(_ dataset: Dataset, _ verifiers: ReadyVerifiers) throws {
    let rows = try dataset.probe(Self.mostRows)
    let markers = verifiers.resolved.flatMap { $0.request.configuration["marker"]?.strings ?? [] }
    var samples: [VerifierSample] = []
    var owners: [Row] = []
    for index in 0..<rows.count {
      let row = try rows.row(at: index)
      let forms = Self.forms(of: row, markers: markers)
      if forms.isEmpty { withoutGold += 1 }
      for form in forms {
        samples.append(VerifierSample(row: row.json, completion: form))
        owners.append(row)
      }
    }
    let judgements = verifiers.set.judge(samples).judgements
    var start = 0
    while start < owners.count {
      let end = owners[start...].firstIndex { $0.index != owners[start].index } ?? owners.count
      count(owners[start], Array(judgements[start..<end]))
      start = end
    }
  }

  private mutating func count(_ row: Row, _ judgements: [Judgement]) {
    tried += 1
    if judgements.contains(where: { $0.verdict == .right }) {
      verified += 1
    } else if let failure = judgements.first(where: { $0.verdict == .failed }) {
      failed.append((row.id, failure.reason))
    } else {
      let wrong = judgements.first { $0.verdict == .wrong } ?? judgements[0]
      refused.append((row.id, row.answer ?? "", wrong.reason))
    }
  }

  /// The ways in which a row's answer may be put: its solution, then the answer alone, behind marks
  /// and in a sentence.
  private static func forms(of row: Row, markers: [String]) -> [String] {
    var forms = row.completion.map { [$0] } ?? []
    guard let gold = row.answer else { return forms }
    // The form of GSM8K's own files.
    let last = gold.ranges(of: "####").last.map { String(gold[$0.upperBound...]) }
    let answer = (last ?? gold).trimmingCharacters(in: .whitespacesAndNewlines)
    forms += markers.map { "\($0) \(answer)" }
    forms += [
      answer, "#### \(answer)", "\\boxed{\(answer)}", "The answer is $\\boxed{\(answer)}$.",
      "<answer>\(answer)</answer>", "The answer is \(answer).", gold,
    ]
    return forms
  }

  var finding: Finding {
    let details: JSONLiteral = [
      "tried": .int(tried), "verified": .int(verified), "failed": .int(failed.count),
      "rows": .array((failed.map(\.row) + refused.map(\.row)).prefix(20).map { .string($0) }),
    ]
    func share(_ count: Int) -> Bool { Double(count) > Self.tolerated * Double(tried) }
    guard tried > 0 else {
      return Finding(
        "gold answers", .skipped, "no row has an answer or a solution to try", details: details)
    }
    if let first = failed.first {
      return Finding(
        "gold answers", share(failed.count) ? .fault : .warning,
        "the verifier fails on \(failed.count) of \(tried) rows, such as '\(first.row)': "
          + first.reason,
        remedy: "correct these rows or take them out; they never give a reward", details: details)
    }
    guard verified > 0 else {
      return Finding(
        "gold answers", .warning,
        "no gold answer verifies in a usual form, such as that of '\(refused[0].row)': "
          + (refused[0].reason.isEmpty ? refused[0].gold : refused[0].reason),
        remedy: "if the verifier takes answers of another form, all may be well; try it: temper "
          + "eval --limit 20 --completions FILE", details: details)
    }
    if let first = refused.first {
      return Finding(
        "gold answers", share(refused.count) ? .fault : .warning,
        "\(refused.count) of \(tried) do not verify, such as '\(first.gold)' of '\(first.row)': "
          + first.reason,
        remedy: "correct these rows or take them out, or choose a verifier that reads them; right "
          + "answers to them get no reward", details: details)
    }
    return Finding(
      "gold answers", .ok,
      "\(verified) of \(tried) verify"
        + (withoutGold > 0 ? "; \(withoutGold) rows have none" : ""), details: details)
  }
}

extension JSONLiteral {
  /// A string, or the strings of an array.
  fileprivate var strings: [String]? {
    switch self {
    case .string(let text): [text]
    case .array(let elements):
      elements.compactMap { if case .string(let text) = $0 { text } else { nil } }
    default: nil
    }
  }
}
