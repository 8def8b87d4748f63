import Foundation
import JSON
import Testing

@testable import Models

struct FilesFolderTests {
  let folder: FilesFolder

  init() throws { folder = try FilesFolder() }

  private func savedConfiguration() throws -> JSONLiteral {
    try JSONLiteral(JSON(contentsOf: folder.url.appending(path: "config.json")))
  }

  @Test(arguments: ModelConfiguration.Family.allCases)
  func whatIsSavedIsLoadedAgain(family: ModelConfiguration.Family) throws {
    let configuration = try FilesFixture.configuration(family, ["num_hidden_layers": 2])
    let tensors = FilesFixture.tensors(configuration)
    for (dtype, maxBytes) in [(Safetensors.DType.float32, 1 << 30), (.bfloat16, 2000)] {
      try ModelFolder.write(
        configuration, tensors: tensors.reversed(), as: dtype, to: folder.url,
        maxShardBytes: maxBytes)
      let loaded = try ModelFolder(folder.url)
      #expect(loaded.configuration.layers == configuration.layers)
      #expect(loaded.configuration.ropes == configuration.ropes)
      #expect(loaded.weights.unusedNames.isEmpty)
      for (index, tensor) in tensors.enumerated() {
        let values = try FilesFixture.read(tensor.name, count: tensor.count, from: loaded.weights)
        #expect(values == (0..<tensor.count).map { FilesFixture.value(index, $0) })
      }
    }
  }

  @Test func savingChangesNothingButTheType() throws {
    func saved(_ changes: KeyValuePairs<String, JSONLiteral?>) throws -> JSONLiteral {
      let configuration = try FilesFixture.configuration(.llama, changes)
      try ModelFolder.write(
        configuration, tensors: FilesFixture.tensors(configuration), as: .bfloat16, to: folder.url)
      return try savedConfiguration()
    }
    let odd: JSONLiteral = ["a": [1, 2.5, nil, "é\n"]]
    #expect(
      try saved(["torch_dtype": "float32", "odd": odd])
        == FilesFixture.file(.llama, ["torch_dtype": "bfloat16", "odd": odd]))
    #expect(
      try saved(["dtype": "float16"]) == FilesFixture.file(.llama, ["dtype": "bfloat16"]))
    #expect(try saved([:]) == FilesFixture.file(.llama, ["torch_dtype": "bfloat16"]))
  }

  @Test func theHeadCountIsWrittenBecauseReadersDisagreeOnItsDefault() throws {
    let configuration = try FilesFixture.configuration(.qwen2, ["num_key_value_heads": nil])
    #expect(configuration.file(dtype: .float32)["num_key_value_heads"] == 4)
  }

  @Test func weightsOfAnEarlierSaveAreRemoved() throws {
    let configuration = try FilesFixture.configuration(.llama)
    func save(maxShardBytes: Int) throws -> [String] {
      try ModelFolder.write(
        configuration, tensors: FilesFixture.tensors(configuration), as: .float32, to: folder.url,
        maxShardBytes: maxShardBytes)
      return try folder.names
    }
    try folder.write("kept", to: "golden_grads.safetensors")
    let sharded = try save(maxShardBytes: 50_000)
    #expect(sharded.contains("model-00001-of-00002.safetensors"))
    #expect(sharded.contains("model.safetensors.index.json"))
    #expect(
      try save(maxShardBytes: 1 << 30)
        == ["config.json", "golden_grads.safetensors", "model.safetensors"])
    #expect(try save(maxShardBytes: 50_000) == sharded)
  }

  @Test func theGenerationConfigurationIsCarriedOver() throws {
    let configuration = try FilesFixture.configuration(.llama)
    let text = #"{"temperature": 0.6, "eos_token_id": [5, 6, 5], "custom": {"x": 1}}"#
    let generation = try GenerationConfiguration(JSON(parsing: text), configuration: configuration)
    try ModelFolder.write(
      configuration, tensors: FilesFixture.tensors(configuration), as: .float32, to: folder.url,
      generation: generation)
    let loaded = try ModelFolder(folder.url).generation
    #expect(loaded == generation)
    #expect(loaded.temperature == 0.6 && loaded.endTokenIDs == [5, 6])
    #expect(loaded.source?["custom"] == ["x": 1])
  }

  @Test func generationDefaultsComeFromTheModelWhereTheFileIsSilent() throws {
    let configuration = try FilesFixture.configuration(
      .llama, ["eos_token_id": [7, 8], "bos_token_id": 1])
    let without = try GenerationConfiguration(nil, configuration: configuration)
    #expect(without.endTokenIDs == [7, 8] && without.padTokenID == 7)
    #expect(without.beginTokenID == 1 && without.doSample == nil)
    let text = """
      {"do_sample": true, "top_k": 20, "top_p": 0.8, "min_p": 0.05, "max_new_tokens": 100,
       "repetition_penalty": 1.05, "eos_token_id": 9, "pad_token_id": 0, "temperature": 1}
      """
    let with = try GenerationConfiguration(JSON(parsing: text), configuration: configuration)
    #expect(with.endTokenIDs == [9] && with.padTokenID == 0 && with.beginTokenID == 1)
    #expect(with.doSample == true && with.topK == 20 && with.topP == 0.8 && with.minP == 0.05)
    #expect(with.maxNewTokens == 100 && with.repetitionPenalty == 1.05 && with.temperature == 1)
    let message = FilesFixture.error {
      _ = try GenerationConfiguration(
        JSON(parsing: #"{"top_k": "x"}"#), configuration: configuration)
    }
    #expect(message == "generation_config.json: top_k is \"x\"; it must be an integer")
  }

  @Test func presetsHaveTheirModelsSizes() throws {
    let counts = try ModelConfiguration.Preset.allCases.map {
      try ModelConfiguration($0.shape).parameterCount
    }
    #expect(counts == [15_191_712, 134_515_008, 494_032_768])
  }

  @Test(arguments: ModelConfiguration.Family.allCases)
  func aNewModelHasACompleteConfiguration(family: ModelConfiguration.Family) throws {
    let shape = ModelConfiguration.Shape(
      family: family, vocabularySize: 50, hiddenSize: 24, intermediateSize: 40, layerCount: 3,
      headCount: 4, keyValueHeadCount: 2, maxPositions: 128, theta: 5e4, tiedEmbeddings: false,
      beginTokenID: 1, endTokenIDs: [2, 3])
    let configuration = try ModelConfiguration(shape)
    #expect(configuration.headDimension == 6 && configuration.ropes[0].theta == 5e4)
    #expect(configuration.endTokenIDs == [2, 3] && configuration.padTokenID == nil)
    #expect(configuration.attentionScale == Float(1 / 6.0.squareRoot()))
    try ModelFolder.write(
      configuration, tensors: FilesFixture.tensors(configuration), as: .float32, to: folder.url)
    #expect(try ModelFolder(folder.url).configuration == configuration)
  }
}
