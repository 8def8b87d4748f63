import Foundation
import Kernels
import Tensors
import Testing

@testable import Models

extension TransformerTests {
  @Suite struct Scoring {
    @Test func scoresAreThoseOfTheLogits() throws {
      let model = try TinyModel.make(.gemma2)
      model.allowedIds = 41
      let ids = TinyModel.ids(30, below: 41)
      var pack = SequencePack()
      pack.append(prompt: Array(ids.prefix(10)), completion: Array(ids.dropFirst(10)))
      let scores = try model.score(pack, temperature: 0.7)
      let logits = model.rowsOfLogits(ids)
      #expect(scores.logprobs.count == 20)
      for token in 0..<20 {
        let z = logits[9 + token].prefix(41).map { Double($0) / 0.7 }
        let lse = log(z.reduce(0) { $0 + exp($1) })
        let entropy = z.reduce(0) { $0 - exp($1 - lse) * ($1 - lse) }
        #expect(abs(Double(scores.logprobs[token]) - (z[Int(ids[10 + token])] - lse)) < 1e-5)
        #expect(abs(Double(scores.entropies[token]) - entropy) < 1e-5)
      }
    }

    /// More scored rows than a chunk of the head, in packs of one, three and all sequences.
    @Test(arguments: [ModelConfiguration.Family.gemma2, .qwen3])
    func scoresDoNotDependOnThePack(family: ModelConfiguration.Family) throws {
      let model = try TinyModel.make(family)
      let sequences = (0..<12).map { TinyModel.ids(30 + $0, seed: $0) }
      func scores(_ size: Int) throws -> TokenScores {
        var all = TokenScores()
        for start in stride(from: 0, to: sequences.count, by: size) {
          var pack = SequencePack()
          for ids in sequences[start..<start + size] {
            pack.append(prompt: Array(ids.prefix(5)), completion: Array(ids.dropFirst(5)))
          }
          let count = pack.targets.count
          let found = try model.score(pack)
          let trained = try model.accumulateGradients(
            pack, dLogprob: Array(repeating: 1, count: count),
            dEntropy: Array(repeating: 0, count: count))
          #expect(trained.logprobs.bits == found.logprobs.bits)
          #expect(trained.entropies.bits == found.entropies.bits)
          all.logprobs += found.logprobs
          all.entropies += found.entropies
        }
        return all
      }
      let together = try scores(12)
      #expect(together.logprobs.count > 256)
      for size in [1, 3] {
        let split = try scores(size)
        #expect(split.logprobs.bits == together.logprobs.bits)
        #expect(split.entropies.bits == together.entropies.bits)
      }
    }

    /// Only the second sequence holds the id whose embedding is broken, at its third scored token.
    /// An empty completion before it makes no rows, and still counts.
    @Test func aNumberThatIsNotFiniteIsPlaced() throws {
      let model = try TinyModel.make(.qwen3)
      let embedding = model.trained("model.embed_tokens.weight")
      let width = model.configuration.hiddenSize
      embedding.value[50 * width + 3] = .nan
      model.refreshComputeCopy()
      var pack = SequencePack()
      pack.append(prompt: [1, 2], completion: [3, 4, 5])
      pack.append(prompt: [1, 2], completion: [])
      pack.append(prompt: [1, 2, 3], completion: [4, 5, 50, 6, 7])
      for body in [
        { _ = try model.score(pack) },
        {
          try model.accumulateGradients(
            pack, dLogprob: Array(repeating: 1, count: 8), dEntropy: Array(repeating: 0, count: 8))
        },
      ] {
        let error = #expect(throws: NonFiniteScore.self) { try body() }
        #expect(error?.sequence == 2)
        #expect(error?.token == 3)
        #expect("\(error!)".contains("token 3 of sequence 2"))
      }
    }

    @Test(arguments: [Safetensors.DType.float32, .bfloat16])
    func aWrittenModelReadsBackWithTheSameLogits(dtype: Safetensors.DType) throws {
      for family in ModelConfiguration.Family.allCases {
        let shape = ModelConfiguration.Shape(
          family: family, vocabularySize: 53, hiddenSize: 20, intermediateSize: 37, layerCount: 4,
          headCount: 4, keyValueHeadCount: 2, headDimension: 6, maxPositions: 64,
          tiedEmbeddings: family != .qwen3)
        let model = try TinyModel.make(ModelConfiguration(shape))
        let folder = try FilesFolder()
        try model.write(to: folder.url, as: dtype, generation: nil)
        let files = try ModelFolder(folder.url)
        #expect(files.configuration.layers == model.configuration.layers)
        let read = try Transformer(files, trainable: true)
        if dtype == .bfloat16 {  // what was rounded on the way out is rounded here
          for (parameter, stored) in zip(model.parameters, read.parameters) {
            let difference = zip(parameter.value.array, stored.value.array).map { abs($0 - $1) }
            #expect(difference.max()! <= 0x1p-8 * parameter.value.array.map(abs).max()!)
            parameter.value.pointer.update(from: stored.value.pointer, count: stored.value.count)
          }
          model.refreshComputeCopy()
        }
        let ids = TinyModel.ids(20)
        #expect(read.rowsOfLogits(ids).map(\.bits) == model.rowsOfLogits(ids).map(\.bits))
      }
    }

    /// Weights that bfloat16 holds exactly give the same logits in either compute copy.
    @Test func exactWeightsGiveTheSameBitsInBothPrecisions() throws {
      let float = try TinyModel.make(.gemma2)
      let brief = try TinyModel.make(.gemma2, weightType: .bfloat16)
      for (a, b) in zip(float.parameters, brief.parameters) {
        for index in 0..<a.value.count {
          let rounded = Float(bitPattern: a.value[index].bitPattern & 0xFFFF_0000)
          (a.value[index], b.value[index]) = (rounded, rounded)
        }
      }
      float.refreshComputeCopy()
      brief.refreshComputeCopy()
      let ids = TinyModel.ids(20)
      #expect(brief.rowsOfLogits(ids).map(\.bits) == float.rowsOfLogits(ids).map(\.bits))
    }
  }
}
