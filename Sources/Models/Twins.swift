import Kernels

/// The compute copies of a model once more, in another type.
struct Twins {
  /// How the masters reach them.
  let copies: [ComputeCopy]
  private let twins: [ObjectIdentifier: PackedWeight]

  init(of model: Transformer, type: PackedWeight.Precision) {
    var twins: [ObjectIdentifier: PackedWeight] = [:]
    copies = model.copies.compactMap { copy in
      // Biases are shared: the model's own refresh is theirs.
      guard case .matrix(let parameter, let packed, let firstRow) = copy else { return nil }
      let id = ObjectIdentifier(packed)
      let twin =
        twins[id] ?? PackedWeight(outputs: packed.outputs, inputs: packed.inputs, type: type)
      twins[id] = twin
      return .matrix(parameter, twin, firstRow: firstRow)
    }
    self.twins = twins
  }

  subscript(_ packed: PackedWeight) -> PackedWeight { twins[ObjectIdentifier(packed)]! }

  func block(_ weights: BlockWeights) -> BlockWeights {
    var block = weights
    block.queryKeyValue = self[weights.queryKeyValue]
    block.output = self[weights.output]
    block.gateUp = self[weights.gateUp]
    block.down = self[weights.down]
    return block
  }
}
