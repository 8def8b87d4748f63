import Foundation
import JSON
import TestSupport
import Testing

@testable import Checks

@Test(.enabled(if: Shared.isPresent, Shared.absence))
func everyExpectedCaseOfTheGRPOFamilyAgrees() throws {
  let report = try checkObjectives(path: Shared.url("golden/objectives.json")) { _, _ in nil }
  #expect(report.differ == [], "\(report.summary)")
  #expect(report.agreed >= 42)
  #expect(report.worstError < 1)
  // What plugins own is skipped where none are shipped.
  #expect(report.skipped > 30)
  #expect(report.summary.contains("'steer' owns it, which is not shipped"))
}

/// The entropy bonus twice: by a slope in the entropy, and row by row.
@Test(.enabled(if: Shared.isPresent, Shared.absence), arguments: [false, true])
func casesOfPluginsRunThroughThem(byRows: Bool) throws {
  var made: [JSONLiteral] = []
  let report = try checkObjectives(path: Shared.url("golden/objectives.json")) { name, settings in
    guard name == "entropy-bonus" else { return nil }
    made.append(settings)
    return EntropyBonus(settings, byRows: byRows)
  }
  #expect(report.differ == [], "\(report.summary)")
  #expect(made.contains(["entropy_coef": 0.01]) && made.contains(["entropy_coef": 0.02]))
}

@Test(.enabled(if: Shared.isPresent, Shared.absence))
func aPluginThatIsWrongDiffers() throws {
  func differing(_ coefficient: Double, reporting entropy: Float? = nil) throws -> [String] {
    try checkObjectives(path: Shared.url("golden/objectives.json")) { name, _ in
      guard name == "entropy-bonus" else { return nil }
      return EntropyBonus(["entropy_coef": .double(coefficient)], byRows: false, column: entropy)
    }.differ
  }
  #expect(try differing(-0.01) == ["grpo_entropy_bonus", "temperature_0_7"])
  #expect(try differing(0.01) == ["temperature_0_7"])
  #expect(try differing(0.01, reporting: 3) == ["grpo_entropy_bonus", "temperature_0_7"])
}

@Test(.enabled(if: Shared.isPresent, Shared.absence))
func aPluginThatRefusesItsSettingsDiffersWithWhatItSays() throws {
  let report = try checkObjectives(path: Shared.url("golden/objectives.json")) { name, _ in
    guard name == "entropy-bonus" else { return nil }
    throw CocoaError(.fileNoSuchFile)
  }
  #expect(report.differ == ["grpo_entropy_bonus", "temperature_0_7"])
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
  return try checkObjectives(path: file) { _, _ in nil }
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
  #expect(throws: CheckError.self) {
    try checkObjectives(path: URL(filePath: "/none")) { _, _ in nil }
  }
}

@Test func whatNothingShippedComputesIsSkippedWithItsReason() throws {
  let text = file(loss: 0.5, slope: 0.125)
  for (from, to, reason) in [
    (#""ppo_clip""#, #""steer""#, "'steer'"),
    (#""delta": null"#, #""delta": 0.5"#, "objective.delta"),
    (#""delta": null"#, #""is_mode": "batch_mask""#, "known are none, token_truncate"),
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
