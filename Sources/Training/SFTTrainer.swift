import JSON
import Metrics
import Models
import Optimizers
import Trajectories

/// What supervised fine-tuning depends on besides its files.
public struct SFTSettings: Sendable {
  public var steps = 100
  public var examplesPerStep = 32
  public var optimizer: GRPOSettings.Optimizer = {
    var optimizer = GRPOSettings.Optimizer()
    optimizer.learningRate = 1e-5
    return optimizer
  }()
  public var memory = GRPOSettings.Memory()

  public init() {}
}

/// A prompt and the completion that is to be learned.
public struct SFTExample: Sendable {
  public let prompt: [Int32]
  public let completion: [Int32]
  public init(prompt: [Int32], completion: [Int32]) {
    (self.prompt, self.completion) = (prompt, completion)
  }
}

/// Where examples come from: an endless sequence that a seed decides.
public protocol ExampleSource {
  func examples(from first: Int, count: Int) throws -> [SFTExample]
}

/// Supervised fine-tuning: cross-entropy on the completions, every token of a step alike.
public final class SFTTrainer: Trainer {
  public let model: Transformer
  public let optimizer: AdamW
  public let watch = Watch(.none)
  let settings: SFTSettings
  let policy: Policy
  let examples: any ExampleSource
  let schedule: LearningRateSchedule

  public init(settings: SFTSettings, model: Transformer, examples: any ExampleSource) {
    self.settings = settings
    self.model = model
    self.examples = examples
    policy = Policy(model, temperature: 1, memory: settings.memory)
    optimizer = AdamW(policy.slots, configuration: settings.optimizer.adamW)
    schedule = settings.optimizer.schedule(total: settings.steps)
  }

  public func step(_ index: Int) throws -> StepReport {
    var report = StepReport(step: index)
    let watch = Stopwatch()
    let batch = try examples.examples(
      from: (index - 1) * settings.examplesPerStep, count: settings.examplesPerStep)
    let tokens = batch.reduce(0) { $0 + $1.completion.count }
    model.zeroGradients()
    let tokenBatch = TokenBatch(prompts: batch.map(\.prompt), completions: batch.map(\.completion))
    let loss = try refusing(index, tokenBatch) {
      try policy.crossEntropy(tokenBatch, weight: 1 / Double(max(tokens, 1)))
    }
    let norm = try refusing(index, tokenBatch) { try GradientNorm(of: optimizer.parameters) }
    let rate = schedule.rate(at: optimizer.step + 1)
    optimizer.update(
      learningRate: rate, gradientScale: norm.scale(limit: settings.optimizer.clipNorm))
    model.refreshComputeCopy()
    report.metrics["sft/loss"] = loss
    report.metrics["sft/tokens"] = Double(tokens)
    report.metrics["optimizer/grad_norm"] = norm.value
    report.metrics["optimizer/learning_rate"] = rate
    report.metrics["time/step"] = watch.total
    report.metrics["memory/step_mib"] = PeakMemory.lap()
    return report
  }

  public var state: JSONLiteral { .object([]) }
  public func restore(_ state: JSON) {}
}
