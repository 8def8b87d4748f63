import JSON
import Testing

@testable import Models

struct FilesConfigurationTests {
  private typealias Family = ModelConfiguration.Family

  @Test func absentKeysTakeTheFamilysDefaults() throws {
    func bare(_ family: Family) throws -> ModelConfiguration {
      try FilesFixture.configuration(
        family, ["num_key_value_heads": nil, "head_dim": nil, "rms_norm_eps": nil])
    }
    let llama = try bare(.llama)
    #expect((llama.keyValueHeadCount, llama.headDimension) == (4, 4))
    #expect(llama.normEpsilon == 1e-6)
    #expect(llama.ropes == [Rope(theta: 10_000, maxPositions: 64, scaling: .default)])
    #expect(!llama.tiedEmbeddings && !llama.queryKeyValueBias && !llama.mlpBias)
    #expect(llama.activation == .silu)
    #expect(llama.endTokenIDs == [2])

    let qwen2 = try bare(.qwen2)
    #expect((qwen2.keyValueHeadCount, qwen2.headDimension) == (4, 4))
    #expect(qwen2.queryKeyValueBias && !qwen2.outputBias)
    #expect(qwen2.endTokenIDs.isEmpty)

    let qwen3 = try bare(.qwen3)
    #expect((qwen3.keyValueHeadCount, qwen3.headDimension) == (4, 128))
    #expect(qwen3.hasQueryKeyNorm && !qwen3.queryKeyValueBias)

    let smollm3 = try bare(.smollm3)
    #expect((smollm3.keyValueHeadCount, smollm3.headDimension) == (4, 4))
    #expect(smollm3.tiedEmbeddings && smollm3.ropes[0].theta == 2e6)

    let gemma2 = try bare(.gemma2)
    #expect((gemma2.keyValueHeadCount, gemma2.headDimension) == (4, 256))
    #expect((gemma2.attentionSoftcap, gemma2.finalSoftcap) == (50, 30))
    #expect(gemma2.attentionScale == 1 / 16 && gemma2.embeddingMultiplier == 4)
    #expect(gemma2.hasSandwichNorms && gemma2.normGainOffset == 1 && gemma2.tiedEmbeddings)
    #expect(gemma2.activation == .geluTanh)

    let gemma3 = try bare(.gemma3)
    #expect((gemma3.attentionSoftcap, gemma3.finalSoftcap) == (nil, nil))
    #expect(gemma3.ropes.map(\.theta) == [1e6, 1e4])
    #expect(gemma3.hasQueryKeyNorm && gemma3.hasSandwichNorms)
  }

  @Test func oldAndNewLayoutsMeanTheSame() throws {
    let scaling: JSONLiteral = ["type": "linear", "factor": 2]
    let old = try FilesFixture.configuration(
      .qwen3, ["rope_theta": 50_000, "rope_scaling": scaling, "torch_dtype": "bfloat16"])
    let new = try FilesFixture.configuration(
      .qwen3,
      [
        "rope_parameters": ["rope_type": "linear", "factor": 2.0, "rope_theta": 50_000.0],
        "dtype": "bfloat16",
      ])
    #expect(
      old.ropes == [Rope(theta: 50_000, maxPositions: 64, scaling: .linear(factor: 2))])
    #expect(old.ropes == new.ropes && old.layers == new.layers)

    let oldGemma = try FilesFixture.configuration(
      .gemma3,
      ["rope_theta": 2e6, "rope_local_base_freq": 3e4, "rope_scaling": scaling])
    let newGemma = try FilesFixture.configuration(
      .gemma3,
      [
        "rope_parameters": [
          "full_attention": ["rope_type": "linear", "factor": 2, "rope_theta": 2_000_000],
          "sliding_attention": ["rope_type": "default", "rope_theta": 30_000],
        ]
      ])
    #expect(oldGemma.ropes == newGemma.ropes)
    #expect(oldGemma.ropes[1].scaling == .default)
  }

  @Test func ropeParametersWinOverOldKeys() throws {
    let configuration = try FilesFixture.configuration(
      .llama,
      [
        "rope_theta": 1e5, "rope_scaling": ["type": "linear", "factor": 2],
        "rope_parameters": ["rope_type": "default"],
      ])
    #expect(configuration.ropes == [Rope(theta: 1e5, maxPositions: 64, scaling: .default)])
  }

  @Test func windowsFollowTheFamilysRule() throws {
    func windows(
      _ family: Family, _ changes: KeyValuePairs<String, JSONLiteral?>
    ) throws -> [Int?] {
      try FilesFixture.configuration(family, changes).layers.map(\.window)
    }
    let none = [Int?](repeating: nil, count: 8)
    #expect(try windows(.llama, ["sliding_window": 3]) == none)
    #expect(try windows(.gemma2, ["sliding_window": 3]) == [3, nil, 3, nil, 3, nil, 3, nil])
    #expect(try windows(.gemma3, [:]) == [4096, 4096, 4096, 4096, 4096, nil, 4096, 4096])
    #expect(
      try windows(.gemma3, ["sliding_window": 3, "sliding_window_pattern": 4])
        == [3, 3, 3, nil, 3, 3, 3, nil])
    #expect(try windows(.qwen2, ["sliding_window": 3]) == none)
    #expect(
      try windows(
        .qwen2, ["sliding_window": 3, "use_sliding_window": true, "max_window_layers": 5])
        == [nil, nil, nil, nil, nil, 3, 3, 3])
    #expect(
      try windows(
        .qwen3,
        ["sliding_window": .null, "use_sliding_window": true, "max_window_layers": 0]) == none)
    #expect(
      try windows(
        .smollm3, ["sliding_window": 3, "use_sliding_window": true])
        == [nil, nil, nil, 3, nil, nil, nil, 3])
    #expect(try windows(.smollm3, ["use_sliding_window": true]) == none)
    let types: JSONLiteral = .array(
      (0..<8).map { $0 == 2 ? "sliding_attention" : "full_attention" })
    #expect(
      try windows(.gemma2, ["sliding_window": 3, "layer_types": types])
        == [nil, nil, 3, nil, nil, nil, nil, nil])
  }

  @Test func explicitNullSwitchesOffWhatAbsenceLeavesOn() throws {
    let configuration = try FilesFixture.configuration(
      of: """
        {"model_type": "gemma2", "vocab_size": 20, "hidden_size": 16, "intermediate_size": 24,
         "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": null,
         "head_dim": null, "attn_logit_softcapping": null, "final_logit_softcapping": null,
         "rope_scaling": null, "tie_word_embeddings": null, "eos_token_id": null,
         "quantization_config": null, "layer_types": null, "use_bidirectional_attention": null}
        """)
    #expect((configuration.attentionSoftcap, configuration.finalSoftcap) == (nil, nil))
    #expect((configuration.keyValueHeadCount, configuration.headDimension) == (4, 256))
    #expect(configuration.tiedEmbeddings && configuration.endTokenIDs.isEmpty)
  }

  @Test func someLayersOfSmolLM3AreNotRotated() throws {
    let everyFourth = try FilesFixture.configuration(.smollm3)
    #expect(everyFourth.layers.map(\.rope) == [0, 0, 0, nil, 0, 0, 0, nil])
    let listed = try FilesFixture.configuration(
      .smollm3, ["no_rope_layers": [1, 0, 0, 1, 1, 1, 1, 1]])
    #expect(listed.layers.map(\.rope) == [0, nil, nil, 0, 0, 0, 0, 0])
  }

  @Test func publishedSmolLM3FilesAreReadWithTheirIdleKeys() throws {
    let configuration = try FilesFixture.configuration(
      .smollm3, ["pretraining_tp": 2, "max_window_layers": 28, "sliding_window": .null])
    #expect(configuration.ignoredKeys == ["pretraining_tp", "max_window_layers"])
    #expect(configuration.layers.allSatisfy { $0.window == nil })
  }

  @Test func multimodalGemma3IsReadFromItsTextConfig() throws {
    let configuration = try FilesFixture.configuration(
      of: """
        {"model_type": "gemma3", "architectures": ["Gemma3ForConditionalGeneration"],
         "eos_token_id": [1, 106], "torch_dtype": "bfloat16", "vision_config": {},
         "text_config": {"hidden_size": 2560, "intermediate_size": 10240,
           "model_type": "gemma3_text", "num_hidden_layers": 34, "sliding_window": 1024,
           "rope_scaling": {"factor": 8.0, "rope_type": "linear"}}}
        """)
    #expect(configuration.family == .gemma3)
    #expect((configuration.headCount, configuration.vocabularySize) == (8, 262_208))
    #expect(configuration.ropes[0].scaling == .linear(factor: 8))
    #expect(configuration.endTokenIDs == [1, 106])
    #expect(configuration.source["model_type"] == "gemma3_text")
    #expect(configuration.source["torch_dtype"] == "bfloat16")
  }

  @Test func wholeNumbersAndFractionsAreReadEitherWay() throws {
    let configuration = try FilesFixture.configuration(
      of: """
        {"model_type": "llama", "vocab_size": 20.0, "hidden_size": 16, "intermediate_size": 24,
         "num_hidden_layers": 2, "num_attention_heads": 4, "rope_theta": 500000,
         "rms_norm_eps": 1, "pad_token_id": -1, "eos_token_id": [2, 7]}
        """)
    #expect(configuration.vocabularySize == 20)
    #expect(configuration.ropes[0].theta == 500_000)
    #expect(configuration.padTokenID == nil && configuration.endTokenIDs == [2, 7])
  }

  @Test func keysThatAreNotReadAreNamed() throws {
    let configuration = try FilesFixture.configuration(
      .llama,
      ["use_cache": true, "rope_scaling": ["type": "linear", "factor": 2, "origin": "x"]])
    #expect(configuration.ignoredKeys == ["use_cache", "rope_scaling.origin"])
  }

  @Test(arguments: [
    #"{"temperature": -1}"#, #"{"temperature": 1e300}"#, #"{"top_k": -1}"#, #"{"top_p": 0}"#,
    #"{"top_p": 7}"#, #"{"min_p": -1}"#, #"{"max_new_tokens": 0}"#,
    #"{"max_new_tokens": 9223372036854775807}"#,
  ])
  func aSamplingLawThatCannotBeDrawnFromIsRefused(file: String) throws {
    let configuration = try FilesFixture.configuration(.llama)
    let json = try JSON(parsing: file)
    #expect(throws: ModelFileError.self) {
      try GenerationConfiguration(json, configuration: configuration)
    }
  }

  @Test func anEndThatNoVocabularyHasEndsNothing() throws {
    let configuration = try FilesFixture.configuration(
      .llama, ["eos_token_id": [7, 1_000_000_000_000]])
    #expect(configuration.endTokenIDs == [7])
  }
}
