import EntropyControl
import Models
import Optimizers
import Rollouts
import Training
import Verifiers

/// What entropy plugins cost: steps of GRPO with each of them and without, in pairs that follow one
/// another, one update a rollout.
///
/// The learning rate is 0, so that both steps of a pair sample and learn from the same tokens. The
/// weights are random, and the temperature makes their distributions as peaked as a trained
/// policy's; a plugin's work depends on that.
struct InterventionBench {
  static let measure = "interventions"
  /// Of the logits of random weights: some nats of entropy.
  static let temperature: Float = 0.06

  let name: String
  let model: BenchModel
  /// Completions of a step, in groups of four.
  let completions: Int
  /// Of a prompt, and of a completion.
  let tokens: Int
  let pairs: Int

  func measure(_ choices: [PluginChoice], folders: [String]) throws -> [PairedStepCost] {
    let policy = Policy(
      try model.transformer(trainable: true), temperature: Self.temperature, memory: .init())
    let optimizer = AdamW(policy.slots)
    let tokenizer = try BenchModel.smallestTokenizer()
    func trainer(_ choices: [PluginChoice]) throws -> GRPOTrainer {
      let ready = try ReadyInterventions(
        choices, folders: folders, seed: 0, tokenizer: tokenizer)
      return try GRPOTrainer(
        settings: settings, policy: policy, reference: ready.set.needsReference ? policy : nil,
        engine: RolloutEngine(model: policy.model, tokenizer: tokenizer),
        prompts: BenchPrompts(model: model, tokens: tokens),
        verifiers: VerifierSet([.init(BenchVerifier())]), interventions: ready.set,
        optimizer: optimizer)
    }
    return try choices.map { choice in
      let (plain, with) = (try trainer([]), try trainer([choice]))
      var cost = PairedStepCost(name: with.interventions.members[0].name)
      // The first pair touches memory and fills the caches.
      for pair in 0...pairs {
        Console.note("\(name): \(cost.name), pair \(pair) of \(pairs)")
        var measured: [Bool: PairedStepCost.Step] = [:]
        for isPlain in pair % 2 == 0 ? [true, false] : [false, true] {
          measured[isPlain] = try PairedStepCost.Step(isPlain ? plain : with, pair + 1)
        }
        if pair > 0 { cost.pairs.append((measured[true]!, measured[false]!)) }
      }
      return cost
    }
  }

  private var settings: GRPOSettings {
    var settings = GRPOSettings()
    settings.steps = pairs + 1
    settings.rollout.groupSize = 4
    settings.rollout.promptsPerStep = max(1, completions / 4)
    settings.rollout.sampling.temperature = Self.temperature
    settings.rollout.sampling.maximumNewTokens = tokens
    settings.optimizer.learningRate = 0
    return settings
  }
}
