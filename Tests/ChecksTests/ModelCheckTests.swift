import Foundation
import TestSupport
import Testing

@testable import Checks

@Suite(.serialized) struct ModelCheckTests {
  @Test(.enabled(if: Shared.isPresent, Shared.absence))
  func everyBaseModelAgrees() throws {
    let report = try checkModels(path: Shared.url("golden/models"))
    #expect(report.differ == [])
    #expect(report.agreed == 34)
    #expect(report.skipped == 12, "adapters")
    #expect(report.worstError < 0.2, "float32 lands well inside the tolerances")
    #expect(report.exitCode == 0)
  }

  /// One number of each kind is moved: exactly its case differs, and is named.
  @Test(.enabled(if: Shared.isPresent, Shared.absence))
  func aChangedNumberIsFound() throws {
    let changes: [(name: String, change: (inout [String: Any]) -> Void)] = [
      ("main", { golden in self.nudge(&golden, "logits", by: 1e-3) }),
      ("main", { golden in self.nudge(&golden, "loss", by: 1e-3) }),
      ("main", { golden in self.nudge(&golden, "entropy_nats", by: 1e-3) }),
      ("main", { golden in self.nudge(&golden, "logsumexp", by: 1e-3) }),
      ("main", { golden in self.nudge(&golden, "next_label_logprob_at_temperature", by: 1e-3) }),
      (
        "greedy",
        { golden in
          var greedy = golden["greedy"] as! [String: Any]
          var ids = greedy["new_tokens"] as! [Int]
          ids[3] += 1
          greedy["new_tokens"] = ids
          golden["greedy"] = greedy
        }
      ),
    ]
    for (name, change) in changes {
      let folder = try ModelCopy(of: "golden/models/gemma2")
      var golden = try folder.golden()
      change(&golden)
      try folder.write(golden)
      let report = try checkModels(path: folder.url)
      #expect(report.differ == ["gemma2/\(name)"])
      #expect(report.exitCode == 1)
    }
  }

  @Test(.enabled(if: Shared.isPresent, Shared.absence))
  func aChangedGradientIsFound() throws {
    let folder = try ModelCopy(of: "golden/models/qwen3")
    let file = folder.url.appending(path: "golden_grads.safetensors")
    var bytes = try Data(contentsOf: file)
    bytes[bytes.count - 1] ^= 0x03  // the last number's exponent
    try bytes.write(to: file)
    #expect(try checkModels(path: folder.url).differ == ["qwen3/gradients"])
  }

  @Test func aFolderWithoutExpectedValuesIsRefused() throws {
    let empty = FileManager.default.temporaryDirectory.appending(path: "none-\(UUID().uuidString)")
    #expect(throws: CheckError.self) { try checkModels(path: empty) }
  }

  /// Moves the last number behind `key` of the case "main".
  private func nudge(_ golden: inout [String: Any], _ key: String, by distance: Double) {
    var cases = golden["cases"] as! [[String: Any]]
    let index = cases.firstIndex { $0["name"] as? String == "main" }!
    if var numbers = cases[index][key] as? [Double] {
      let place = numbers.lastIndex { $0 != 0 }!
      numbers[place] += distance
      cases[index][key] = numbers
    } else {
      cases[index][key] = cases[index][key] as! Double + distance
    }
    golden["cases"] = cases
  }
}

/// A copy of a model folder whose expected values may be changed; it goes away with the value.
private final class ModelCopy {
  let url: URL
  private let root = FileManager.default.temporaryDirectory.appending(
    path: "temper-\(UUID().uuidString)")

  init(of path: String) throws {
    let source = Shared.url(path)
    try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
    url = root.appending(path: source.lastPathComponent)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    for name in try FileManager.default.contentsOfDirectory(atPath: source.path) {
      try Data(contentsOf: source.appending(path: name)).write(to: url.appending(path: name))
    }
  }

  deinit { try? FileManager.default.removeItem(at: root) }

  func golden() throws -> [String: Any] {
    let data = try Data(contentsOf: url.appending(path: "golden.json"))
    return try JSONSerialization.jsonObject(with: data) as! [String: Any]
  }

  func write(_ golden: [String: Any]) throws {
    try JSONSerialization.data(withJSONObject: golden)
      .write(to: url.appending(path: "golden.json"))
  }
}
