extension ModelConfiguration {
  /// Shapes of known models, for new models with random weights and for measuring speed.
  public enum Preset: String, Sendable, CaseIterable {
    /// Karpathy's stories15M.
    case llama15M = "llama-15m"
    case smolLM2135M = "smollm2-135m"
    case qwen2505B = "qwen2.5-0.5b"

    public var shape: Shape {
      switch self {
      case .llama15M:
        Shape(
          family: .llama, vocabularySize: 32_000, hiddenSize: 288, intermediateSize: 768,
          layerCount: 6, headCount: 6, keyValueHeadCount: 6, maxPositions: 256, normEpsilon: 1e-5,
          beginTokenID: 1, endTokenIDs: [2])
      case .smolLM2135M:
        Shape(
          family: .llama, vocabularySize: 49_152, hiddenSize: 576, intermediateSize: 1536,
          layerCount: 30, headCount: 9, keyValueHeadCount: 3, maxPositions: 8192, theta: 1e5,
          normEpsilon: 1e-5, beginTokenID: 0, endTokenIDs: [0])
      case .qwen2505B:
        Shape(
          family: .qwen2, vocabularySize: 151_936, hiddenSize: 896, intermediateSize: 4864,
          layerCount: 24, headCount: 14, keyValueHeadCount: 2, maxPositions: 32_768, theta: 1e6,
          endTokenIDs: [151_645, 151_643], padTokenID: 151_643)
      }
    }
  }
}
