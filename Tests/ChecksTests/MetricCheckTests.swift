import Foundation
import TestSupport
import Testing

@testable import Checks

struct MetricCheckTests {
  private func check(_ text: String) throws -> CheckReport {
    let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).json")
    try Data(text.utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    return try checkMetrics(path: file)
  }

  @Test(.enabled(if: Shared.isPresent, Shared.absence)) func theGoldenMetricsAllAgree() throws {
    let report = try checkMetrics(path: Shared.url("golden/eval_metrics.json"))
    #expect(report.agreed == report.cases && report.cases > 100 && report.skipped == 0)
    #expect(report.worstError < 0.1)
  }

  @Test func everyNumberOfAnEntryIsCompared() throws {
    let report = try check(
      """
      {"notes": {}, "unheard_of": [{"x": 1}],
       "pass_at_k": [{"n": 4, "c": 1, "k": 2, "pass_at_k": 0.5, "pass_hat_k": 0.1},
                     {"n": 4, "c": 1, "k": 2, "pass_at_k": 0.5, "pass_hat_k": null, "more": 1}],
       "avg_at_k": [{"samples": [[1, 0], [1, 1]], "pass_at_1": 0.75, "pass_at_k": 1.0,
                     "stderr_problems": 0.25000000001}],
       "continual": [{"acc": [[0, 0.5, 0.25], [0, 0, 1]], "task_ends": [1, 2],
                      "forgetting": [0.25], "stability_gap": [[0.25]], "wc_acc": 0.625}]}
      """)
    #expect(report.differ == ["pass_at_k[0]", "avg_at_k[0]"])
    #expect((report.cases, report.agreed, report.skipped) == (4, 2, 1))
  }

  @Test(arguments: [
    "[]", "{", #"{"pass_at_k": [{"n": 3, "c": 4, "k": 1}]}"#,
    #"{"pass_at_k": [{"n": 3, "c": 1, "k": 4}]}"#,
    #"{"avg_at_k": [{"samples": [[1], [1, 0]]}]}"#, #"{"avg_at_k": [{"samples": []}]}"#,
    #"{"continual": [{"acc": [[0, 1]], "task_ends": [2]}]}"#,
    #"{"continual": [{"acc": [[0, 1], [0, 1]], "task_ends": [1, 1]}]}"#,
    #"{"g_pass_at_k": [{"n": 3, "c": 1, "k": 2, "threshold": 2}]}"#,
  ])
  func aFileThatIsNotOfTheFormIsRefused(text: String) {
    #expect(throws: (any Error).self) { try check(text) }
  }
}
