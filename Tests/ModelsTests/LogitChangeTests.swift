import Models
import Tensors
import Testing

@Suite struct LogitChangeTests {
  private func change(_ factor: Float, of name: String) throws -> (LogitChange, Transformer) {
    let model = try Transformer(
      random: ModelConfiguration(
        ModelConfiguration.Shape(
          family: .qwen3, vocabularySize: 16, hiddenSize: 12, intermediateSize: 20, layerCount: 2,
          headCount: 4, keyValueHeadCount: 2, headDimension: 6, maxPositions: 32,
          tiedEmbeddings: false)), seed: 3, deviation: 0.3)
    let previous = model.parameters.map { $0.value.copy() }
    let weights = previous.reduce(0) { $0 + $1.sumOfSquares }.squareRoot()
    var update = 0.0
    let parameter = try #require(model.parameter(name))
    for index in 0..<parameter.value.count {
      let step = factor * Float(index % 7 - 3)
      parameter.value[index] += step
      update += Double(step) * Double(step)
    }
    var pack = SequencePack()
    pack.appendRows([1, 5, 9, 2, 7])
    let bits = model.parameters.map { $0.value.array.map(\.bitPattern) }
    let found = LogitChange(
      model, from: previous, norms: (weights: weights, update: update.squareRoot()),
      of: [ChosenRows([1, 4], of: pack)])
    #expect((bits == model.parameters.map { $0.value.array.map(\.bitPattern) }) as Bool)
    return (found, model)
  }

  /// The head is linear, so that the change is that of the logits themselves.
  @Test func theHeadsChangeIsExact() throws {
    let (found, model) = try change(1e-3, of: "lm_head.weight")
    var pack = SequencePack()
    pack.appendRows([1, 5, 9, 2, 7])
    let after = model.logits(of: [ChosenRows([1, 4], of: pack)])
    for row in 0..<2 {
      for id in 0..<16 {
        #expect(abs(after[row, id] - found.logits[row, id] - found.change[row, id]) < 2e-5)
      }
    }
  }

  @Test func theSpreadIsLinearInTheUpdate() throws {
    let one = try change(1e-4, of: "model.layers.0.mlp.up_proj.weight").0
    let four = try change(4e-4, of: "model.layers.0.mlp.up_proj.weight").0
    for (a, b) in zip(one.spreads, four.spreads) {
      #expect(a > 0 && abs(b - 4 * a) < 1e-3 * b)
    }
  }

  @Test func noUpdateIsNoChange() throws {
    let none = try change(0, of: "model.norm.weight").0
    #expect(none.spreads == [0, 0] && none.distance == 1)
  }
}
