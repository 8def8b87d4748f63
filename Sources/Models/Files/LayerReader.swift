import JSON

/// Reads which layers of a `config.json` look through a window and which are rotated.
struct LayerReader {
  let reader: ConfigurationReader
  let family: ModelConfiguration.Family
  let layerCount: Int

  /// More layers than any model of these families has, and few enough to hold a list of them.
  static let maximumLayerCount = 100_000

  func layers() throws -> [ModelConfiguration.Layer] {
    guard layerCount <= Self.maximumLayerCount else {
      throw reader.invalid(
        "num_hidden_layers", reader.json["num_hidden_layers"],
        "at most \(Self.maximumLayerCount)")
    }
    let rotated = try rotatedLayers()
    let window =
      try reader.size("sliding_window")
      ?? (reader.has("sliding_window") ? nil : family.defaults.window)
    let sliding = try slidingLayers(rotated: rotated, hasWindow: window != nil)
    if sliding.contains(true), window == nil {
      throw reader.invalid(
        "sliding_window", reader.json["sliding_window"], "a number, because some layers slide")
    }
    return (0..<layerCount).map { layer in
      let rope = family == .gemma3 && sliding[layer] ? 1 : 0
      return .init(
        window: sliding[layer] ? window : nil, rope: rotated[layer] ? rope : nil)
    }
  }

  /// SmolLM3 leaves some layers unrotated; a 1 in `no_rope_layers` means that RoPE is used.
  private func rotatedLayers() throws -> [Bool] {
    guard family == .smollm3 else { return .init(repeating: true, count: layerCount) }
    let interval = try reader.size("no_rope_layer_interval") ?? 4
    guard let list = try reader.array("no_rope_layers") else {
      return (1...layerCount).map { $0 % interval != 0 }
    }
    let flags = list.map { $0.int == 1 || $0.bool == true }
    let known = list.allSatisfy { $0.int == 0 || $0.int == 1 || $0.bool != nil }
    guard known, flags.count >= layerCount else {
      throw reader.invalid(
        "no_rope_layers", reader.json["no_rope_layers"],
        "a 0 or 1 for each of the \(layerCount) layers")
    }
    return Array(flags.prefix(layerCount))
  }

  private func slidingLayers(rotated: [Bool], hasWindow: Bool) throws -> [Bool] {
    let implied = try impliedSlidingLayers(rotated: rotated, hasWindow: hasWindow)
    guard let types = try reader.array("layer_types") else { return implied }
    guard types.count == layerCount else {
      throw reader.invalid(
        "layer_types", reader.json["layer_types"],
        "a list of num_hidden_layers, \(layerCount), names; it has \(types.count)")
    }
    return try types.map { type in
      switch type.string {
      case "sliding_attention": return true
      case "full_attention": return false
      default:
        throw reader.unsupported(
          "layer_types", type, "full_attention and sliding_attention are what it has")
      }
    }
  }

  /// The layers that slide where `layer_types` is absent.
  private func impliedSlidingLayers(rotated: [Bool], hasWindow: Bool) throws -> [Bool] {
    let layers = 0..<layerCount
    switch family {
    case .llama:
      return layers.map { _ in false }
    case .gemma2:
      return layers.map { $0 % 2 == 0 }
    case .gemma3:
      let pattern = try reader.size("sliding_window_pattern") ?? 6
      return layers.map { ($0 + 1) % pattern != 0 }
    case .qwen2, .qwen3:
      let slides = try (reader.bool("use_sliding_window") ?? false) && hasWindow
      let first = try reader.int("max_window_layers") ?? 28
      return layers.map { slides && $0 >= first }
    case .smollm3:
      let slides = try (reader.bool("use_sliding_window") ?? false) && hasWindow
      return layers.map { slides && !rotated[$0] }
    }
  }
}
