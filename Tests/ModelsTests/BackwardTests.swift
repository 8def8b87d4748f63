import Kernels
import Tensors
import Testing

@testable import Models

extension TransformerTests {
  /// Gradients of whole models: against differences of the forward pass, and their own contract.
  @Suite struct Backward {
    /// The loss is a fixed linear function of log-probabilities and entropies, so both slopes are
    /// exercised. A tensor's gradient is compared in three directions: its own mixed with a random
    /// one. The difference of fourth order over a step that moves the loss by some 1e-1 leaves
    /// about 1e-4 of rounding, relative to the slope. The key's bias of an unrotated layer moves
    /// nothing, so a hundredth of the whole gradient is what a norm counts for at least.
    @Test(arguments: Architecture.all, [false, true])
    func gradientsMatchDifferencesOfTheLoss(architecture: Architecture, rows: Bool) throws {
      let problem = try BackwardProblem(architecture, rows: rows)
      let model = problem.model
      try problem.accumulate(problem.pack)
      let random = CounterRandom(seed: 5, purpose: .check)
      let whole = model.parameters.reduce(0) { $0 + $1.gradient.sumOfSquares }.squareRoot()
      for (tensor, parameter) in model.parameters.enumerated() {
        let norm = parameter.gradient.sumOfSquares.squareRoot()
        try #require(norm > 0, "\(parameter.name) has no gradient")
        for trial in 0..<3 {
          let noise = parameter.gradient.array.indices.map { random.normal(tensor, $0, trial) }
          let noiseNorm = noise.reduce(0) { $0 + $1 * $1 }.squareRoot()
          let direction = zip(parameter.gradient.array, noise).map {
            Double($0) / norm + $1 / noiseNorm
          }
          let expected = zip(parameter.gradient.array, direction).reduce(0) {
            $0 + Double($1.0) * $1.1
          }
          let found = try problem.slope(of: parameter, along: direction, near: norm)
          #expect(
            abs(found - expected) < 2e-3 * max(norm, 0.01 * whole),
            "\(parameter.name): \(found) by differences, \(expected) by the backward pass")
        }
      }
    }

    @Test(arguments: [ModelConfiguration.Family.gemma2, .qwen3])
    func recomputingActivationsGivesTheSameBits(family: ModelConfiguration.Family) throws {
      let problem = try BackwardProblem(Architecture("plain", family), rows: true)
      let scores = try problem.accumulate(problem.pack)
      let stored = problem.gradients
      problem.model.zeroGradients()
      let again = try problem.accumulate(problem.pack, recompute: true)
      #expect(again.logprobs.bits == scores.logprobs.bits)
      #expect(again.entropies.bits == scores.entropies.bits)
      #expect(problem.gradients.map(\.bits) == stored.map(\.bits))
    }

    @Test(arguments: [ModelConfiguration.Family.gemma2, .qwen3])
    func gradientsDoNotDependOnTheThreads(family: ModelConfiguration.Family) throws {
      let problem = try BackwardProblem(Architecture("plain", family), rows: true)
      defer { ThreadPool.resize(2) }
      let found: [[[UInt32]]] = try [1, 2, 3].map { threads in
        ThreadPool.resize(threads)
        problem.model.zeroGradients()
        try problem.accumulate(problem.pack)
        return problem.gradients.map(\.bits)
      }
      #expect(found[1] == found[0])
      #expect(found[2] == found[0])
    }

    /// The slopes are those of the whole step, so micro-batches only change the order of a sum.
    @Test(arguments: [ModelConfiguration.Family.gemma2, .qwen3, .llama])
    func accumulatingOverMicroBatchesGivesTheSameGradient(
      family: ModelConfiguration.Family
    ) throws {
      let problem = try BackwardProblem(Architecture("plain", family), rows: true)
      try problem.accumulate(problem.pack)
      let whole = problem.gradients
      for parts in [2, 4] {
        problem.model.zeroGradients()
        for part in 0..<parts { try problem.accumulate(problem.microBatch(part, of: parts)) }
        for ((name, found), expected) in zip(zip(problem.names, problem.gradients), whole) {
          let error = zip(found, expected).reduce(0) { $0 + square($1.0, minus: $1.1) }
          let size = expected.reduce(0) { $0 + square($1, minus: 0) }
          #expect((error / size).squareRoot() < 1e-5, "\(name) over \(parts) micro-batches")
        }
      }
    }

    /// Ids that cannot be drawn have no probability, so nothing pulls at their rows of the head.
    @Test func idsBeyondTheTokenizerHaveNoGradient() throws {
      let problem = try BackwardProblem(Architecture("masked", .qwen3, allowedIds: 41))
      try problem.accumulate(problem.pack)
      let head = problem.model.trained("lm_head.weight")
      let width = problem.model.configuration.hiddenSize
      #expect(head.gradient.array[..<(41 * width)].contains { $0 != 0 })
      #expect(head.gradient.array[(41 * width)...].allSatisfy { $0 == 0 })
    }

    private func square(_ a: Float, minus b: Float) -> Double {
      (Double(a) - Double(b)) * (Double(a) - Double(b))
    }
  }
}

/// A model of which every switch is set one way.
struct Architecture: Sendable, CustomTestStringConvertible {
  let testDescription: String
  let family: ModelConfiguration.Family
  var headDimension = 6
  var keyValueHeads = 2
  var allowedIds = TinyModel.vocabulary
  var temperature: Float = 1
  var change: @Sendable (inout ModelConfiguration) -> Void = { _ in }

  init(
    _ name: String, _ family: ModelConfiguration.Family, headDimension: Int = 6,
    keyValueHeads: Int = 2, allowedIds: Int = TinyModel.vocabulary, temperature: Float = 1,
    change: @escaping @Sendable (inout ModelConfiguration) -> Void = { _ in }
  ) {
    testDescription = "\(family.rawValue), \(name)"
    (self.family, self.headDimension, self.keyValueHeads) = (family, headDimension, keyValueHeads)
    (self.allowedIds, self.temperature, self.change) = (allowedIds, temperature, change)
  }

  func configuration() throws -> ModelConfiguration {
    var c = try TinyModel.configuration(
      family, headDimension: headDimension, keyValueHeads: keyValueHeads)
    change(&c)
    return c
  }

  static let all = [
    Architecture("plain", .llama),
    Architecture("every bias, one key/value head, own head", .llama, keyValueHeads: 1) {
      ($0.queryKeyValueBias, $0.outputBias, $0.mlpBias) = (true, true, true)
      $0.tiedEmbeddings = false
    },
    Architecture("as many key/value heads, linear", .llama, headDimension: 2, keyValueHeads: 4) {
      $0.ropes[0].scaling = .linear(factor: 3)
    },
    Architecture("dynamic", .llama, headDimension: 10) {
      ($0.ropes[0].maxPositions, $0.ropes[0].scaling) = (16, .dynamic(factor: 2))
    },
    Architecture("llama3", .llama, headDimension: 48) {
      $0.ropes[0].scaling = .llama3(
        .init(
          factor: 4, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalMaxPositions: 16))
    },
    Architecture("yarn", .qwen2, headDimension: 10, temperature: 0.7) {
      $0.ropes[0].scaling = .yarn(
        .init(
          factor: 4, originalMaxPositions: 16, betaFast: 32, betaSlow: 1, truncate: true,
          attentionFactor: 1.2))
    },
    Architecture("window in the upper layers", .qwen2) { $0.layers[2].window = 4 },
    Architecture("masked ids, temperature", .qwen3, allowedIds: 41, temperature: 0.7),
    Architecture("unrotated layer, biases", .smollm3) {
      ($0.queryKeyValueBias, $0.outputBias, $0.mlpBias) = (true, true, true)
    },
    Architecture("windows and softcaps", .gemma2, allowedIds: 41, temperature: 1.3) {
      ($0.attentionSoftcap, $0.finalSoftcap) = (3, 4)
    },
    Architecture("two rotations", .gemma3, headDimension: 10, keyValueHeads: 1),
  ]
}

/// A model, a pack of sequences with slopes for every scored token, and the loss they make.
struct BackwardProblem {
  let model: Transformer
  /// Whether every third id's row is in the loss too.
  let rows: Bool
  let temperature: Float
  let sequences: [(prompt: [Int32], completion: [Int32])]

  init(_ architecture: Architecture, rows: Bool = false) throws {
    self.rows = rows
    model = try TinyModel.make(architecture.configuration())
    model.allowedIds = architecture.allowedIds
    temperature = architecture.temperature
    // Within a page, over its end, a prompt of one id, and a completion of one.
    sequences = [(3, 4), (9, 14), (1, 6), (17, 1)].enumerated().map { index, lengths in
      let ids = TinyModel.ids(
        lengths.0 + lengths.1, seed: index, below: architecture.allowedIds)
      return (Array(ids.prefix(lengths.0)), Array(ids.dropFirst(lengths.0)))
    }
  }

  var names: [String] { model.parameters.map(\.name) }
  var gradients: [[Float]] { model.parameters.map(\.gradient.array) }

  var pack: SequencePack { microBatch(0, of: 1) }

  /// The sequences of part `part` of `parts`, of which there are four at most.
  func microBatch(_ part: Int, of parts: Int) -> SequencePack {
    var pack = SequencePack()
    let each = sequences.count / parts
    for sequence in sequences[part * each..<(part + 1) * each] {
      pack.append(prompt: sequence.prompt, completion: sequence.completion)
    }
    return pack
  }

  /// Slopes that depend on the target alone, so that every split of the pack has the same.
  func slopes(_ pack: SequencePack) -> (logprob: [Float], entropy: [Float]) {
    (
      pack.targets.map { 0.1 * Float(($0 * 7) % 11) - 0.4 },
      pack.targets.map { 0.1 * Float(($0 * 5) % 7) - 0.2 }
    )
  }

  @discardableResult
  func accumulate(_ pack: SequencePack, recompute: Bool = false) throws -> TokenScores {
    let (logprob, entropy) = slopes(pack)
    return try model.accumulateGradients(
      pack, temperature: temperature, dLogprob: logprob, dEntropy: entropy,
      rows: rows ? RowTerm.loss(of: pack) : nil, recompute: recompute)
  }

  private func loss() throws -> Double {
    let scores = try model.score(pack, temperature: temperature, observers: [RowTerm()])
    let (logprob, entropy) = slopes(pack)
    var rowLoss = 0.0
    for (target, value) in zip(pack.targets, scores.observed[0].values)
    where rows && RowTerm.wants(target) {
      rowLoss += Double(value)
    }
    return rowLoss + zip(scores.logprobs, logprob).reduce(0) { $0 + Double($1.0) * Double($1.1) }
      + zip(scores.entropies, entropy).reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }

  /// The loss's derivative along `direction`, by differences of fourth order.
  func slope(of parameter: Parameter, along direction: [Double], near norm: Double) throws -> Double
  {
    let saved = parameter.value.array
    let step = min(0.05, 0.05 / norm)
    func loss(at distance: Double) throws -> Double {
      for index in saved.indices {
        parameter.value[index] = Float(Double(saved[index]) + distance * direction[index])
      }
      model.refreshComputeCopy()
      return try self.loss()
    }
    let near = try loss(at: step) - loss(at: -step)
    let far = try loss(at: 2 * step) - loss(at: -2 * step)
    for index in saved.indices { parameter.value[index] = saved[index] }
    model.refreshComputeCopy()
    return (8 * near - far) / (12 * step)
  }
}
