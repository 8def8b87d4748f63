import Foundation
import JSON
import Testing
import Trajectories

@testable import Evaluation

struct ReportTests {
  /// Four problems, four samples each, one of every verdict.
  static func report(
    _ rights: [Int], greedy: [Verdict] = [.right, .wrong, .unparsable, .failed],
    ids: [String] = ["a", "b", "c", "d"], rows: String = "0"
  ) -> EvaluationReport {
    let problems = zip(zip(ids, greedy), rights).map { pair, right in
      ProblemResult(
        id: pair.0, greedy: pair.1,
        samples: (0..<4).map { $0 < right ? .right : .wrong })
    }
    return EvaluationReport(
      problems: problems, protocolNote: [.init("samples", 4), .init("rows", .string(rows))])
  }

  private func file(_ text: String) throws -> URL {
    let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).json")
    try Data(text.utf8).write(to: file)
    return file
  }

  @Test func scoresAreMeansOverProblems() throws {
    let report = Self.report([4, 2, 1, 0])
    #expect(report.greedy?.value == 0.25)
    #expect(report.ks == [1, 2, 4])
    #expect(report.passes(at: 1) == [1, 0.5, 0.25, 0])
    #expect(abs(report.pass(at: 2).value - (1 + 5.0 / 6 + 0.5 + 0) / 4) < 1e-12)
    #expect(report.pass(at: 4).value == 0.75)
    #expect(report.verdicts.map(\.count) == [8, 10, 1, 1])
    #expect(report.failedShare == 0.05)
    #expect(report.table.contains("the verifier failed on 5.0% of completions"))
  }

  @Test func aKeptReportReadsBackTheSame() throws {
    let report = Self.report([4, 2, 1, 0])
    let file = try file(report.record.serialized(indent: 1))
    defer { try? FileManager.default.removeItem(at: file) }
    let read = try EvaluationReport(contentsOf: file)
    #expect(read.record == report.record)
    #expect(read.json == report.json)
  }

  @Test(arguments: [
    #"{"results": [{"id": "a", "greedy": "maybe", "samples": []}]}"#,
    #"{"results": [{"id": "a", "greedy": null, "samples": ["right"]}, {"id": "b", "greedy": null, "samples": []}]}"#,
    #"{"results": [{"greedy": null, "samples": []}]}"#, "{}", "{",
  ])
  func aBrokenReportIsRefusedByItsPlace(text: String) throws {
    let file = try file(text)
    defer { try? FileManager.default.removeItem(at: file) }
    let error = #expect(throws: JSONError.self) { try EvaluationReport(contentsOf: file) }
    #expect(error?.description.contains(file.lastPathComponent) == true)
  }

  @Test func theChangeIsPairedByProblem() throws {
    let before = Self.report([0, 1, 2, 3])
    let after = Self.report([1, 2, 3, 4], greedy: [.right, .right, .unparsable, .wrong])
    let comparison = try Comparison(before: before, after: after)
    #expect(comparison.rows.map(\.name) == ["greedy accuracy", "pass@1", "pass@2", "pass@4"])
    // Every problem gained the same, so the paired interval has no width.
    #expect(comparison.rows[1].change == Interval(low: 0.25, high: 0.25))
    #expect(comparison.rows[0].before == 0.25 && comparison.rows[0].after == 0.5)
    #expect(comparison.isImprovement)
    #expect(try !Comparison(before: after, after: before).isImprovement)
    #expect(try !Comparison(before: before, after: before).isImprovement)
  }

  @Test func otherProblemsAreNoComparison() {
    let before = Self.report([0, 1, 2, 3])
    for other in [
      Self.report([0, 1, 2, 3], ids: ["a", "b", "c", "e"]),
      Self.report([0, 1, 2, 3], rows: "1"),
    ] {
      #expect(throws: ComparisonError.differentProblems) {
        try Comparison(before: before, after: other)
      }
    }
  }
}
