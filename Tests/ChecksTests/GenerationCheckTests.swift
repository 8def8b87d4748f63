import Foundation
import TestSupport
import Testing

@testable import Checks

@Suite(.serialized) struct GenerationCheckTests {
  private static func pretrained(_ name: String) -> URL { Shared.url("golden/pretrained/\(name)") }

  /// The float32 folder and its copy in bfloat16, of which each entry names the one it is of.
  @Test(
    .enabled(if: Shared.isPresent, Shared.absence),
    arguments: ["stories260k", "stories260k-bf16-sharded"])
  func greedyContinuationsAgree(model: String) throws {
    let report = try checkGeneration(
      path: Self.pretrained("stories260k_greedy.json"), model: Shared.url("models/\(model)"))
    #expect(report.differ == [])
    #expect(report.agreed > 0)
    #expect(report.exitCode == 0)
  }

  @Test(.enabled(if: Shared.isPresent, Shared.absence))
  func gradientsOfARealModelAgree() throws {
    let report = try checkGeneration(
      path: Self.pretrained("stories260k_grads.json"), model: Shared.url("models/stories260k"))
    #expect(report.differ == [])
    #expect(report.agreed > 1)
    #expect(report.worstError < 0.2)
  }

  @Test(.enabled(if: Shared.isPresent, Shared.absence))
  func aChangedContinuationIsFound() throws {
    let data = try Data(contentsOf: Self.pretrained("stories260k_greedy.json"))
    var prompts = try JSONSerialization.jsonObject(with: data) as! [[String: Any]]
    prompts = [prompts.first { $0["model"] as? String ?? "stories260k" == "stories260k" }!]
    var ids = prompts[0]["greedy_ids"] as! [Int]
    ids[ids.count - 1] += 1
    prompts[0]["greedy_ids"] = ids
    let file = FileManager.default.temporaryDirectory.appending(
      path: "temper-\(UUID().uuidString).json")
    defer { try? FileManager.default.removeItem(at: file) }
    try JSONSerialization.data(withJSONObject: prompts).write(to: file)
    let report = try checkGeneration(path: file, model: Shared.url("models/stories260k"))
    #expect(report.differ.count == 1)
    #expect(report.exitCode == 1)
  }
}
