import Detectors
import EntropyControl
import Models
import Optimizers
import Rollouts
import Tokenizers
import Training
import Verifiers

/// What plugins cost that take part in a step: steps of GRPO with each of them and without, in pairs
/// that follow one another, one update a rollout.
///
/// The learning rate is 0, so that both steps of a pair sample and learn from the same tokens. The
/// weights are random, and the temperature makes their distributions as peaked as a trained
/// policy's; a plugin's work depends on that.
struct InterventionBench {
  static let measure = "interventions"
  static let detectorMeasure = "detectors"
  /// Of the logits of random weights: some nats of entropy.
  static let temperature: Float = 0.06

  let name: String
  let model: BenchModel
  /// Completions of a step, in groups of four.
  let completions: Int
  /// Of a prompt, and of a completion.
  let tokens: Int
  let pairs: Int

  /// Each entropy plugin by itself.
  func measure(_ choices: [PluginChoice], folders: [String]) throws -> [PairedStepCost] {
    let stage = try Stage(self)
    return try choices.map { choice in
      func trainer(_ choices: [PluginChoice]) throws -> GRPOTrainer {
        let ready = try ReadyInterventions(
          choices, folders: folders, seed: 0, tokenizer: stage.tokenizer)
        return try stage.trainer(interventions: ready.set)
      }
      let (plain, with) = (try trainer([]), try trainer([choice]))
      return try measure(
        PairedStepCost(name: with.interventions.members[0].name, calls: "time/interventions"),
        plain, with)
    }
  }

  /// The default detectors together, or each of `choices` by itself.
  func measureDetectors(_ choices: [PluginChoice], folders: [String]) throws -> [PairedStepCost] {
    let stage = try Stage(self)
    func trainer(_ choices: [PluginChoice], _ defaults: DetectorDefaults) throws -> GRPOTrainer {
      let ready = try ReadyDetectors(
        choices, defaults: defaults, folders: folders, seed: 0, tokenizer: stage.tokenizer)
      if let note = ready.note { Console.note(note) }
      return try stage.trainer(watch: Watch(ready.set))
    }
    func measure(_ name: String, _ with: GRPOTrainer) throws -> PairedStepCost {
      try self.measure(
        PairedStepCost(name: name, calls: "time/detectors"), trainer([], .none), with)
    }
    guard !choices.isEmpty else {
      return [try measure("the default set", trainer([], .standard))]
    }
    return try choices.map { try measure($0.request.name, trainer([$0], .none)) }
  }

  private func measure(
    _ empty: PairedStepCost, _ plain: GRPOTrainer, _ with: GRPOTrainer
  ) throws -> PairedStepCost {
    var cost = empty
    // The first pair touches memory and fills the caches.
    for pair in 0...pairs {
      Console.note("\(name): \(cost.name), pair \(pair) of \(pairs)")
      var measured: [Bool: PairedStepCost.Step] = [:]
      for isPlain in pair % 2 == 0 ? [true, false] : [false, true] {
        measured[isPlain] = try PairedStepCost.Step(
          isPlain ? plain : with, pair + 1, calls: cost.calls)
      }
      if pair > 0 { cost.pairs.append((measured[true]!, measured[false]!)) }
    }
    return cost
  }

  /// What all trainers of a bench share.
  private struct Stage {
    let bench: InterventionBench
    let policy: Policy
    let optimizer: AdamW
    let tokenizer: Tokenizer

    init(_ bench: InterventionBench) throws {
      self.bench = bench
      policy = Policy(
        try bench.model.transformer(trainable: true), temperature: InterventionBench.temperature,
        memory: .init())
      optimizer = AdamW(policy.slots)
      tokenizer = try BenchModel.smallestTokenizer()
    }

    func trainer(
      interventions: InterventionSet = .none, watch: Watch = Watch(.none)
    ) throws -> GRPOTrainer {
      try GRPOTrainer(
        settings: bench.settings, policy: policy,
        reference: interventions.needsReference ? policy : nil,
        engine: RolloutEngine(model: policy.model, tokenizer: tokenizer),
        prompts: BenchPrompts(model: bench.model, tokens: bench.tokens),
        verifiers: VerifierSet([.init(BenchVerifier())]), interventions: interventions,
        optimizer: optimizer, watch: watch)
    }
  }

  fileprivate var settings: GRPOSettings {
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
