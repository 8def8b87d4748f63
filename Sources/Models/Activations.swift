import Tensors

/// What one block leaves behind for its backward pass; `R` rows.
struct BlockActivations {
  /// `[R, H]` the block's input.
  let input: Matrix
  /// `[R]` of the input norm.
  let inputScale: Matrix
  /// `[R, (nh + 2 nkv) d]` queries, keys, values; normed and rotated.
  let queryKeyValue: Matrix
  /// `[R, (nh + nkv) d]` queries and keys before their norm; nil without one.
  let rawQueryKey: Matrix?
  /// `[R, nh]` and `[R, nkv]` of the q and k norms.
  let queryScale: Matrix?
  let keyScale: Matrix?
  /// `[R, nh d]`, and `[R, nh]` the log-sum-exp of each query row.
  let attention: Matrix
  let attentionLse: Matrix
  /// `[R, H]` the attention branch before its own norm, and `[R]` that norm's scale; gemma only.
  let attentionBranch: Matrix?
  let attentionBranchScale: Matrix?
  /// `[R, H]` after the attention's residual connection.
  let middle: Matrix
  /// `[R]` of the norm before the MLP.
  let middleScale: Matrix
  /// `[R, 2 F]` gate, then up.
  let gateUp: Matrix
  /// `[R, H]` the MLP branch before its own norm, and `[R]` that norm's scale; gemma only.
  let mlpBranch: Matrix?
  let mlpBranchScale: Matrix?

  /// - Parameters:
  ///   - block: whose buffers these are; blocks that keep nothing share those of block 0.
  ///   - inputBlock: the same for the input alone, which outlives the rest where activations are
  ///     recomputed.
  ///   - inPlace: let the residual stream go through the block in the buffer of its input, which
  ///     a backward pass would miss.
  init(
    _ configuration: ModelConfiguration, rows: Int, in workspace: Workspace, block: Int,
    inputBlock: Int, inPlace: Bool
  ) {
    let c = configuration
    func matrix(_ name: String, _ columns: Int) -> Matrix {
      workspace.matrix(name, of: block, rows, columns)
    }
    input = workspace.matrix("input", of: inputBlock, rows, c.hiddenSize)
    inputScale = matrix("inputScale", 1)
    queryKeyValue = matrix("qkv", c.queryWidth + 2 * c.keyValueWidth)
    rawQueryKey = c.hasQueryKeyNorm ? matrix("rawQueryKey", c.queryWidth + c.keyValueWidth) : nil
    queryScale = c.hasQueryKeyNorm ? matrix("queryScale", c.headCount) : nil
    keyScale = c.hasQueryKeyNorm ? matrix("keyScale", c.keyValueHeadCount) : nil
    attention = matrix("attention", c.queryWidth)
    attentionLse = matrix("attentionLse", c.headCount)
    attentionBranch = c.hasSandwichNorms ? matrix("attentionBranch", c.hiddenSize) : nil
    attentionBranchScale = c.hasSandwichNorms ? matrix("attentionBranchScale", 1) : nil
    middle = inPlace ? input : matrix("middle", c.hiddenSize)
    middleScale = matrix("middleScale", 1)
    gateUp = matrix("gateUp", 2 * c.intermediateSize)
    mlpBranch = c.hasSandwichNorms ? matrix("mlpBranch", c.hiddenSize) : nil
    mlpBranchScale = c.hasSandwichNorms ? matrix("mlpBranchScale", 1) : nil
  }
}

/// The activations of one pass over `R` rows.
struct Tape {
  /// How much a pass keeps.
  enum Kind {
    /// Nothing: blocks share their memory, and there is no backward pass.
    case none
    /// The input of each block; the backward pass runs each block forward again.
    case inputs
    /// Everything.
    case everything
  }

  let kind: Kind
  let blocks: [BlockActivations]
  /// `[R, H]` the last block's output.
  let output: Matrix

  init(_ kind: Kind, _ c: ModelConfiguration, rows: Int, in workspace: Workspace) {
    self.kind = kind
    func activations(_ block: Int, input: Int) -> BlockActivations {
      BlockActivations(
        c, rows: rows, in: workspace, block: block, inputBlock: input, inPlace: kind == .none)
    }
    blocks =
      switch kind {
      case .none: Array(repeating: activations(0, input: 0), count: c.layerCount)
      case .inputs: (0..<c.layerCount).map { activations(0, input: $0) }
      case .everything: (0..<c.layerCount).map { activations($0, input: $0) }
      }
    output = kind == .none ? blocks[0].input : workspace.matrix("output", rows, c.hiddenSize)
  }
}

extension ModelConfiguration {
  /// `nh d`
  var queryWidth: Int { headCount * headDimension }
  /// `nkv d`
  var keyValueWidth: Int { keyValueHeadCount * headDimension }
  /// Those of a row of queries, keys and values that turn with the position: queries, then keys.
  var rotatedColumns: Range<Int> { 0..<queryWidth + keyValueWidth }
}
