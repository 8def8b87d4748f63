import Foundation
import Models
import Testing

@Suite struct AttentionFiguresTests {
  @Test func entropyAndBoundOfKnownRows() {
    let even = AttentionFigures.Row(scores: [2, 2, 2, 2])
    #expect(abs(even.entropy - log(4)) < 1e-12 && abs(even.bound - log(4)) < 1e-12)
    let certain = AttentionFigures.Row(scores: [1e4, 0, 0])
    #expect(certain.entropy == 0 && certain.bound <= 1e-12)
    // By hand: p = 3/4, 1/4.
    let two = AttentionFigures.Row(scores: [log(3), 0])
    #expect(abs(two.entropy - (0.75 * log(4 / 3) + 0.25 * log(4))) < 1e-12)
    #expect(abs(two.norm - log(3) / 2.0.squareRoot()) < 1e-12)
    // Of two keys the bound is reached.
    #expect(abs(two.bound - two.entropy) < 1e-12)
  }

  @Test func theBoundIsNeverAboveTheEntropy() {
    var state: UInt64 = 3
    for keys in [2, 3, 9, 40] {
      for scale in [0.1, 1, 8] {
        let scores = (0..<keys).map { _ -> Double in
          state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
          return scale * (Double(state >> 40) * 0x1p-24 - 0.5)
        }
        let row = AttentionFigures.Row(scores: scores)
        #expect(row.bound <= row.entropy + 1e-12)
        #expect(abs(row.probabilities.reduce(0, +) - 1) < 1e-12)
      }
    }
  }

  @Test func everyHeadOfAModelHasItsFigures() throws {
    let model = try Transformer(random: tiny(), seed: 3, deviation: 0.5)
    var pack = SequencePack()
    pack.appendRows([1, 5, 9, 2, 7, 3, 11])
    pack.appendRows([4, 4, 8])
    let all = model.attentionFigures(pack)
    #expect(all.map(\.layer) == [0, 0, 0, 0, 1, 1, 1, 1])
    #expect(all.map(\.head) == [0, 1, 2, 3, 0, 1, 2, 3])
    for figures in all {
      #expect(figures.entropy > 0 && figures.entropy < 1 && figures.bound <= figures.entropy)
      #expect(figures.sink > 0 && figures.sink < 1 && figures.scoreMax > 0)
      #expect(figures.queryRMS > 0 && figures.keyRMS > 0)
      // A score is at most the product of the two vectors' norms.
      #expect(figures.scoreNorm > 0)
    }
    // Larger queries make larger scores, and less entropy.
    let query = try #require(model.parameter("model.layers.0.self_attn.q_norm.weight"))
    for index in 0..<query.value.count { query.value[index] *= 3 }
    model.refreshComputeCopy()
    let sharper = model.attentionFigures(pack)
    for (before, after) in zip(all.prefix(4), sharper) {
      #expect(abs(after.scoreMax - 3 * before.scoreMax) < 1e-4 * after.scoreMax)
      #expect(abs(after.queryRMS - 3 * before.queryRMS) < 1e-4 * after.queryRMS)
      #expect(after.entropy < before.entropy && after.keyRMS == before.keyRMS)
    }
  }

  private func tiny() throws -> ModelConfiguration {
    try ModelConfiguration(
      ModelConfiguration.Shape(
        family: .qwen3, vocabularySize: 16, hiddenSize: 12, intermediateSize: 20, layerCount: 2,
        headCount: 4, keyValueHeadCount: 2, headDimension: 6, maxPositions: 32,
        tiedEmbeddings: true))
  }
}
