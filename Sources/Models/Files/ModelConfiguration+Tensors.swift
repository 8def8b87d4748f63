extension ModelConfiguration {
  /// Every tensor of the model and its shape, in a fixed order: embedding, layers from the first
  /// to the last, final norm, head. The names are those of the files.
  public var expectedTensors: [(name: String, shape: [Int])] {
    var tensors: [(name: String, shape: [Int])] = [
      ("model.embed_tokens.weight", [vocabularySize, hiddenSize])
    ]
    for layer in 0..<layerCount {
      tensors += layerTensors.map { ("model.layers.\(layer).\($0.name)", $0.shape) }
    }
    tensors.append(("model.norm.weight", [hiddenSize]))
    if !tiedEmbeddings { tensors.append(("lm_head.weight", [vocabularySize, hiddenSize])) }
    return tensors
  }

  /// Weights and biases in all, a tied head counted once.
  public var parameterCount: Int {
    expectedTensors.reduce(0) { $0 + $1.shape.reduce(1, *) }
  }

  /// As ``parameterCount``, for shapes whose count may be beyond integers.
  public var approximateParameters: Double {
    expectedTensors.reduce(0) { $0 + $1.shape.reduce(1) { $0 * Double($1) } }
  }

  /// One layer's tensors, in the order in which a forward pass meets them.
  private var layerTensors: [(name: String, shape: [Int])] {
    let (h, f) = (hiddenSize, intermediateSize)
    let (queries, keys) = (headCount * headDimension, keyValueHeadCount * headDimension)
    func linear(_ name: String, _ out: Int, _ into: Int, bias: Bool) -> [(String, [Int])] {
      [("\(name).weight", [out, into])] + (bias ? [("\(name).bias", [out])] : [])
    }
    func norm(_ name: String, _ width: Int, where present: Bool = true) -> [(String, [Int])] {
      present ? [("\(name).weight", [width])] : []
    }
    return norm("input_layernorm", h)
      + linear("self_attn.q_proj", queries, h, bias: queryKeyValueBias)
      + linear("self_attn.k_proj", keys, h, bias: queryKeyValueBias)
      + linear("self_attn.v_proj", keys, h, bias: queryKeyValueBias)
      + norm("self_attn.q_norm", headDimension, where: hasQueryKeyNorm)
      + norm("self_attn.k_norm", headDimension, where: hasQueryKeyNorm)
      + linear("self_attn.o_proj", h, queries, bias: outputBias)
      + norm("post_attention_layernorm", h)
      + norm("pre_feedforward_layernorm", h, where: hasSandwichNorms)
      + linear("mlp.gate_proj", f, h, bias: mlpBias)
      + linear("mlp.up_proj", f, h, bias: mlpBias)
      + linear("mlp.down_proj", h, f, bias: mlpBias)
      + norm("post_feedforward_layernorm", h, where: hasSandwichNorms)
  }
}
