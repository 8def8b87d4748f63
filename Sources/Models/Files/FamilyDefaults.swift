/// What a family's `config.json` means where it says nothing, and what the family fixes.
///
/// The values are those of the configuration classes of transformers 5.
struct FamilyDefaults {
  /// `nil`: as many as query heads.
  var keyValueHeadCount: Int?
  /// `nil`: hidden size divided by heads.
  var headDimension: Int?
  var theta: Double = 1e4
  var maxPositions: Int
  var tiedEmbeddings = false
  /// `nil`: what `attention_bias` says.
  var queryKeyValueBias: Bool?
  var outputBias: Bool?
  var readsMLPBias = false
  var activationKey = "hidden_act"
  var activation = "silu"
  var window: Int?
  var attentionSoftcap: Double?
  var finalSoftcap: Double?
  var isGemma = false
  var hasQueryKeyNorm = false
  var beginTokenID: Int?
  var endTokenIDs: [Int] = []
  var padTokenID: Int?
  /// Sizes that multimodal files leave out where they are the class's defaults.
  var sizes: [String: Int] = [:]
}

extension ModelConfiguration.Family {
  var defaults: FamilyDefaults {
    switch self {
    case .llama:
      FamilyDefaults(
        maxPositions: 2048, readsMLPBias: true, beginTokenID: 1, endTokenIDs: [2])
    case .qwen2:
      FamilyDefaults(
        maxPositions: 32_768, queryKeyValueBias: true, outputBias: false, window: 4096)
    case .qwen3:
      FamilyDefaults(
        headDimension: 128, maxPositions: 32_768, window: 4096, hasQueryKeyNorm: true)
    case .smollm3:
      FamilyDefaults(
        keyValueHeadCount: 4, theta: 2e6, maxPositions: 32_768, tiedEmbeddings: true,
        readsMLPBias: true, beginTokenID: 128_000, endTokenIDs: [128_001], padTokenID: 128_004)
    case .gemma2:
      FamilyDefaults(
        keyValueHeadCount: 4, headDimension: 256, maxPositions: 8192, tiedEmbeddings: true,
        activationKey: "hidden_activation", activation: "gelu_pytorch_tanh", window: 4096,
        attentionSoftcap: 50, finalSoftcap: 30, isGemma: true, beginTokenID: 2, endTokenIDs: [1],
        padTokenID: 0)
    case .gemma3:
      FamilyDefaults(
        keyValueHeadCount: 4, headDimension: 256, theta: 1e6, maxPositions: 131_072,
        tiedEmbeddings: true, activationKey: "hidden_activation",
        activation: "gelu_pytorch_tanh", window: 4096, isGemma: true, hasQueryKeyNorm: true,
        beginTokenID: 2, endTokenIDs: [1], padTokenID: 0,
        sizes: [
          "vocab_size": 262_208, "hidden_size": 2304, "intermediate_size": 9216,
          "num_hidden_layers": 26, "num_attention_heads": 8,
        ])
    }
  }
}
