import Foundation
import Kernels
import Models
import Optimizers
import Rollouts
import Tensors
import Tokenizers
import Trajectories

/// A model of random weights that does the work of a ``BenchTask`` as the training loop does.
struct BenchModel {
  let configuration: ModelConfiguration
  let precision: PackedWeight.Precision

  /// The task's second pass; the first one touches memory and fills the caches.
  func measure(_ task: BenchTask) throws -> BenchResult {
    let program = "temper \(TemperCommand.configuration.version) (\(InstructionSet.current))"
    switch task.work {
    case .train, .recompute:
      let training = try BenchTraining(self, task)
      _ = try training.step()
      return try BenchResult(program: program) { try training.step() }
    case .generate:
      let model = try transformer(trainable: false)
      let newTokens = task.newTokens
      return try sampling(model, task, promptTokens: task.promptTokens, newTokens, program)
    case .prefill:
      let model = try transformer(trainable: false)
      return try sampling(model, task, promptTokens: task.tokens, 1, program)
    case .step:
      return try step(task, program: program)
    }
  }

  /// Weights of the deviation that new models have, from a generator that costs next to nothing.
  func transformer(trainable: Bool) throws -> Transformer {
    let width: Float = 0.02 * 3.4641  // of a uniform law with a deviation of 0.02
    return try Transformer(configuration, weightType: precision, trainable: trainable) {
      _, shape, rows, values in
      guard shape.count > 1 else { return values.update(repeating: 1) }
      var state = UInt64(rows.lowerBound) &+ 0x9E37_79B9_7F4A_7C15
      for index in values.indices {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        values[index] = width * (Float(state >> 40) * 0x1p-24 - 0.5)
      }
    }
  }

  /// `count` different sequences.
  func sequences(_ count: Int, length: Int) -> [[Int32]] {
    let random = CounterRandom(seed: 1, purpose: .generator)
    return (0..<count).map { sequence in
      (0..<length).map { Int32(random.integer(below: configuration.vocabularySize, sequence, $0)) }
    }
  }

  private func sampling(
    _ model: Transformer, _ task: BenchTask, promptTokens: Int, _ newTokens: Int, _ program: String
  ) throws -> BenchResult {
    var settings = SamplingSettings()
    settings.maximumNewTokens = newTokens
    let engine = RolloutEngine(model: model, tokenizer: try Self.smallestTokenizer())
    let prompts = sequences(task.batch, length: promptTokens).enumerated().map { index, ids in
      Prompt(id: "\(index)", index: index, tokens: ids, text: "", row: "{}")
    }
    func pass(step: Int) throws -> [(name: String, seconds: Double)] {
      let begin = ContinuousClock.now
      var first: ContinuousClock.Instant?
      _ = try engine.sample(prompts, samples: 0..<1, settings: settings, step: step) { _ in
        if first == nil { first = .now }
      }
      let prompt = ((first ?? begin) - begin) / .seconds(1)
      return [("first token", prompt), ("rest", (.now - begin) / .seconds(1) - prompt)]
    }
    _ = try pass(step: 0)
    return try BenchResult(program: program) { try pass(step: 1) }
  }

  /// A tokenizer of one token: the engine turns ids into text, and no text is needed here.
  static func smallestTokenizer() throws -> Tokenizer {
    let file = try BenchFolder()
    let text = #"{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}}"#
    let place = file.url.appending(path: "tokenizer.json")
    try text.write(to: place, atomically: false, encoding: .utf8)
    return try Tokenizer(file: place)
  }
}

/// The model in training: what a step of supervised fine-tuning does, each part timed.
private struct BenchTraining {
  let model: Transformer
  let optimizer: AdamW
  let pack: SequencePack
  let slopes: [Float]
  let recompute: Bool

  init(_ bench: BenchModel, _ task: BenchTask) throws {
    model = try bench.transformer(trainable: true)
    optimizer = AdamW(
      model.parameters.map {
        ParameterSlot(
          name: $0.name, shape: $0.shape, value: $0.value, gradient: $0.gradient,
          decays: $0.decays)
      })
    var pack = SequencePack()
    // One id more than positions: each position predicts the id behind it.
    for ids in bench.sequences(task.batch, length: task.tokens + 1) {
      pack.append(prompt: [ids[0]], completion: Array(ids.dropFirst()))
    }
    slopes = Array(repeating: -1 / Float(pack.targets.count), count: pack.targets.count)
    self.pack = pack
    recompute = task.work == .recompute
  }

  /// - Returns: seconds of each part.
  func step() throws -> [(name: String, seconds: Double)] {
    var parts: [(name: String, seconds: Double)] = []
    func part<T>(_ name: String, _ body: () throws -> T) rethrows -> T {
      let begin = ContinuousClock.now
      defer { parts.append((name, (.now - begin) / .seconds(1))) }
      return try body()
    }
    part("zero gradients") { model.zeroGradients() }
    try part("forward and backward") {
      _ = try model.accumulateGradients(
        pack, dLogprob: slopes, dEntropy: Array(repeating: 0, count: slopes.count),
        recompute: recompute)
    }
    let norm = try part("gradient norm") { try GradientNorm(of: optimizer.parameters) }
    part("AdamW") {
      optimizer.update(learningRate: 1e-5, gradientScale: norm.scale(limit: 1))
    }
    part("compute copy") { model.refreshComputeCopy() }
    return parts
  }
}

/// A temporary folder that goes when nobody holds it any more.
final class BenchFolder {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appending(
      path: "temper-bench-\(UUID().uuidString)", directoryHint: .isDirectory)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }
}
