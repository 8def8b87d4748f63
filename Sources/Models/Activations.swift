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
  ///   - owner: a prefix for the buffers; blocks with one owner share memory.
  ///   - inputOwner: the same for the input alone, which outlives the rest where activations are
  ///     recomputed.
  init(
    _ configuration: ModelConfiguration, rows: Int, in workspace: Workspace, owner: String,
    inputOwner: String
  ) {
    let c = configuration
    func matrix(_ suffix: String, _ columns: Int) -> Matrix {
      workspace.matrix("\(owner).\(suffix)", rows, columns)
    }
    input = workspace.matrix("\(inputOwner).input", rows, c.hiddenSize)
    inputScale = matrix("inputScale", 1)
    queryKeyValue = matrix("qkv", c.queryWidth + 2 * c.keyValueWidth)
    rawQueryKey = c.hasQueryKeyNorm ? matrix("rawQueryKey", c.queryWidth + c.keyValueWidth) : nil
    queryScale = c.hasQueryKeyNorm ? matrix("queryScale", c.headCount) : nil
    keyScale = c.hasQueryKeyNorm ? matrix("keyScale", c.keyValueHeadCount) : nil
    attention = matrix("attention", c.queryWidth)
    attentionLse = matrix("attentionLse", c.headCount)
    attentionBranch = c.hasSandwichNorms ? matrix("attentionBranch", c.hiddenSize) : nil
    attentionBranchScale = c.hasSandwichNorms ? matrix("attentionBranchScale", 1) : nil
    middle = matrix("middle", c.hiddenSize)
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
    func block(_ owner: String, inputOwner: String) -> BlockActivations {
      BlockActivations(c, rows: rows, in: workspace, owner: owner, inputOwner: inputOwner)
    }
    switch kind {
    case .none:
      blocks = Array(repeating: block("block", inputOwner: "block"), count: c.layerCount)
    case .inputs:
      blocks = (0..<c.layerCount).map { block("block", inputOwner: "block\($0)") }
    case .everything:
      blocks = (0..<c.layerCount).map { block("block\($0)", inputOwner: "block\($0)") }
    }
    output = kind == .none ? blocks[0].input : workspace.matrix("output", rows, c.hiddenSize)
  }
}

extension ModelConfiguration {
  /// `nh d`
  var queryWidth: Int { headCount * headDimension }
  /// `nkv d`
  var keyValueWidth: Int { keyValueHeadCount * headDimension }
}
