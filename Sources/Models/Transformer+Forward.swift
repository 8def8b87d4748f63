import Kernels
import Tensors

extension Transformer {
  /// Runs every block over the rows of `batch` and returns the last block's output `[R, H]`,
  /// before the final norm; valid until the next pass.
  ///
  /// Keys and values are written to `pages`: each layer to its own, or, where `pages` has a
  /// single layer, all to that one in turn, which serves whole sequences only.
  ///
  /// - Parameter onBlock: sees what each block has left, before the next one takes its place.
  func forward(
    _ batch: RowBatch, pages: KeyValuePages, tape: Tape,
    onBlock: (_ layer: Int, BlockActivations) -> Void = { _, _ in }
  ) -> Matrix {
    passCount += 1
    growRotations(for: batch)
    batch.tokens.withUnsafeBufferPointer { ids in
      Embedding.forward(
        ids, embedding, scale: configuration.embeddingMultiplier, into: tape.blocks[0].input)
    }
    for layer in blocks.indices {
      let last = layer + 1 == blocks.count
      forwardBlock(
        layer, batch, tape.blocks[layer], pages: pages.layer(pages.layerCount == 1 ? 0 : layer),
        into: last ? tape.output : tape.blocks[layer + 1].input)
      onBlock(layer, tape.blocks[layer])
    }
    return tape.output
  }

  /// One block (models.md, section 4): attention, then the MLP, each around a residual connection.
  /// `output` may be the block's input, which is read before it is written.
  func forwardBlock(
    _ layer: Int, _ batch: RowBatch, _ a: BlockActivations, pages: LayerPages, into output: Matrix
  ) {
    let c = configuration
    let w = blocks[layer]
    let normed = workspace.matrix("normed", batch.count, c.hiddenSize)
    let branch = workspace.matrix("branch", batch.count, c.hiddenSize)

    norm(a.input, w.inputNorm, into: normed, scale: a.inputScale)
    project(normed, layer, batch, a)
    let keys = a.queryKeyValue.columns(c.queryWidth..<c.queryWidth + c.keyValueWidth)
    let values = a.queryKeyValue.columns(
      c.queryWidth + c.keyValueWidth..<c.queryWidth + 2 * c.keyValueWidth)
    pages.write(keys: keys, values: values, spans: batch.spans + batch.echoes)
    Attention.forward(
      queries: a.queryKeyValue.columns(0..<c.queryWidth), pages: pages, spans: batch.spans,
      attentionOptions(layer), into: a.attention, lse: a.attentionLse)
    Product.forward(
      a.attention, w.output, bias: w.outputBias?.pointer, into: a.attentionBranch ?? branch)
    if let raw = a.attentionBranch {
      norm(raw, w.attentionBranchNorm!, into: branch, scale: a.attentionBranchScale!)
    }
    add(a.input, branch, into: a.middle)

    norm(a.middle, w.middleNorm, into: normed, scale: a.middleScale)
    Product.forward(normed, w.gateUp, bias: w.gateUpBias?.pointer, into: a.gateUp)
    let gated = workspace.matrix("gated", batch.count, c.intermediateSize)
    GatedActivation.forward(a.gateUp, c.activation.function, into: gated)
    Product.forward(gated, w.down, bias: w.downBias?.pointer, into: a.mlpBranch ?? branch)
    if let raw = a.mlpBranch {
      norm(raw, w.mlpBranchNorm!, into: branch, scale: a.mlpBranchScale!)
    }
    add(a.middle, branch, into: output)
  }

  /// Queries, keys and values: product, then the per-head norms, then the rotation.
  private func project(_ normed: Matrix, _ layer: Int, _ batch: RowBatch, _ a: BlockActivations) {
    let c = configuration
    let w = blocks[layer]
    Product.forward(
      normed, w.queryKeyValue, bias: w.queryKeyValueBias?.pointer, into: a.queryKeyValue)
    let queries = a.queryKeyValue.columns(0..<c.queryWidth)
    let keys = a.queryKeyValue.columns(c.queryWidth..<c.queryWidth + c.keyValueWidth)
    if let raw = a.rawQueryKey {
      raw.copySlice(of: a.queryKeyValue)
      normHeads(
        raw.columns(0..<c.queryWidth), w.queryNorm!, heads: c.headCount, into: queries,
        scale: a.queryScale!)
      normHeads(
        raw.columns(c.queryWidth..<c.queryWidth + c.keyValueWidth), w.keyNorm!,
        heads: c.keyValueHeadCount, into: keys, scale: a.keyScale!)
    }
    if let rope = c.layers[layer].rope {
      rotations[rope].rotate(
        a.queryKeyValue.columns(c.rotatedColumns), positions: batch.positions,
        heads: c.headCount + c.keyValueHeadCount)
    }
  }

  func norm(_ x: Matrix, _ gain: Storage<Float>, into y: Matrix, scale: Matrix) {
    normHeads(x, gain, heads: 1, into: y, scale: scale)
  }

  private func normHeads(
    _ x: Matrix, _ gain: Storage<Float>, heads: Int, into y: Matrix, scale: Matrix
  ) {
    RMSNorm.forward(
      x, gain: gain, offset: configuration.normGainOffset, epsilon: configuration.normEpsilon,
      heads: heads, into: y, scale: scale)
  }

  func attentionOptions(_ layer: Int) -> AttentionOptions {
    AttentionOptions(
      heads: configuration.headCount, window: configuration.layers[layer].window,
      scale: configuration.attentionScale, softcap: configuration.attentionSoftcap)
  }

  private func growRotations(for batch: RowBatch) {
    guard let last = batch.positions.max(), let count = rotations.first?.count, last >= count
    else { return }
    for rope in configuration.ropes where rope.dependsOnContext {
      let limit = max(contextLength, rope.maxPositions)
      precondition(last < limit, "position \(last) is beyond the run's context of \(limit)")
    }
    prepareRotations(count: max(Int(last) + 1, min(2 * count, 1 << 20)))
  }
}

extension Matrix {
  /// Copies the first columns of a wider matrix.
  func copySlice(of wide: Matrix) {
    for row in 0..<rows {
      (base + row * stride).update(from: wide.base + row * wide.stride, count: columns)
    }
  }
}

extension ModelConfiguration.Activation {
  var function: GatedActivation.Function {
    switch self {
    case .silu: .silu
    case .geluTanh: .geluTanh
    }
  }
}
