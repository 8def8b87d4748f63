import Foundation
import JSON
import Metrics
import Trajectories
import Verifiers

/// Judges every gold answer of a data file against itself: a gold that is not right would cost each
/// completion of its row its reward.
///
/// - Parameters:
///   - file: JSON Lines of task rows.
///   - gold: the key of the gold answer; a list holds several, and each has to be right.
///   - verifier: one that takes what it is shown for the answer.
/// - Throws: ``CheckError`` where the file is not of that form.
public func checkGold(file: URL, gold: String, verifier: any Verifier) throws -> CheckReport {
  var report = CheckReport(what: "gold", listing: 100)
  let rows = try taskRows(of: file)
  let progress = Progress("gold", total: rows.count, unit: "rows")
  for (index, (line, row)) in rows.enumerated() {
    let name = row["id"].string ?? "line \(line)"
    let golds = (row[gold].array ?? [row[gold]]).compactMap(\.answerText)
    if golds.isEmpty {
      report.differ(name, detail: "there is no '\(gold)' that is text or a number")
    } else if let failure = failure(of: golds, row, verifier) {
      report.differ(name, detail: failure)
    } else {
      report.agree(name)
    }
    progress.advance(to: index + 1)
  }
  let share = Double(report.agreed) / Double(max(report.cases, 1))
  report.extra = [.init("share", .double(share))]
  report.notes = ["share: \(Double(Int(share * 1e5)) / 1e3)%"]
  return report
}

private func taskRows(of file: URL) throws -> [(line: Int, json: JSON)] {
  var rows: [(line: Int, json: JSON)] = []
  do {
    for (line, value) in try JSONLines(of: file) {
      let json = try value.get()
      rows.append((line, json))
    }
  } catch {
    throw CheckError(error.description)
  }
  return rows
}

/// Why the first gold that is not right is not.
private func failure(of golds: [String], _ row: JSON, _ verifier: any Verifier) -> String? {
  for gold in golds {
    let judgement = verifier.judge([VerifierSample(row: row.serialized, completion: gold)])[0]
    guard judgement.verdict != .right else { continue }
    return
      "\(judgement.verdict.rawValue): \(judgement.reason); the gold is \(gold.prefix(80).debugDescription)"
  }
  return nil
}

extension JSON {
  fileprivate var answerText: String? { string ?? int.map(String.init) ?? double.map { "\($0)" } }
}
