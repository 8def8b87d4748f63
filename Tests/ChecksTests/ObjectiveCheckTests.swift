import Foundation
import TestSupport
import Testing

@testable import Checks

@Test(.enabled(if: Shared.isPresent, Shared.absence))
func everyExpectedCaseOfTheGRPOFamilyAgrees() throws {
  let report = try checkObjectives(path: Shared.url("golden/objectives.json"))
  #expect(report.differ == [], "\(report.summary)")
  #expect(report.agreed >= 20)
  #expect(report.worstError < 1)
  // What plugins and later methods own is skipped.
  #expect(report.skipped > 30)
}

@Test(.enabled(if: Shared.isPresent, Shared.absence))
func theExpectedTrajectoryOfAdamWAgrees() throws {
  let report = try checkOptimizers(path: Shared.url("golden/optim_detectors"))
  #expect(report.cases == 1 && report.agreed == 1, "\(report.summary)")
  #expect(report.skipped >= 10)
}

/// One batch of two rows of two tokens over two symbols, all zero: ratio 1, loss `-A`.
private func file(loss: Double, slope: Double) -> String {
  """
  {"batches": {"b": {"logits": [[[0, 0], [0, 0]], [[0, 0], [0, 0]]],
      "tokens": [[0, 1], [0, 0]], "mask": [[1, 1], [1, 0]], "temperature": 1,
      "advantages": [[1, 1], [-2, 0]], "old_logp": [[-0.693147180559945, -0.693147180559945],
      [-0.693147180559945, null]]}},
   "cases": [{"name": "a", "objective": "ppo_clip", "batch": "b",
      "hyper": {"eps_low": 0.2, "eps_high": 0.28, "agg": "seq-mean-token-mean", "delta": null},
      "expected": {"loss": \(loss), "clipped": [[0, 0], [0, 1]],
      "dlogits": [[[-0.125, 0.125], [\(slope), -0.125]], [[0.5, -0.5], [0, 0]]]}}]}
  """
}

private func check(_ text: String) throws -> CheckReport {
  let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID()).json")
  try text.write(to: file, atomically: true, encoding: .utf8)
  defer { try? FileManager.default.removeItem(at: file) }
  return try checkObjectives(path: file)
}

@Test func aCaseAgreesOnlyIfLossAndGradientDo() throws {
  let right = try check(file(loss: 0.5, slope: 0.125))
  #expect(right.agreed == 1 && right.exitCode == 0, "\(right.summary)")
  #expect(try check(file(loss: 0.5001, slope: 0.125)).differ == ["a"])
  #expect(try check(file(loss: 0.5, slope: 0.12500001)).differ == ["a"])
}

@Test func aFileOfAnotherFormIsRefused() {
  #expect(throws: CheckError.self) { try check(#"{"prompts": []}"#) }
  #expect(throws: (any Error).self) { try check("{") }
  #expect(throws: CheckError.self) { try checkObjectives(path: URL(filePath: "/none")) }
}

@Test func whatNothingShippedComputesIsSkippedWithItsReason() throws {
  let text = file(loss: 0.5, slope: 0.125)
  for (from, to, reason) in [
    (#""ppo_clip""#, #""steer""#, "'steer'"), (#""ppo_clip""#, #""gspo""#, "'gspo'"),
    (#""delta": null"#, #""delta": 2"#, "delta"),
    (#""delta": null"#, #""entropy_coef": 0.1"#, "'entropy-bonus'"),
    (#""ppo_clip""#, #""new_method""#, "'new_method'"),
    (#""seq-mean-token-mean""#, #""sum-norm""#, "objective.norm"),
    (#""seq-mean-token-mean""#, #""median""#, "known are token-mean"),
  ] {
    let report = try check(text.replacing(from, with: to))
    #expect(report.cases == 0 && report.skipped == 1 && report.exitCode == 1)
    #expect(report.summary.contains(reason))
  }
}
