import Kernels
import Tensors
import Testing

@testable import Models

extension TransformerTests {
  /// A twin for sampling is its source in another type, whatever becomes of the source.
  @Suite struct TwinTests {
    @Test(arguments: [ModelConfiguration.Family.gemma2, .qwen3, .qwen2])
    func aTwinIsAModelLoadedInItsType(family: ModelConfiguration.Family) throws {
      let model = try TinyModel.make(family)
      let twin = Transformer(samplingFor: model, weightType: .int8)
      let loaded = try TinyModel.make(family, weightType: .int8)
      let ids = TinyModel.ids(30)
      #expect(twin.rowsOfLogits(ids).map(\.bits) == loaded.rowsOfLogits(ids).map(\.bits))
      #expect(twin.rowsOfLogits(ids).map(\.bits) != model.rowsOfLogits(ids).map(\.bits))
    }

    @Test func aTwinFollowsAnUpdate() throws {
      let model = try TinyModel.make(.qwen2)
      let twin = Transformer(samplingFor: model, weightType: .int8)
      let ids = TinyModel.ids(20)
      let before = twin.rowsOfLogits(ids)
      // A matrix, a norm and a bias.
      for parameter in model.parameters {
        for index in 0..<parameter.value.count { parameter.value[index] *= 1.5 }
      }
      model.refreshComputeCopy()
      twin.follow()
      let fresh = Transformer(samplingFor: model, weightType: .int8)
      #expect(twin.rowsOfLogits(ids).map(\.bits) == fresh.rowsOfLogits(ids).map(\.bits))
      #expect(twin.rowsOfLogits(ids).map(\.bits) != before.map(\.bits))
    }
  }
}
