import JSON

/// Reads the rotations of a `config.json`: `rope_parameters` of new files, or `rope_theta` and
/// `rope_scaling` of old ones.
final class RopeReader {
  private let reader: ConfigurationReader
  private let family: ModelConfiguration.Family
  private let maxPositions: Int
  private let headDimension: Int
  private(set) var ignoredKeys: [String] = []

  init(
    reader: ConfigurationReader, family: ModelConfiguration.Family, maxPositions: Int,
    headDimension: Int
  ) {
    (self.reader, self.family) = (reader, family)
    (self.maxPositions, self.headDimension) = (maxPositions, headDimension)
  }

  /// One rotation, or for Gemma 3 that of full layers and that of sliding layers.
  func ropes() throws -> [Rope] {
    let parameters = try reader.object("rope_parameters")
    // Read either way, so that a file with both layouts has no ignored key.
    let theta = try reader.positive("rope_theta") ?? family.defaults.theta
    let scaling = try reader.object("rope_scaling")
    guard family == .gemma3 else {
      if let parameters { try refuseNested(parameters) }
      return [try rope(parameters ?? scaling, theta: theta)]
    }
    let localTheta = try reader.positive("rope_local_base_freq") ?? 1e4
    guard let parameters else {
      return [try rope(scaling, theta: theta), try rope(nil, theta: localTheta)]
    }
    let full = try parameters.object("full_attention")
    let sliding = try parameters.object("sliding_attention")
    if let flat = parameters.unread.first {
      throw ModelFileError.invalid(
        file: reader.file, key: "rope_parameters", value: reader.json["rope_parameters"].summary,
        expected: "an object of full_attention and sliding_attention, without \(flat)")
    }
    return [try rope(full, theta: theta), try rope(sliding, theta: localTheta)]
  }

  private func refuseNested(_ parameters: ConfigurationReader) throws {
    for key in ["full_attention", "sliding_attention"] {
      guard let value = parameters.value(key) else { continue }
      throw parameters.unsupported(
        key, value, "in \(family.rawValue) all layers are rotated alike")
    }
  }

  private func rope(_ parameters: ConfigurationReader?, theta: Double) throws -> Rope {
    var rope = Rope(theta: theta, maxPositions: maxPositions, scaling: .default)
    guard let parameters else { return try checked(rope) }
    if let own = try parameters.positive("rope_theta") { rope.theta = own }
    rope.scaling = try scaling(parameters, theta: rope.theta)
    try ModelConfiguration.refusePartialRotation(parameters)
    ignoredKeys += parameters.unread
    return try checked(rope)
  }

  /// Refuses a rotation of more than a radian a position, or of none that is a number.
  private func checked(_ rope: Rope) throws -> Rope {
    guard headDimension > 0, headDimension % 2 == 0 else { return rope }
    for length in [maxPositions, 1 << 20] {
      let rotation = rope.frequencies(headDimension: headDimension, contextLength: length)
      guard rotation.multiplier.isFinite, rotation.frequencies.allSatisfy({ (0...1).contains($0) })
      else {
        throw ModelFileError.invalid(
          file: reader.file, key: "rope_theta", value: "\(rope.theta) with \(rope.scaling)",
          expected: "a base, and a scaling where there is one, of at least 1")
      }
    }
    return rope
  }

  private func scaling(_ parameters: ConfigurationReader, theta: Double) throws -> Rope.Scaling {
    let legacy = try parameters.string("type")
    let name = try parameters.string("rope_type") ?? legacy ?? "default"
    func required(_ key: String) throws -> Double {
      try parameters.required(key, parameters.positive(key))
    }
    switch name {
    case "default":
      return .default
    case "linear":
      return .linear(factor: try required("factor"))
    case "dynamic":
      guard headDimension > 2 else {
        throw parameters.unsupported(
          "rope_type", parameters.json["rope_type"], "dynamic rotation needs head_dim above 2")
      }
      return .dynamic(factor: try required("factor"))
    case "llama3":
      return .llama3(
        Rope.Llama3(
          factor: try required("factor"), lowFrequencyFactor: try required("low_freq_factor"),
          highFrequencyFactor: try required("high_freq_factor"),
          originalMaxPositions: try originalMaxPositions(parameters)))
    case "yarn":
      return .yarn(try yarn(parameters))
    default:
      let key = parameters.json["rope_type"].isNull ? "type" : "rope_type"
      throw parameters.unsupported(
        key, parameters.json[key], "default, linear, dynamic, llama3 and yarn are what it has")
    }
  }

  private func yarn(_ parameters: ConfigurationReader) throws -> Rope.Yarn {
    let original = try originalMaxPositions(parameters)
    let factor =
      try parameters.positive("factor") ?? Double(maxPositions) / Double(original)
    let mscale = try parameters.number("mscale") ?? 0
    let mscaleAllDimensions = try parameters.number("mscale_all_dim") ?? 0
    let own = try parameters.positive("attention_factor")
    let implied =
      mscale != 0 && mscaleAllDimensions != 0
      ? Rope.Yarn.attentionScale(factor, mscale)
        / Rope.Yarn.attentionScale(factor, mscaleAllDimensions)
      : Rope.Yarn.attentionScale(factor)
    return Rope.Yarn(
      factor: factor, originalMaxPositions: original,
      betaFast: try parameters.positive("beta_fast") ?? 32,
      betaSlow: try parameters.positive("beta_slow") ?? 1,
      truncate: try parameters.bool("truncate") ?? true, attentionFactor: own ?? implied)
  }

  private func originalMaxPositions(_ parameters: ConfigurationReader) throws -> Int {
    let key = "original_max_position_embeddings"
    let own = try parameters.size(key)
    // Some files keep it at top level, and transformers lets that value win.
    let shared = family == .gemma3 ? nil : try reader.size(key)
    return shared ?? own ?? maxPositions
  }
}
