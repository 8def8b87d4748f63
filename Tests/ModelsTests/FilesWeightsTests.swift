import Foundation
import JSON
import Testing

@testable import Models

struct FilesWeightsTests {
  let folder: FilesFolder
  let configuration: ModelConfiguration

  init() throws {
    folder = try FilesFolder()
    configuration = try FilesFixture.configuration(.qwen2, ["num_hidden_layers": 2])
  }

  private func write(_ tensors: [Safetensors.Tensor], to name: String = "model.safetensors") throws
  {
    try Safetensors.write(tensors, as: .float32, to: folder.url.appending(path: name))
  }

  private func openError(_ configuration: ModelConfiguration? = nil) -> String {
    FilesFixture.error {
      _ = try WeightFiles(folder: folder.url, for: configuration ?? self.configuration)
    }
  }

  private func renamed(
    _ tensors: [Safetensors.Tensor], _ rename: (String) -> String
  ) -> [Safetensors.Tensor] {
    tensors.map { .init(name: rename($0.name), shape: $0.shape, copy: $0.copy) }
  }

  @Test func tensorsOfEveryFamilyAreListedWithTheirShapes() throws {
    func shapes(
      _ family: ModelConfiguration.Family, _ changes: KeyValuePairs<String, JSONLiteral?> = [:]
    ) throws -> [String: [Int]] {
      let expected = try FilesFixture.configuration(family, changes).expectedTensors
      return Dictionary(uniqueKeysWithValues: expected.map { ($0.name, $0.shape) })
    }
    let layer = "model.layers.1."
    let llama = try shapes(.llama, ["attention_bias": true, "mlp_bias": true])
    #expect(llama["lm_head.weight"] == [20, 16])
    #expect(llama[layer + "self_attn.q_proj.weight"] == [24, 16])
    #expect(llama[layer + "self_attn.k_proj.weight"] == [12, 16])
    #expect(llama[layer + "self_attn.o_proj.weight"] == [16, 24])
    #expect(llama[layer + "self_attn.o_proj.bias"] == [16])
    #expect(llama[layer + "mlp.down_proj.weight"] == [16, 24])
    #expect(llama[layer + "mlp.up_proj.bias"] == [24])
    #expect(llama.count == 3 + 8 * 16)
    let qwen2 = try shapes(.qwen2, ["tie_word_embeddings": true])
    #expect(qwen2["lm_head.weight"] == nil && qwen2[layer + "self_attn.o_proj.bias"] == nil)
    #expect(qwen2[layer + "self_attn.v_proj.bias"] == [12] && qwen2.count == 2 + 8 * 12)
    let gemma3 = try shapes(.gemma3)
    #expect(gemma3[layer + "self_attn.q_norm.weight"] == [6])
    #expect(gemma3[layer + "post_feedforward_layernorm.weight"] == [16])
    #expect(gemma3.count == 2 + 8 * 13)
  }

  @Test func theSingleFileWinsOverShards() throws {
    try write(FilesFixture.tensors(configuration))
    try folder.write("{\"weight_map\": {\"x\": \"absent\"}}", to: "model.safetensors.index.json")
    let weights = try WeightFiles(folder: folder.url, for: configuration)
    let values = try FilesFixture.read("model.norm.weight", count: 16, from: weights)
    let index = configuration.expectedTensors.firstIndex { $0.name == "model.norm.weight" }!
    #expect(values == (0..<16).map { FilesFixture.value(index, $0) })
    #expect(weights.dtype(of: "model.norm.weight") == .float32)
  }

  @Test func shardsAreReadThroughAnIndexWithoutMetadata() throws {
    let tensors = FilesFixture.tensors(configuration)
    try write(Array(tensors[..<5]), to: "one.safetensors")
    try write(Array(tensors[5...]), to: "two.safetensors")
    let map = tensors.enumerated().map { index, tensor in
      JSONLiteral.Member(tensor.name, index < 5 ? "one.safetensors" : "two.safetensors")
    }
    let index: JSONLiteral = ["weight_map": .object(map)]
    try folder.write(index.serialized(), to: "model.safetensors.index.json")
    let weights = try WeightFiles(folder: folder.url, for: configuration)
    for (index, tensor) in tensors.enumerated() {
      let values = try FilesFixture.read(tensor.name, count: tensor.count, from: weights)
      #expect(values == (0..<tensor.count).map { FilesFixture.value(index, $0) })
    }
  }

  @Test func anIndexThatDoesNotHoldIsReported() throws {
    try write(FilesFixture.tensors(configuration), to: "one.safetensors")
    func error(_ index: String) throws -> String {
      try folder.write(index, to: "model.safetensors.index.json")
      return openError()
    }
    #expect(try error("{}").contains("weight_map must be an object; it is nothing"))
    #expect(
      try error(#"{"weight_map": {"a": "two.safetensors"}}"#)
        == """
        model.safetensors.index.json: the shard two.safetensors is not in the folder; \
        download it again
        """)
    #expect(
      try error(#"{"weight_map": {"a": "one.safetensors"}}"#)
        .contains("tensor a is said to be in one.safetensors, which lacks it"))
    #expect(
      try error(#"{"weight_map": {"a": "../one.safetensors"}}"#).contains(
        "is no file of the folder"))
  }

  @Test func aFolderWithoutWeightsSaysWhatIsLookedFor() {
    #expect(openError().contains("neither model.safetensors nor model.safetensors.index.json"))
  }

  @Test func missingTensorsAreListed() throws {
    let tensors = FilesFixture.tensors(configuration)
    try write(tensors.filter { $0.name != "lm_head.weight" })
    #expect(openError().contains("tensor lm_head.weight is missing; if the embedding is the head"))
    try write([tensors[0]])
    let count = tensors.count - 1
    #expect(openError().contains("\(count) tensors are missing: model.layers.0.input_layernorm"))
    #expect(openError().contains("and \(count - 8) more"))
  }

  @Test func aShapeThatDisagreesIsShownBesideTheExpectedOne() throws {
    try write(FilesFixture.tensors(configuration))
    let other = try FilesFixture.configuration(
      .qwen2, ["num_hidden_layers": 2, "num_key_value_heads": 4])
    #expect(
      openError(other) == """
        model.safetensors: tensor model.layers.0.self_attn.k_proj.weight is [12, 16]; \
        config.json makes it [24, 16]. The two are of different models
        """)
  }

  @Test func prefixesAreStrippedAndEmptyWordsIgnored() throws {
    let tied = try FilesFixture.configuration(
      .qwen2, ["num_hidden_layers": 2, "tie_word_embeddings": true])
    let table = Safetensors.Tensor(name: "", shape: [3]) { _, buffer in buffer.update(repeating: 0)
    }
    let extra = renamed([table, table, table]) { _ in "" }
    let names = [
      "model.layers.0.self_attn.rotary_emb.inv_freq", "lm_head.weight", "vision_tower.x",
    ]
    let ignored = zip(extra, names).map {
      Safetensors.Tensor(name: $1, shape: $0.shape, copy: $0.copy)
    }
    for rename in [
      { "language_model.\($0)" },
      { $0.replacing("model.", with: "model.language_model.", maxReplacements: 1) },
    ] as [(String) -> String] {
      try write(renamed(FilesFixture.tensors(tied), rename) + ignored)
      let weights = try WeightFiles(folder: folder.url, for: tied)
      #expect(weights.unusedNames == ["vision_tower.x"])
      #expect(
        try FilesFixture.read("model.embed_tokens.weight", count: 320, from: weights)[1]
          == FilesFixture.value(0, 1))
    }
  }

  @Test func rowsAreThoseOfTheWhole() throws {
    let wide = try FilesFixture.configuration(
      .llama, ["num_hidden_layers": 1, "vocab_size": 3000])
    try write(FilesFixture.tensors(wide))
    let weights = try WeightFiles(folder: folder.url, for: wide)
    let whole = try FilesFixture.read("lm_head.weight", count: 48_000, from: weights)
    var rows = [Float](repeating: 0, count: 2001 * 16)
    try rows.withUnsafeMutableBufferPointer {
      try weights.read("lm_head.weight", rows: 17..<2018, into: $0)
    }
    #expect(rows == Array(whole[17 * 16..<2018 * 16]))
    var gains = [Float](repeating: 0, count: 3)
    try gains.withUnsafeMutableBufferPointer {
      try weights.read("model.norm.weight", rows: 2..<5, into: $0)
    }
    let norm = try FilesFixture.read("model.norm.weight", count: 16, from: weights)
    #expect(gains == Array(norm[2..<5]))
  }

  @Test func theFirstNaNIsNamedByTensorAndElement() throws {
    let wide = try FilesFixture.configuration(
      .llama, ["num_hidden_layers": 1, "vocab_size": 3000])
    let damaged = FilesFixture.tensors(wide).map { tensor in
      guard tensor.name == "lm_head.weight" else { return tensor }
      return Safetensors.Tensor(name: tensor.name, shape: tensor.shape) { range, buffer in
        buffer.update(repeating: 0)
        buffer[2000 * 16 + 5 - range.lowerBound] = .nan
        buffer[2900 * 16 - range.lowerBound] = .nan
      }
    }
    try write(damaged)
    let weights = try WeightFiles(folder: folder.url, for: wide)
    let message = FilesFixture.error {
      _ = try FilesFixture.read("lm_head.weight", count: 48_000, from: weights)
    }
    #expect(
      message == "model.safetensors: tensor lm_head.weight holds nan at [2000, 5]; "
        + "the weights are damaged: get them anew")
  }
}
