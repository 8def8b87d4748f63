import Kernels
import Tensors
import Testing

@testable import Models

extension TransformerTests {
  @Suite struct RandomInitialization {
    private func random(
      _ family: ModelConfiguration.Family, seed: UInt64 = 3, vocabulary: Int = 301,
      trainable: Bool = true
    ) throws -> Transformer {
      try Transformer(
        random: ModelConfiguration(
          ModelConfiguration.Shape(
            family: family, vocabularySize: vocabulary, hiddenSize: 63, intermediateSize: 190,
            layerCount: 2, headCount: 4, keyValueHeadCount: 2, headDimension: 16,
            maxPositions: 64, tiedEmbeddings: false)), seed: seed, trainable: trainable)
    }

    /// Deviations to 2%, some four deviations of what 10^4 samples give.
    @Test func matricesAreNormalAndNarrowerWhereTheyWriteToTheResidual() throws {
      let model = try random(.llama)
      for (name, deviation) in [
        ("model.embed_tokens.weight", 0.02), ("lm_head.weight", 0.02),
        ("model.layers.1.mlp.gate_proj.weight", 0.02),
        ("model.layers.0.mlp.down_proj.weight", 0.01),
      ] {
        let values = model.parameter(name)!.value.array.map { Double($0) / deviation }
        let count = Double(values.count)
        let mean = values.reduce(0, +) / count
        let variance = values.reduce(0) { $0 + $1 * $1 } / count
        let fourth = values.reduce(0) { $0 + $1 * $1 * $1 * $1 } / count
        #expect(abs(mean) < 0.04, "\(name)")
        #expect(abs(variance - 1) < 0.06, "\(name)")
        #expect(abs(fourth - 3) < 0.4, "\(name)")
        // Neighbours in a counter and in a pair are independent.
        for lag in 1...4 {
          let correlation = zip(values, values.dropFirst(lag)).reduce(0) { $0 + $1.0 * $1.1 }
          #expect(abs(correlation / count) < 0.04, "\(name), lag \(lag)")
        }
      }
    }

    @Test(arguments: [ModelConfiguration.Family.qwen2, .gemma3])
    func vectorsBeginAtRest(family: ModelConfiguration.Family) throws {
      let model = try random(family)
      for parameter in model.parameters where parameter.shape.count == 1 {
        let gain: Float = parameter.name.hasSuffix(".bias") || family == .gemma3 ? 0 : 1
        #expect(parameter.value.array.allSatisfy { $0 == gain }, "\(parameter.name)")
      }
    }

    /// A matrix that is not kept is made some rows at a time; this one in two goes.
    @Test func aModelThatOnlySamplesHasTheSameWeights() throws {
      let trained = try random(.llama, vocabulary: 9_001)
      let sampling = try random(.llama, vocabulary: 9_001, trainable: false)
      for weight in [\Transformer.embedding, \.head, \.blocks[1].gateUp] {
        let unpacked = [trained, sampling].map { model in
          let packed = model[keyPath: weight]
          let rows = Storage<Float>(packed.outputs * packed.inputs)
          packed.unpack(into: rows.matrix(rows: packed.outputs, columns: packed.inputs))
          return rows.array.bits
        }
        let same = unpacked[0] == unpacked[1]
        #expect(same)
      }
    }

    @Test func weightsDependOnSeedAndTensorAndNotOnThreads() throws {
      defer { ThreadPool.resize(2) }
      let found: [[[UInt32]]] = try [1, 3].map { threads in
        ThreadPool.resize(threads)
        return try random(.llama).parameters.map(\.value.array.bits)
      }
      #expect(found[0] == found[1])
      #expect(try random(.llama, seed: 4).parameters[0].value.array.bits != found[0][0])
      let model = try random(.llama)
      let gate = model.parameter("model.layers.0.mlp.gate_proj.weight")!
      let up = model.parameter("model.layers.0.mlp.up_proj.weight")!
      #expect(gate.value.array.bits != up.value.array.bits)
    }
  }
}
