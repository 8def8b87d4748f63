import Foundation
import JSON

extension ModelConfiguration {
  /// Reads `config.json` of a model folder, in the layout of old files or of new ones.
  ///
  /// - Throws: ``ModelFileError`` naming the key and its value where it asks for what is not
  ///   implemented; `JSONError` where the file cannot be read.
  public init(folder: URL) throws {
    try self.init(JSON(contentsOf: folder.appending(path: "config.json")))
  }

  /// Reads the object that a `config.json` holds.
  public init(_ json: JSON, file: String = "config.json") throws {
    _ = try json.requireObject()
    let json = try Self.textModel(of: json, file: file)
    let reader = ConfigurationReader(json, file: file)
    let family = try Self.family(reader)
    let defaults = family.defaults
    try Self.refuseUnimplemented(reader, family)

    func size(_ key: String) throws -> Int {
      try reader.required(key, reader.size(key) ?? defaults.sizes[key])
    }
    self.family = family
    source = JSONLiteral(json)
    vocabularySize = try size("vocab_size")
    hiddenSize = try size("hidden_size")
    intermediateSize = try size("intermediate_size")
    layerCount = try size("num_hidden_layers")
    headCount = try size("num_attention_heads")
    keyValueHeadCount =
      try reader.size("num_key_value_heads") ?? defaults.keyValueHeadCount ?? headCount
    headDimension =
      try reader.size("head_dim") ?? defaults.headDimension ?? hiddenSize / headCount
    maxPositions = try reader.size("max_position_embeddings") ?? defaults.maxPositions

    normEpsilon = Float(try reader.positive("rms_norm_eps") ?? 1e-6)
    normGainOffset = defaults.isGemma ? 1 : 0
    embeddingMultiplier = defaults.isGemma ? Float(hiddenSize).squareRoot() : 1
    activation = try Self.activation(reader, defaults)
    let scaleBase =
      defaults.isGemma
      ? try reader.positive("query_pre_attn_scalar") ?? 256 : Double(headDimension)
    attentionScale = Float(1 / scaleBase.squareRoot())
    attentionSoftcap =
      family == .gemma2
      ? try Self.softcap(reader, "attn_logit_softcapping", defaults.attentionSoftcap) : nil
    finalSoftcap =
      defaults.isGemma
      ? try Self.softcap(reader, "final_logit_softcapping", defaults.finalSoftcap) : nil
    hasQueryKeyNorm = defaults.hasQueryKeyNorm
    hasSandwichNorms = defaults.isGemma

    let attentionBias =
      defaults.queryKeyValueBias == nil ? try reader.bool("attention_bias") ?? false : false
    queryKeyValueBias = defaults.queryKeyValueBias ?? attentionBias
    outputBias = defaults.outputBias ?? attentionBias
    mlpBias = defaults.readsMLPBias ? try reader.bool("mlp_bias") ?? false : false
    tiedEmbeddings = try reader.bool("tie_word_embeddings") ?? defaults.tiedEmbeddings

    let ropeReader = RopeReader(
      reader: reader, family: family, maxPositions: maxPositions, headDimension: headDimension)
    ropes = try ropeReader.ropes()
    layers = try LayerReader(
      reader: reader, family: family, layerCount: layerCount
    ).layers()

    func ids(_ key: String, _ fallback: [Int]) throws -> [Int] {
      try reader.tokenIDs(key) ?? (reader.has(key) ? [] : fallback)
    }
    beginTokenID = try ids("bos_token_id", defaults.beginTokenID.map { [$0] } ?? []).first
    endTokenIDs = try ids("eos_token_id", defaults.endTokenIDs)
    padTokenID = try ids("pad_token_id", defaults.padTokenID.map { [$0] } ?? []).first

    ignoredKeys = reader.unread + ropeReader.ignoredKeys
    try checkShape(reader)
  }

  private func checkShape(_ reader: ConfigurationReader) throws {
    func refuse(_ key: String, _ value: Int, _ expected: String) throws -> Never {
      throw ModelFileError.invalid(
        file: reader.file, key: key, value: "\(value)", expected: expected)
    }
    if headCount % keyValueHeadCount != 0 {
      try refuse(
        "num_key_value_heads", keyValueHeadCount, "a divisor of num_attention_heads, \(headCount)")
    }
    if headDimension == 0 || headDimension % 2 != 0 {
      try refuse("head_dim", headDimension, "even, because rotation pairs its channels")
    }
    if reader.json["head_dim"].isNull && family.defaults.headDimension == nil
      && hiddenSize % headCount != 0
    {
      try refuse(
        "hidden_size", hiddenSize,
        "a multiple of num_attention_heads, \(headCount), where head_dim is absent")
    }
  }

  /// The object with the text model's fields: a multimodal Gemma 3 keeps them in `text_config`.
  private static func textModel(of json: JSON, file: String) throws -> JSON {
    guard json["model_type"].string == "gemma3" else { return json }
    guard json["text_config"].kind == .object else {
      throw ModelFileError.missingKey(file: file, key: "text_config")
    }
    var text = JSONLiteral(json["text_config"])
    text["model_type"] = "gemma3_text"
    text["architectures"] = ["Gemma3ForCausalLM"]
    for key in ["bos_token_id", "eos_token_id", "pad_token_id"] where !json[key].isNull {
      text[key] = JSONLiteral(json[key])
    }
    let shared = [
      "tie_word_embeddings", "quantization_config", "dtype", "torch_dtype", "transformers_version",
    ]
    for key in shared where !json[key].isNull && json["text_config"][key].isNull {
      text[key] = JSONLiteral(json[key])
    }
    return try JSON(parsing: text.serialized(), source: "\(file): text_config")
  }

  private static func family(_ reader: ConfigurationReader) throws -> Family {
    let name = try reader.required("model_type", reader.string("model_type"))
    guard let family = Family(rawValue: name) else {
      let known = (Family.allCases.map(\.rawValue) + ["gemma3"]).joined(separator: ", ")
      throw reader.unsupported(
        "model_type", reader.json["model_type"], "use a model of type \(known)")
    }
    return family
  }

  private static func activation(
    _ reader: ConfigurationReader, _ defaults: FamilyDefaults
  ) throws -> Activation {
    let key = defaults.activationKey
    switch try reader.string(key) ?? defaults.activation {
    case "silu", "swish": return .silu
    case "gelu_pytorch_tanh", "gelu_new": return .geluTanh
    default:
      throw reader.unsupported(
        key, reader.json[key], "silu and gelu_pytorch_tanh are the activations it has")
    }
  }

  /// A softcap that is absent takes the class's default; null switches it off.
  private static func softcap(
    _ reader: ConfigurationReader, _ key: String, _ fallback: Double?
  ) throws -> Float? {
    let value = try reader.positive(key) ?? (reader.has(key) ? nil : fallback)
    return value.map { Float($0) }
  }
}
