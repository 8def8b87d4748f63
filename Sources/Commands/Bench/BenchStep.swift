import Kernels
import Metrics
import Models
import Rollouts
import Training
import Trajectories
import Verifiers

extension BenchModel {
  /// Whole steps of GRPO by the trainer of `temper grpo`, the second one timed.
  func step(_ task: BenchTask, program: String) throws -> BenchResult {
    var settings = GRPOSettings()
    settings.steps = 2
    settings.rollout.groupSize = task.groupSize
    settings.rollout.promptsPerStep = task.batch / task.groupSize
    settings.rollout.sampling.maximumNewTokens = task.newTokens
    let isApart = precision == .int8
    let model = try BenchModel(
      configuration: configuration, precision: isApart ? .float32 : precision
    ).transformer(trainable: true)
    if isApart { settings.objective.mismatch.mode = .tokenTruncate }
    let policy = Policy(
      model, temperature: 1, memory: settings.memory)
    let trainer = try GRPOTrainer(
      settings: settings, policy: policy, reference: nil,
      engine: RolloutEngine(
        model: isApart ? Transformer(samplingFor: model, weightType: precision) : model,
        tokenizer: try Self.smallestTokenizer()),
      prompts: BenchPrompts(model: self, tokens: task.promptTokens),
      verifiers: VerifierSet([.init(BenchVerifier())]))
    _ = try trainer.step(1)
    return try BenchResult(program: program) {
      let metrics = try trainer.step(2).metrics
      let phases =
        (["rollout"] + (isApart ? ["rescore"] : []) + ["forward", "backward", "optimizer"]).map {
          name in
          (name: name, seconds: metrics[MetricName(rawValue: "time/\(name)")!] ?? 0)
        }
      let rest = metrics["time/step"]! - phases.reduce(0) { $0 + $1.seconds }
      return phases + [("rest", rest)]
    }
  }
}

/// Different prompts of one length.
struct BenchPrompts: PromptSource {
  let model: BenchModel
  let tokens: Int

  func prompts(from first: Int, count: Int, copies: Int) -> [Prompt] {
    model.sequences(first + count, length: tokens).enumerated().dropFirst(first).map {
      Prompt(id: "\($0)", index: $0, tokens: $1, text: "", row: "{}")
    }
  }
}

/// Rewards of 0 and 1 that the ids decide as a coin would, so that they differ within most groups.
struct BenchVerifier: Verifier {
  let name = "bench"
  func judge(_ samples: [VerifierSample]) -> [Judgement] {
    samples.map { sample in
      let isRight = sample.tokens.reduce(0) { $0 ^ $1 } & 1 == 0
      return Judgement(isRight ? .right : .wrong, reward: isRight ? 1 : 0)
    }
  }
}
