import JSON

extension ModelConfiguration {
  /// What a model that does not exist yet is to look like; the rest is its family's default.
  public struct Shape: Sendable {
    public var family: Family
    public var vocabularySize: Int
    public var hiddenSize: Int
    public var intermediateSize: Int
    public var layerCount: Int
    public var headCount: Int
    public var keyValueHeadCount: Int
    public var headDimension: Int
    public var maxPositions: Int
    public var theta: Double
    public var normEpsilon: Double
    public var tiedEmbeddings: Bool
    public var beginTokenID: Int?
    public var endTokenIDs: [Int]
    public var padTokenID: Int?

    /// - Parameter headDimension: `nil` for the hidden size divided by the heads.
    public init(
      family: Family, vocabularySize: Int, hiddenSize: Int, intermediateSize: Int,
      layerCount: Int, headCount: Int, keyValueHeadCount: Int, headDimension: Int? = nil,
      maxPositions: Int, theta: Double = 10_000, normEpsilon: Double = 1e-6,
      tiedEmbeddings: Bool = true, beginTokenID: Int? = nil, endTokenIDs: [Int] = [],
      padTokenID: Int? = nil
    ) {
      precondition(headCount > 0, "\(headCount) heads")
      self.family = family
      self.vocabularySize = vocabularySize
      self.hiddenSize = hiddenSize
      self.intermediateSize = intermediateSize
      self.layerCount = layerCount
      self.headCount = headCount
      self.keyValueHeadCount = keyValueHeadCount
      self.headDimension = headDimension ?? hiddenSize / headCount
      self.maxPositions = maxPositions
      self.theta = theta
      self.normEpsilon = normEpsilon
      self.tiedEmbeddings = tiedEmbeddings
      self.beginTokenID = beginTokenID
      self.endTokenIDs = endTokenIDs
      self.padTokenID = padTokenID
    }
  }

  /// The configuration of a new model, with a complete `config.json` that transformers reads.
  ///
  /// The layout is the old one, which every version of transformers understands.
  public init(_ shape: Shape) throws {
    try self.init(JSON(parsing: shape.configurationFile.serialized(), source: "config.json"))
  }
}

extension ModelConfiguration.Shape {
  /// The object of `config.json`.
  var configurationFile: JSONLiteral {
    func ids(_ ids: [Int]) -> JSONLiteral {
      ids.count > 1 ? .array(ids.map { .int($0) }) : ids.first.map { .int($0) } ?? .null
    }
    var file: JSONLiteral = [
      "architectures": [.string(family.className)],
      "attention_bias": false,
      "attention_dropout": 0.0,
      "bos_token_id": ids(beginTokenID.map { [$0] } ?? []),
      "eos_token_id": ids(endTokenIDs),
      "head_dim": .int(headDimension),
      family.defaults.activationKey: .string(family.defaults.activation),
      "hidden_size": .int(hiddenSize),
      "initializer_range": 0.02,
      "intermediate_size": .int(intermediateSize),
      "max_position_embeddings": .int(maxPositions),
      "model_type": .string(family.rawValue),
      "num_attention_heads": .int(headCount),
      "num_hidden_layers": .int(layerCount),
      "num_key_value_heads": .int(keyValueHeadCount),
      "pad_token_id": ids(padTokenID.map { [$0] } ?? []),
      "rms_norm_eps": .double(normEpsilon),
      "rope_scaling": nil,
      "rope_theta": .double(theta),
      "tie_word_embeddings": .bool(tiedEmbeddings),
      "torch_dtype": "float32",
      "use_cache": true,
      "vocab_size": .int(vocabularySize),
    ]
    for (key, value) in familyMembers { file[key] = value }
    return file
  }

  /// Keys of this family alone, at the values of its class where the shape has no say.
  private var familyMembers: [(key: String, value: JSONLiteral)] {
    switch family {
    case .llama:
      [("mlp_bias", false), ("pretraining_tp", 1)]
    case .qwen2, .qwen3:
      [("max_window_layers", 28), ("sliding_window", nil), ("use_sliding_window", false)]
    case .smollm3:
      [("mlp_bias", false), ("no_rope_layer_interval", 4), ("use_sliding_window", false)]
    case .gemma2:
      [
        ("attn_logit_softcapping", 50.0), ("final_logit_softcapping", 30.0),
        ("query_pre_attn_scalar", .int(headDimension)), ("sliding_window", 4096),
      ]
    case .gemma3:
      [
        ("query_pre_attn_scalar", .int(headDimension)), ("rope_local_base_freq", 10_000.0),
        ("sliding_window", 4096), ("sliding_window_pattern", 6),
      ]
    }
  }
}

extension ModelConfiguration.Family {
  /// The class that transformers loads.
  var className: String {
    switch self {
    case .llama: "LlamaForCausalLM"
    case .qwen2: "Qwen2ForCausalLM"
    case .qwen3: "Qwen3ForCausalLM"
    case .smollm3: "SmolLM3ForCausalLM"
    case .gemma2: "Gemma2ForCausalLM"
    case .gemma3: "Gemma3ForCausalLM"
    }
  }
}
