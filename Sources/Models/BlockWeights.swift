import Kernels
import Tensors

/// The weights of one block as the forward pass reads them. Matrices that share an input are
/// packed into one product: queries, keys and values; gate and up.
struct BlockWeights {
  var inputNorm: Storage<Float>
  /// `[(nh + 2 nkv) d, H]`
  var queryKeyValue: PackedWeight
  var queryKeyValueBias: Storage<Float>?
  /// `[d]`
  var queryNorm: Storage<Float>?
  var keyNorm: Storage<Float>?
  /// `[H, nh d]`
  var output: PackedWeight
  var outputBias: Storage<Float>?
  /// Gemma's norm of the attention branch.
  var attentionBranchNorm: Storage<Float>?
  /// The norm before the MLP.
  var middleNorm: Storage<Float>
  /// `[2 F, H]`
  var gateUp: PackedWeight
  var gateUpBias: Storage<Float>?
  /// `[H, F]`
  var down: PackedWeight
  var downBias: Storage<Float>?
  /// Gemma's norm of the MLP branch.
  var mlpBranchNorm: Storage<Float>?
}

/// The names that a block's tensors have in a checkpoint (models.md, section 3).
struct BlockNames {
  let prefix: String

  init(layer: Int) { prefix = "model.layers.\(layer)." }

  var inputNorm: String { prefix + "input_layernorm.weight" }
  var query: String { prefix + "self_attn.q_proj" }
  var key: String { prefix + "self_attn.k_proj" }
  var value: String { prefix + "self_attn.v_proj" }
  var output: String { prefix + "self_attn.o_proj" }
  var queryNorm: String { prefix + "self_attn.q_norm.weight" }
  var keyNorm: String { prefix + "self_attn.k_norm.weight" }
  var postAttentionNorm: String { prefix + "post_attention_layernorm.weight" }
  var preFeedForwardNorm: String { prefix + "pre_feedforward_layernorm.weight" }
  var postFeedForwardNorm: String { prefix + "post_feedforward_layernorm.weight" }
  var gate: String { prefix + "mlp.gate_proj" }
  var up: String { prefix + "mlp.up_proj" }
  var down: String { prefix + "mlp.down_proj" }

  /// The norm before the MLP; gemma keeps `post_attention_layernorm` for the attention branch.
  func middleNorm(sandwich: Bool) -> String { sandwich ? preFeedForwardNorm : postAttentionNorm }
}
