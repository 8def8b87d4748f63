import Kernels
import Tensors

extension Transformer {
  /// Carries the gradient of the last block's output back through every block and the embedding,
  /// adding to the parameters' gradients.
  ///
  /// - Parameters:
  ///   - gradient: `[R, H]`, turned in place into the gradient of the embedded input.
  ///   - batch: whole sequences, some perhaps behind one prompt.
  func backward(_ gradient: Matrix, _ batch: RowBatch, pages: KeyValuePages, tape: Tape) {
    precondition(tape.kind != .none, "this pass kept nothing to go back on")
    for layer in blocks.indices.reversed() {
      let activations = tape.blocks[layer]
      if tape.kind == .inputs {
        let output = workspace.matrix("recomputed", batch.count, configuration.hiddenSize)
        forwardBlock(layer, batch, activations, pages: pages.layer(0), into: output)
      }
      backwardMLP(gradient, layer, activations)
      backwardAttention(gradient, layer, batch, activations)
    }
    batch.tokens.withUnsafeBufferPointer { ids in
      Embedding.backward(
        gradient, ids, scale: configuration.embeddingMultiplier,
        into: trained("model.embed_tokens.weight").gradientMatrix)
    }
  }

  /// `gradient` is that of the block's output and becomes that of `a.middle`.
  private func backwardMLP(_ gradient: Matrix, _ layer: Int, _ a: BlockActivations) {
    let c = configuration
    let w = blocks[layer]
    let names = BlockNames(layer: layer)
    let rows = gradient.rows
    let dBranch = branchGradient(
      gradient, raw: a.mlpBranch, scale: a.mlpBranchScale, gain: w.mlpBranchNorm,
      name: names.postFeedForwardNorm)

    let gated = workspace.matrix("gated", rows, c.intermediateSize)
    GatedActivation.forward(a.gateUp, c.activation.function, into: gated)
    accumulate(names.down, dy: dBranch, x: gated, bias: c.mlpBias)
    let dGated = workspace.matrix("dGated", rows, c.intermediateSize)
    Product.backwardInput(dBranch, w.down, into: dGated)
    let dGateUp = workspace.matrix("dGateUp", rows, 2 * c.intermediateSize)
    GatedActivation.backward(dGated, a.gateUp, c.activation.function, into: dGateUp)

    let normed = workspace.matrix("normed", rows, c.hiddenSize)
    norm(a.middle, w.middleNorm, into: normed, scale: a.middleScale)
    accumulate(names.gate, dy: dGateUp.columns(0..<c.intermediateSize), x: normed, bias: c.mlpBias)
    accumulate(
      names.up, dy: dGateUp.columns(c.intermediateSize..<2 * c.intermediateSize), x: normed,
      bias: c.mlpBias)
    let dNormed = workspace.matrix("dNormed", rows, c.hiddenSize)
    Product.backwardInput(dGateUp, w.gateUp, into: dNormed)
    normBackward(
      dNormed, x: a.middle, scale: a.middleScale, gain: w.middleNorm,
      name: names.middleNorm(sandwich: c.hasSandwichNorms), adding: gradient)
  }

  /// `gradient` is that of `a.middle` and becomes that of the block's input.
  private func backwardAttention(
    _ gradient: Matrix, _ layer: Int, _ batch: RowBatch, _ a: BlockActivations
  ) {
    let c = configuration
    let w = blocks[layer]
    let names = BlockNames(layer: layer)
    let rows = gradient.rows
    let dBranch = branchGradient(
      gradient, raw: a.attentionBranch, scale: a.attentionBranchScale, gain: w.attentionBranchNorm,
      name: names.postAttentionNorm)

    accumulate(names.output, dy: dBranch, x: a.attention, bias: c.outputBias)
    let dAttention = workspace.matrix("dAttention", rows, c.queryWidth)
    Product.backwardInput(dBranch, w.output, into: dAttention)
    let dQKV = workspace.matrix("dQKV", rows, c.queryWidth + 2 * c.keyValueWidth)
    Attention.backward(
      dAttention, queryKeyValue: a.queryKeyValue, output: a.attention, lse: a.attentionLse,
      spans: batch.spans, keyValueHeads: c.keyValueHeadCount, attentionOptions(layer), into: dQKV)
    let query = 0..<c.queryWidth
    let key = c.queryWidth..<c.queryWidth + c.keyValueWidth
    let value = key.upperBound..<key.upperBound + c.keyValueWidth
    if let rope = c.layers[layer].rope {
      rotations[rope].rotateBack(
        dQKV.columns(c.rotatedColumns), positions: batch.positions,
        heads: c.headCount + c.keyValueHeadCount)
    }
    if let raw = a.rawQueryKey {
      headNormBackward(
        dQKV.columns(query), x: raw.columns(query), scale: a.queryScale!, gain: w.queryNorm!,
        name: names.queryNorm, heads: c.headCount)
      headNormBackward(
        dQKV.columns(key), x: raw.columns(key), scale: a.keyScale!, gain: w.keyNorm!,
        name: names.keyNorm, heads: c.keyValueHeadCount)
    }

    let normed = workspace.matrix("normed", rows, c.hiddenSize)
    norm(a.input, w.inputNorm, into: normed, scale: a.inputScale)
    for (name, columns) in [(names.query, query), (names.key, key), (names.value, value)] {
      accumulate(name, dy: dQKV.columns(columns), x: normed, bias: c.queryKeyValueBias)
    }
    let dNormed = workspace.matrix("dNormed", rows, c.hiddenSize)
    Product.backwardInput(dQKV, w.queryKeyValue, into: dNormed)
    normBackward(
      dNormed, x: a.input, scale: a.inputScale, gain: w.inputNorm, name: names.inputNorm,
      adding: gradient)
  }

  /// The gradient of a branch: that of the residual sum, through gemma's norm where there is one.
  private func branchGradient(
    _ gradient: Matrix, raw: Matrix?, scale: Matrix?, gain: Storage<Float>?, name: String
  ) -> Matrix {
    guard let raw, let scale, let gain else { return gradient }
    let dBranch = workspace.matrix("dBranch", gradient.rows, gradient.columns)
    RMSNorm.backward(
      gradient, x: raw, scale: scale, gain: gain, offset: configuration.normGainOffset, heads: 1,
      into: dBranch, gainGradient: trained(name).gradient, accumulate: false)
    return dBranch
  }

  func normBackward(
    _ dy: Matrix, x: Matrix, scale: Matrix, gain: Storage<Float>, name: String, adding dx: Matrix
  ) {
    RMSNorm.backward(
      dy, x: x, scale: scale, gain: gain, offset: configuration.normGainOffset, heads: 1,
      into: dx, gainGradient: trained(name).gradient, accumulate: true)
  }

  /// In place on a slice of the gradient of queries, keys and values.
  private func headNormBackward(
    _ dy: Matrix, x: Matrix, scale: Matrix, gain: Storage<Float>, name: String, heads: Int
  ) {
    RMSNorm.backward(
      dy, x: x, scale: scale, gain: gain, offset: configuration.normGainOffset, heads: heads,
      into: dy, gainGradient: trained(name).gradient, accumulate: false)
  }

  /// Adds the gradients of a linear layer's weight and, where it has one, bias.
  private func accumulate(_ name: String, dy: Matrix, x: Matrix, bias: Bool) {
    Product.backwardWeight(dy, x, into: trained(name + ".weight").gradientMatrix)
    if bias { Product.backwardBias(dy, into: trained(name + ".bias").gradient.pointer) }
  }
}
