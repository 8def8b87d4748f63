import Foundation
import JSON
import TestSupport
import Testing

@testable import Models

/// Real folders, where there are any.
@Suite(.enabled(if: Shared.isPresent, Shared.absence))
struct FilesGoldenTests {
  private static let names = [
    "gemma2", "gemma3", "llama", "llama3_rope", "qwen2", "qwen2_untied", "qwen3", "smollm2",
    "smollm3",
  ]

  @Test(arguments: names)
  func goldenFoldersHoldExactlyTheExpectedTensors(name: String) throws {
    let url = Shared.url("golden/models/\(name)")
    let folder = try ModelFolder(url)
    #expect(folder.weights.unusedNames.isEmpty)
    let gradients = try SafetensorsFile(url.appending(path: "golden_grads.safetensors"))
    let expected = folder.configuration.expectedTensors
    #expect(gradients.names == expected.map(\.name).sorted())
    for (name, shape) in expected {
      #expect(gradients.entry(name)?.shape == shape)
      let values = try FilesFixture.read(name, count: shape.reduce(1, *), from: folder.weights)
      #expect(values.contains { $0 != 0 })
    }
  }

  @Test func theShardedCopyIsTheModelRoundedToBFloat16() throws {
    let whole = try ModelFolder(Shared.url("models/stories260k"))
    let sharded = try ModelFolder(Shared.url("models/stories260k-bf16-sharded"))
    for (name, shape) in whole.configuration.expectedTensors {
      let count = shape.reduce(1, *)
      let values = try FilesFixture.read(name, count: count, from: whole.weights)
      let rounded = values.map {
        Float(bitPattern: UInt32(Safetensors.narrowed(toBFloat16: $0)) << 16)
      }
      #expect(try FilesFixture.read(name, count: count, from: sharded.weights) == rounded)
    }
  }
}
