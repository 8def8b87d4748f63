import EntropyControl
import Foundation
import Kernels
import Models
import Rollouts
import Tensors
import Tokenizers
import Trajectories
import Verifiers

@testable import Training

/// A task of no sense for a model of two layers: a completion is right where its ids add up to a
/// multiple of three.
struct ToyTask {
  static let vocabulary = 53
  /// The tokenizer's size; the model's vocabulary is larger.
  static let allowed = 41

  var settings: GRPOSettings
  let configuration: ModelConfiguration

  /// - Parameter softcap: of the final logits; `nil` for none.
  init(softcap: Float? = nil, temperature: Float = 0.8, steps: Int = 4) throws {
    var configuration = try ModelConfiguration(
      ModelConfiguration.Shape(
        family: softcap == nil ? .qwen3 : .gemma2, vocabularySize: Self.vocabulary,
        hiddenSize: 20, intermediateSize: 37, layerCount: 2, headCount: 4, keyValueHeadCount: 2,
        headDimension: 6, maxPositions: 64, tiedEmbeddings: true))
    configuration.finalSoftcap = softcap
    self.configuration = configuration
    settings = GRPOSettings()
    settings.steps = steps
    settings.rollout.promptsPerStep = 3
    settings.rollout.groupSize = 4
    settings.rollout.sampling.temperature = temperature
    settings.rollout.sampling.maximumNewTokens = 9
    settings.rollout.sampling.endTokens = [5, 17]
    settings.optimizer.learningRate = 0.02
  }

  func model() throws -> Transformer {
    let model = try Transformer(random: configuration, seed: 7, deviation: 0.3)
    model.allowedIds = Self.allowed
    return model
  }

  /// The model of a checkpoint.
  func model(from folder: URL) throws -> Transformer {
    let files = try ModelFolder(folder)
    let model = try Transformer(files, trainable: true)
    model.allowedIds = Self.allowed
    return model
  }

  func trainer(
    _ model: Transformer? = nil, _ interventions: [any EntropyIntervention] = [],
    reference: Bool = false, form: FormReward? = nil, watch: Watch = Watch(.none)
  ) throws -> GRPOTrainer {
    let model = try model ?? self.model()
    return try GRPOTrainer(
      settings: settings, policy: policy(model),
      reference: reference ? policy(self.model()) : nil, engine: engine(model),
      prompts: ToyPrompts(), verifiers: VerifierSet([.init(ToyVerifier())]),
      interventions: InterventionSet(interventions), form: form, watch: watch)
  }

  func policy(_ model: Transformer) -> Policy {
    Policy(
      model, temperature: settings.rollout.sampling.temperature, memory: settings.memory)
  }

  func engine(_ model: Transformer) throws -> RolloutEngine {
    let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).json")
    try #"{"model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}}"#.write(
      to: file, atomically: false, encoding: .utf8)
    defer { try? FileManager.default.removeItem(at: file) }
    return RolloutEngine(model: model, tokenizer: try Tokenizer(file: file))
  }

  /// A judged rollout of the model as it is.
  func batch(_ model: Transformer, _ interventions: InterventionSet = .none) throws -> TokenBatch {
    let groups = try engine(model).sample(
      ToyPrompts().prompts(from: 0, count: 4), samples: 0..<4,
      settings: settings.rollout.sampling, step: 1, observers: interventions.observers)
    let judged = VerifierSet([.init(ToyVerifier())]).score(groups).groups
    var batch = TokenBatch(packing: judged)
    settings.advantages.assign(judged.map(\.rewards), to: &batch)
    return batch
  }
}

struct ToyPrompts: PromptSource {
  func prompts(from first: Int, count: Int, copies: Int = 1) -> [Prompt] {
    let random = CounterRandom(seed: 2, purpose: .check)
    return (first..<first + count).flatMap { index in
      let ids = (0..<2 + index % 4).map {
        Int32(random.integer(below: ToyTask.allowed, index, $0))
      }
      return (0..<copies).map { copy in
        Prompt(
          id: "p\(index)", index: index, tokens: ids + Array(repeating: 1, count: copy), text: "",
          row: "{}", template: DrawnTemplate(index: copy, name: "t\(copy)"))
      }
    }
  }
}

struct ToyVerifier: Verifier {
  let name = "toy"
  func judge(_ samples: [VerifierSample]) -> [Judgement] {
    samples.map { sample in
      let isRight = sample.tokens.reduce(0, +) % 3 == 0
      return Judgement(isRight ? .right : .wrong, reward: isRight ? 1 : 0)
    }
  }
}

extension Transformer {
  var weightBits: [[UInt32]] { parameters.map { $0.value.array.map(\.bitPattern) } }
  var gradientBits: [[UInt32]] { parameters.map { $0.gradient.array.map(\.bitPattern) } }
}
