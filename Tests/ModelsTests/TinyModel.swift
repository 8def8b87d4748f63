import Kernels
import Tensors
import Testing

@testable import Models

/// The tests of the transformer. One at a time: some change the pool of threads or the instruction
/// set, which all share.
@Suite(.serialized) enum TransformerTests {}

/// Random models of every family, small and of awkward shapes, that no weight of is at rest.
enum TinyModel {
  static let vocabulary = 53

  /// A configuration in which nothing is a multiple of 16: three layers, two query heads to a
  /// key/value head. Families with windows look back 5 positions in some layers; SmolLM3 leaves
  /// the middle layer unrotated.
  static func configuration(
    _ family: ModelConfiguration.Family, headDimension: Int = 6, keyValueHeads: Int = 2
  ) throws -> ModelConfiguration {
    var c = try ModelConfiguration(
      ModelConfiguration.Shape(
        family: family, vocabularySize: vocabulary, hiddenSize: 20, intermediateSize: 37,
        layerCount: 3, headCount: 4, keyValueHeadCount: keyValueHeads,
        headDimension: headDimension, maxPositions: 64, tiedEmbeddings: family != .qwen3))
    switch family {
    case .gemma2:
      for layer in [0, 2] { c.layers[layer].window = 5 }
    case .gemma3:
      for layer in [0, 1] { c.layers[layer].window = 5 }
      c.layers[2] = .init(window: nil, rope: 0)
    case .smollm3:
      c.layers[1].rope = nil
    case .llama, .qwen2, .qwen3:
      break
    }
    return c
  }

  static func make(
    _ configuration: ModelConfiguration, weightType: PackedWeight.Precision = .float32,
    seed: UInt64 = 7
  ) throws -> Transformer {
    let model = try Transformer(
      random: configuration, seed: seed, weightType: weightType, deviation: 0.3)
    let random = CounterRandom(seed: seed, purpose: .check)
    for (tensor, parameter) in model.parameters.enumerated() where parameter.shape.count == 1 {
      for index in 0..<parameter.value.count {
        parameter.value[index] += Float(0.2 * random.normal(tensor, index))
      }
    }
    model.refreshComputeCopy()
    return model
  }

  static func make(
    _ family: ModelConfiguration.Family, weightType: PackedWeight.Precision = .float32
  ) throws -> Transformer {
    try make(configuration(family), weightType: weightType)
  }

  /// `count` ids below `limit`; another `seed` gives others.
  static func ids(_ count: Int, seed: Int = 0, below limit: Int = vocabulary) -> [Int32] {
    let random = CounterRandom(seed: 11, purpose: .check)
    return (0..<count).map { Int32(random.integer(below: limit, seed, $0)) }
  }
}

extension [Float] {
  /// What is compared where bits are promised: a NaN equals itself, and 0 is not -0.
  var bits: [UInt32] { map(\.bitPattern) }
}

extension Transformer {
  /// `[T][V]` of a sequence on its own in a training forward pass.
  func rowsOfLogits(_ ids: [Int32]) -> [[Float]] { rowsOfLogits([ids]) }

  /// `[T][V]` of sequences in one pack, in order.
  func rowsOfLogits(_ sequences: [[Int32]]) -> [[Float]] {
    var pack = SequencePack()
    for ids in sequences { pack.appendRows(ids) }
    let flat = logits(pack).array
    let width = configuration.vocabularySize
    return (0..<pack.batch.count).map { Array(flat[$0 * width..<($0 + 1) * width]) }
  }
}
