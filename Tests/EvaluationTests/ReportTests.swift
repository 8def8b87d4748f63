import Foundation
import JSON
import Pages
import Testing
import Trajectories

@testable import Evaluation

struct ReportTests {
  @Test func scoresAreMeansOverProblems() throws {
    let report = report([4, 2, 1, 0])
    #expect(report.greedy?.value == 0.25)
    #expect(report.ks == [1, 2, 4] && report.headline.ks == [1, 2, 3, 4])
    #expect(report.headline.passes(at: 1) == [1, 0.5, 0.25, 0])
    #expect(abs(report.pass(at: 2).value - (1 + 5.0 / 6 + 0.5 + 0) / 4) < 1e-12)
    #expect(report.pass(at: 4).value == 0.75)
    #expect(report.headline.verdicts.map(\.count) == [8, 10, 1, 1])
    #expect(report.headline.failedShare == 0.05)
    #expect(report.table.contains("the verifier failed on 5.0% of completions"))
    #expect(report.headline.average?.mean == 7.0 / 16)
  }

  @Test func theMajorityOfAllSamplesIsScored() {
    // aabb is a tie, which the earlier a wins; abbb is lost.
    let scores = report([4, 2, 1, 0]).headline
    #expect(scores.majorities(at: 4) == [1, 1, 0, 0])
    #expect(scores.expectedMajority(at: 4) == (1 + 0.5) / 4)
    // One of two: a wins unless both are b, or b stands before a, which it never does here.
    let pairs = scores.majorities(at: 2)
    #expect(pairs[0] == 1 && pairs[3] == 0)
    #expect(abs(pairs[1] - 5.0 / 6) < 0.15 && abs(pairs[2] - 0.5) < 0.2)
    #expect(pairs == report([4, 2, 1, 0]).headline.majorities(at: 2))
  }

  @Test func aKeptReportReadsBackTheSame() throws {
    let report = report([4, 2, 1, 0])
    let file = try file(report.record.serialized(indent: 1))
    defer { try? FileManager.default.removeItem(at: file) }
    let read = try EvaluationReport(contentsOf: file)
    #expect(read.record == report.record)
    #expect(read.json == report.json && read.table == report.table)
  }

  @Test func aKeptReportIsJudgedAgainToTheSameBits() throws {
    let report = report([4, 2, 1, 0])
    let file = try file(report.record.serialized(indent: 1))
    defer { try? FileManager.default.removeItem(at: file) }
    let kept = try EvaluationReport(contentsOf: file).generations
    let again = EvaluationReport(
      kept,
      under: [
        ReadyProtocol(try .named("verifier"), verifiers: sameSet),
        ReadyProtocol(try .named("lm-eval-gsm8k-flexible"), verifiers: nil),
      ])
    #expect(again.record.serialized() == report.record.serialized())
  }

  @Test func truncatedCompletionsStayInTheDenominator() throws {
    let cut = AnsweredProblem(
      id: "x", index: 0, row: #"{"answer": "a"}"#, greedy: completion("b", stop: .length))
    let whole = AnsweredProblem(
      id: "y", index: 1, row: #"{"answer": "a"}"#, greedy: completion("a"))
    let report = EvaluationReport(
      Generations(conditions: [], problems: [cut, whole]),
      under: [ReadyProtocol(try .named("verifier"), verifiers: sameSet)])
    #expect(report.greedy?.value == 0.5)
    #expect(report.generations.lengths.truncated == 0.5)
    #expect(report.rightShare(of: report.headline, truncated: false) == 1)
    #expect(report.rightShare(of: report.headline, truncated: true) == 0)
  }

  @Test func aBlockThriceInTheLastTokensIsRepetitive() {
    func isRepetitive(_ tokens: [Int32]) -> Bool {
      Completion(text: "", tokens: tokens, stop: .length).isRepetitive
    }
    let block = (0..<32).map { Int32($0) }
    let other = (100..<140).map { Int32($0) }
    #expect(isRepetitive(block + other + block + other + block))
    #expect(!isRepetitive(block + other + block + other))
    #expect(isRepetitive([Int32](repeating: 7, count: 96)))
    #expect(!isRepetitive([Int32](repeating: 7, count: 95)))
    // The third time lies before the last 256.
    #expect(!isRepetitive(block + (1000..<1200).map { Int32($0) } + block + block))
  }

  @Test func groupsAreScoredApart() throws {
    let problems = [("x", "a"), ("x", "b"), ("y", "a")].enumerated().map { place, pair in
      AnsweredProblem(
        id: "\(place)", index: place, row: #"{"answer": "a", "kind": "\#(pair.0)"}"#,
        greedy: completion(pair.1))
    }
    let report = EvaluationReport(
      Generations(conditions: [], problems: problems),
      under: [ReadyProtocol(try .named("verifier"), verifiers: sameSet)], groupKeys: ["kind"])
    #expect(report.groups.map(\.value) == ["x", "y"])
    #expect(report.groups.map { report.value(of: $0) } == [0.5, 1])
    #expect(report.table.contains("mean over kind") && report.table.contains("75.0%"))
  }

  @Test(arguments: [
    #"{"format": "temper.eval/1", "protocol": {}, "judgements": [], "problems": []}"#,
    #"{"format": "temper.eval/1", "protocol": {}, "judgements": [], "problems": [{"id": "a"}]}"#,
    #"{"results": []}"#, "{}", "{",
  ])
  func aBrokenReportIsRefusedByItsPlace(text: String) throws {
    let file = try file(text)
    defer { try? FileManager.default.removeItem(at: file) }
    let error = #expect(throws: JSONError.self) { try EvaluationReport(contentsOf: file) }
    #expect(error?.description.contains(file.lastPathComponent) == true)
  }

  // MARK: Comparisons

  @Test func theChangeIsPairedByProblem() throws {
    let before = report([0, 1, 2, 3])
    let after = report([1, 2, 3, 4], greedy: ["a", "a", "", "b"])
    let comparison = try Comparison(before: before, after: after)
    #expect(
      comparison.rows.map(\.name) == [
        "greedy accuracy", "pass@1", "pass@2", "pass@4", "maj@2", "maj@4",
      ])
    // Every problem gained the same, so the paired interval has no width.
    #expect(comparison.rows[1].change == Interval(low: 0.25, high: 0.25))
    #expect(comparison.rows[0].before == 0.25 && comparison.rows[0].after == 0.5)
    #expect(comparison.discordance == .init(onlyBefore: 0, onlyAfter: 1))
    #expect(comparison.discordance?.pValue == 1)
    #expect(comparison.isImprovement)
    #expect(try !Comparison(before: after, after: before).isImprovement)
    #expect(try !Comparison(before: before, after: before).isImprovement)
  }

  @Test func otherProblemsOrProtocolsAreNoComparison() {
    let before = report([0, 1, 2, 3])
    for other in [
      report([0, 1, 2, 3], ids: ["a", "b", "c", "e"]), report([0, 1, 2, 3], rows: "1"),
    ] {
      #expect(throws: ComparisonError.differentProblems) {
        try Comparison(before: before, after: other)
      }
    }
    #expect(throws: ComparisonError.noProtocol("boxed")) {
      try Comparison(before: before, after: before, under: "boxed")
    }
  }

  @Test func seedsAreComparedAndNotPooled() throws {
    let summary = try SeedSummary([report([4, 4, 4, 4]), report([0, 0, 0, 0])])
    let row = try #require(summary.rows.first { $0.name == "pass@1" })
    #expect(row.values == [1, 0] && row.mean == 0.5)
    #expect(abs(row.deviation - 0.5.squareRoot()) < 1e-12)
    // t for one degree of freedom is 12.7, so two seeds say next to nothing.
    #expect(row.interval == Interval(low: 0, high: 1))
    #expect(throws: ComparisonError.differentProblems) {
      try SeedSummary([report([4, 4, 4, 4]), report([0, 0, 0, 0], rows: "1")])
    }
  }

  // MARK: The page

  @Test func thePageEscapesEverythingAndLoadsNothing() throws {
    let evil = #"<script>alert("x")</script>&'"#
    let row = try JSON(parsing: #"{"answer": "<b>"}"#).serialized
    let problem = AnsweredProblem(
      id: evil, index: 0, row: row, prompt: evil, greedy: completion(evil))
    let report = EvaluationReport(
      Generations(conditions: [.init("model", .string(evil))], problems: [problem]),
      under: [ReadyProtocol(try .named("verifier"), verifiers: sameSet)])
    let html = report.page.html
    #expect(!html.contains("<script") && !html.contains("alert(\""))
    #expect(html.contains("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&amp;&#39;"))
    #expect(html.contains("gold &lt;b&gt;"))
    for name in ["src=", "href=", "url(", "@import", "http:", "https:"] {
      #expect(!html.contains(name), "\(name)")
    }
  }
}
