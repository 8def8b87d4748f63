import JSON

extension ModelConfiguration {
  /// Refuses switches that change what the model computes in a way that is not implemented.
  static func refuseUnimplemented(_ reader: ConfigurationReader, _ family: Family) throws {
    if let value = reader.value("quantization_config") {
      throw reader.unsupported(
        "quantization_config", value,
        "use the unquantized model, with float32, float16 or bfloat16 weights")
    }
    // Published SmolLM3 files say 2, to a class that has no such switch.
    if family != .smollm3, let ways = try reader.number("pretraining_tp"), ways > 1 {
      throw reader.unsupported(
        "pretraining_tp", reader.json["pretraining_tp"],
        "set it to 1: the weights are the same, only the rounding differs")
    }
    try refusePartialRotation(reader)
    for (key, plain) in switches(family) {
      guard let value = reader.value(key), value.bool != plain else { continue }
      throw reader.unsupported(key, value, "only \(plain) is implemented for \(family.rawValue)")
    }
  }

  /// `partial_rotary_factor`, which old files keep at top level and new ones with the rotation.
  static func refusePartialRotation(_ reader: ConfigurationReader) throws {
    if let part = try reader.number("partial_rotary_factor"), part != 1 {
      throw reader.unsupported(
        "partial_rotary_factor", reader.json["partial_rotary_factor"],
        "all channels of a head are rotated")
    }
  }

  /// Switches of derived architectures under the same `model_type`, and the value that is plain.
  private static func switches(_ family: Family) -> [(key: String, plain: Bool)] {
    [
      ("use_bidirectional_attention", false), ("is_causal", true), ("is_encoder_decoder", false),
      ("add_cross_attention", false), ("rope_interleaved", false),
      ("headwise_attn_output_gate", false), ("elementwise_attn_output_gate", false),
      ("use_qk_norm", family.defaults.hasQueryKeyNorm),
    ]
  }
}
