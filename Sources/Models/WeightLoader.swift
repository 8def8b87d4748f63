import Kernels
import Tensors

/// Fills some rows of a tensor with float32 values, row-major: from a file, or from random numbers. A
/// row of a vector is one number.
///
/// Tensors are asked for one after another, all rows of each, in order.
public typealias WeightReader = (
  _ name: String, _ shape: [Int], _ rows: Range<Int>, _ into: UnsafeMutableBufferPointer<Float>
) throws -> Void

/// How a master reaches the compute copy again after an update.
enum ComputeCopy {
  case matrix(Parameter, PackedWeight, firstRow: Int)
  case vector(Parameter, Storage<Float>, first: Int)

  func refresh() {
    switch self {
    case .matrix(let parameter, let packed, let firstRow):
      packed.pack(parameter.matrix, at: firstRow)
    case .vector(let parameter, let vector, let first):
      (vector.pointer + first).update(from: parameter.value.pointer, count: parameter.value.count)
    }
  }
}

/// Reads tensors once each, in the order in which the model is built, packs them for the forward
/// pass, and keeps masters where the model is to be trained.
final class WeightLoader {
  private(set) var parameters: [Parameter] = []
  private(set) var copies: [ComputeCopy] = []
  private let weightType: PackedWeight.Precision
  private let trainable: Bool
  private let read: WeightReader
  /// Where matrices that are not kept pass through, some rows at a time: few enough to stay in the
  /// caches.
  private var passage = Storage<Float>(1 << 19, zeroed: false)

  init(weightType: PackedWeight.Precision, trainable: Bool, read: @escaping WeightReader) {
    (self.weightType, self.trainable, self.read) = (weightType, trainable, read)
  }

  /// Matrices `[rows, inputs]` stacked into one product, in order.
  func matrix(_ parts: [(name: String, rows: Int)], inputs: Int) throws -> PackedWeight {
    let packed = PackedWeight(
      outputs: parts.reduce(0) { $0 + $1.rows }, inputs: inputs, type: weightType)
    var firstRow = 0
    for part in parts {
      let shape = [part.rows, inputs]
      if trainable {
        let value = try load(part.name, shape)
        packed.pack(value.matrix(rows: part.rows, columns: inputs), at: firstRow)
        copies.append(.matrix(keep(part.name, shape, value), packed, firstRow: firstRow))
      } else {
        try pass(part.name, shape, into: packed, at: firstRow)
      }
      firstRow += part.rows
    }
    return packed
  }

  /// A vector on its own: the forward pass reads the master itself.
  func vector(_ name: String, _ count: Int) throws -> Storage<Float> {
    let value = try load(name, [count])
    if trainable { keep(name, [count], value) }
    return value
  }

  /// The biases of matrices that were stacked into one product.
  func bias(_ parts: [(name: String, rows: Int)]) throws -> Storage<Float> {
    let stacked = Storage<Float>(parts.reduce(0) { $0 + $1.rows })
    var first = 0
    for part in parts {
      let value = try load(part.name, [part.rows])
      (stacked.pointer + first).update(from: value.pointer, count: part.rows)
      if trainable {
        copies.append(.vector(keep(part.name, [part.rows], value), stacked, first: first))
      }
      first += part.rows
    }
    return stacked
  }

  func block(_ layer: Int, _ c: ModelConfiguration) throws -> BlockWeights {
    let names = BlockNames(layer: layer)
    func norm(_ name: String, _ width: Int, if present: Bool) throws -> Storage<Float>? {
      present ? try vector(name, width) : nil
    }
    func biases(_ parts: [(String, Int)], if present: Bool) throws -> Storage<Float>? {
      present ? try bias(parts.map { ($0.0 + ".bias", $0.1) }) : nil
    }
    func weights(_ parts: [(String, Int)], inputs: Int) throws -> PackedWeight {
      try matrix(parts.map { ($0.0 + ".weight", $0.1) }, inputs: inputs)
    }
    let queryKeyValue = [
      (names.query, c.queryWidth), (names.key, c.keyValueWidth), (names.value, c.keyValueWidth),
    ]
    let output = [(names.output, c.hiddenSize)]
    let gateUp = [(names.gate, c.intermediateSize), (names.up, c.intermediateSize)]
    let down = [(names.down, c.hiddenSize)]
    let sandwich = c.hasSandwichNorms
    return BlockWeights(
      inputNorm: try vector(names.inputNorm, c.hiddenSize),
      queryKeyValue: try weights(queryKeyValue, inputs: c.hiddenSize),
      queryKeyValueBias: try biases(queryKeyValue, if: c.queryKeyValueBias),
      queryNorm: try norm(names.queryNorm, c.headDimension, if: c.hasQueryKeyNorm),
      keyNorm: try norm(names.keyNorm, c.headDimension, if: c.hasQueryKeyNorm),
      output: try weights(output, inputs: c.queryWidth),
      outputBias: try biases(output, if: c.outputBias),
      attentionBranchNorm: try norm(names.postAttentionNorm, c.hiddenSize, if: sandwich),
      middleNorm: try vector(names.middleNorm(sandwich: sandwich), c.hiddenSize),
      gateUp: try weights(gateUp, inputs: c.hiddenSize),
      gateUpBias: try biases(gateUp, if: c.mlpBias),
      down: try weights(down, inputs: c.intermediateSize),
      downBias: try biases(down, if: c.mlpBias),
      mlpBranchNorm: try norm(names.postFeedForwardNorm, c.hiddenSize, if: sandwich))
  }

  /// Packs a matrix that is not kept.
  private func pass(
    _ name: String, _ shape: [Int], into packed: PackedWeight, at firstRow: Int
  ) throws {
    let (rows, inputs) = (shape[0], shape[1])
    let stretch = max(passage.count / inputs / 16, 1) * 16
    if passage.count < stretch * inputs { passage = Storage(stretch * inputs, zeroed: false) }
    for first in stride(from: 0, to: rows, by: stretch) {
      let part = first..<min(first + stretch, rows)
      try read(
        name, shape, part,
        UnsafeMutableBufferPointer(start: passage.pointer, count: part.count * inputs))
      packed.pack(passage.matrix(rows: part.count, columns: inputs), at: firstRow + first)
    }
  }

  private func load(_ name: String, _ shape: [Int]) throws -> Storage<Float> {
    let value = Storage<Float>(shape.reduce(1, *), zeroed: false)
    try read(
      name, shape, 0..<shape[0],
      UnsafeMutableBufferPointer(start: value.pointer, count: value.count))
    return value
  }

  @discardableResult
  private func keep(_ name: String, _ shape: [Int], _ value: Storage<Float>) -> Parameter {
    let parameter = Parameter(name: name, shape: shape, value: value)
    parameters.append(parameter)
    return parameter
  }
}
