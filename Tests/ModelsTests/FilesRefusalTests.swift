import JSON
import Testing

@testable import Models

/// What `config.json` may not ask for, and that the refusal names the key and its value.
struct FilesRefusalTests {
  struct Refusal: Sendable {
    var family: ModelConfiguration.Family = .llama
    var key: String
    var value: JSONLiteral
    var message: String
  }

  static let refusals = [
    Refusal(key: "model_type", value: "mistral", message: "model_type is \"mistral\""),
    Refusal(key: "hidden_act", value: "gelu", message: "hidden_act is \"gelu\""),
    Refusal(key: "hidden_act", value: 3, message: "hidden_act is 3; it must be a string"),
    Refusal(
      key: "quantization_config", value: ["bits": 4], message: "quantization_config is {\"bits\":4}"
    ),
    Refusal(key: "pretraining_tp", value: 2, message: "pretraining_tp is 2"),
    Refusal(
      key: "partial_rotary_factor", value: 0.5, message: "config.json: partial_rotary_factor is 0.5"
    ),
    Refusal(
      key: "rope_parameters", value: ["rope_type": "default", "partial_rotary_factor": 0.25],
      message: "rope_parameters.partial_rotary_factor is 0.25"),
    Refusal(
      family: .gemma3, key: "use_bidirectional_attention", value: true,
      message: "use_bidirectional_attention is true"),
    Refusal(
      family: .qwen3, key: "headwise_attn_output_gate", value: true,
      message: "headwise_attn_output_gate is true"),
    Refusal(key: "use_qk_norm", value: true, message: "use_qk_norm is true"),
    Refusal(
      key: "rope_scaling", value: ["type": "longrope"],
      message: "rope_scaling.type is \"longrope\""),
    Refusal(
      key: "rope_parameters", value: ["rope_type": "proportional"],
      message: "rope_parameters.rope_type is \"proportional\""),
    Refusal(
      key: "rope_scaling", value: ["type": "linear"], message: "rope_scaling.factor is missing"),
    Refusal(
      key: "rope_scaling", value: ["type": "linear", "factor": "2"],
      message: "rope_scaling.factor is \"2\"; it must be a number"),
    Refusal(
      key: "rope_scaling", value: ["type": "linear", "factor": 0],
      message: "rope_scaling.factor is 0"),
    Refusal(
      key: "rope_scaling", value: ["rope_type": "llama3", "factor": 8],
      message: "low_freq_factor is missing"),
    Refusal(key: "rope_theta", value: -1, message: "rope_theta is -1"),
    Refusal(
      key: "rope_parameters", value: ["full_attention": ["rope_type": "default"]],
      message: "rope_parameters.full_attention is"),
    Refusal(
      family: .gemma3, key: "rope_parameters", value: ["rope_type": "linear", "factor": 2],
      message: "without rope_parameters.rope_type"),
    Refusal(key: "num_key_value_heads", value: 3, message: "a divisor of num_attention_heads, 4"),
    Refusal(key: "num_key_value_heads", value: 0, message: "num_key_value_heads is 0"),
    Refusal(key: "head_dim", value: 5, message: "head_dim is 5; it must be even"),
    Refusal(key: "vocab_size", value: "20", message: "vocab_size is \"20\"; it must be an integer"),
    Refusal(key: "vocab_size", value: 20.5, message: "vocab_size is 20.5; it must be an integer"),
    Refusal(key: "hidden_size", value: nil, message: "hidden_size is missing"),
    Refusal(key: "num_hidden_layers", value: 2_000_000, message: "at most 100000"),
    Refusal(
      family: .gemma2, key: "layer_types", value: ["full_attention"],
      message: "num_hidden_layers, 8, names; it has 1"),
    Refusal(
      family: .qwen2, key: "layer_types",
      value: .array(.init(repeating: "chunked_attention", count: 8)),
      message: "layer_types is \"chunked_attention\""),
    Refusal(
      family: .gemma2, key: "sliding_window", value: nil,
      message: "sliding_window is null; it must be a number"),
    Refusal(
      family: .smollm3, key: "no_rope_layers", value: [1, 0], message: "each of the 8 layers"),
    Refusal(
      family: .gemma2, key: "attn_logit_softcapping", value: 0,
      message: "attn_logit_softcapping is 0; it must be a number above 0"),
    Refusal(key: "eos_token_id", value: "</s>", message: "eos_token_id is \"</s>\""),
  ]

  @Test(arguments: refusals)
  func aRefusalNamesTheKeyAndItsValue(_ refusal: Refusal) {
    let message = FilesFixture.error {
      _ = try FilesFixture.configuration(refusal.family, [refusal.key: refusal.value])
    }
    #expect(message.hasPrefix("config.json: "))
    #expect(message.contains(refusal.message), "\(message)")
  }

  @Test func brokenTextIsReportedWithItsLine() throws {
    let folder = try FilesFolder()
    try folder.write("{\n\"model_type\": \"llama\",\n]", to: "config.json")
    let message = FilesFixture.error { _ = try ModelConfiguration(folder: folder.url) }
    #expect(message.hasPrefix("config.json:3: not valid JSON"))
  }
}
