import Checkpoints
import Datasets
import Foundation
import JSON
import Kernels
import Metrics
import Models
import Objectives
import Rollouts
import Training
import Trajectories

/// A run of GRPO put together from its configuration: files, model, verifiers, trainer, records.
final class GRPOSession {
  let configuration: GRPOConfiguration
  private let folder: RunFolder
  private let model: LoadedModel
  private let run: TrainingRun
  private let progress: Metrics.Progress
  private var done = 0
  private var last: StepReport?

  /// - Parameters:
  ///   - path: the folder of the model to start from.
  ///   - makeFolder: opens the run's folder, once everything that can be refused was accepted.
  init(
    _ given: GRPOConfiguration, model path: String,
    makeFolder: (GRPOConfiguration) throws -> RunFolder
  ) throws {
    if let threads = given.run.threads { ThreadPool.resize(threads) }
    var configuration = given
    let verifiers = try ReadyVerifiers(
      given.verifiers, folders: given.pluginFolders, seed: given.run.seed)
    configuration.verifiers = verifiers.resolved
    let dataset = try given.data.dataset()
    let longest = given.data.maximumPromptTokens + given.rollout.sampling.maximumNewTokens
    model = try LoadedModel(
      path, precision: given.run.dtype.precision, trainable: true, longestSequence: longest)
    let prompts = try PromptSequence(
      dataset, format: given.data.format(for: model), options: given.data.options,
      seed: given.run.seed, shuffle: given.data.shuffle)
    try configuration.check(promptCount: prompts.count)
    let settings = configuration.settings(endTokens: model.endTokens)
    let policy = Policy(
      model.transformer, temperature: settings.rollout.sampling.temperature,
      memory: settings.memory)
    let trainer = try GRPOTrainer(
      settings: settings, policy: policy,
      reference: try configuration.referencePolicy(settings, longest: longest),
      engine: RolloutEngine(model, configuration.rollout), prompts: prompts,
      verifiers: verifiers.set, klController: configuration.klController)
    let folder = try makeFolder(configuration)
    self.folder = folder
    self.configuration = configuration
    progress = Metrics.Progress("grpo", total: settings.steps, unit: "steps")
    let console = ConsoleRecorder(
      progress,
      showing: ["reward/mean", "policy/entropy", "reward/tied", "rollout/length_mean", "time/step"])
    let logColumns = configuration.logColumns
    run = TrainingRun(
      trainer: trainer, folder: folder,
      recorders: [console, try JSONLinesRecorder(appendingTo: folder.metrics)],
      saveEvery: configuration.run.saveEvery, keeping: configuration.run.keepCheckpoints,
      writeModel: { [model] in try model.write(to: $0, as: .float32) },
      onStep: { report in
        try AtomicFile.write(
          RolloutRecord.lines(report, columns: logColumns), to: folder.rollouts(step: report.step))
      })
  }

  func resume(from checkpoint: Checkpoint) throws {
    done = try run.resume(from: checkpoint)
    Console.note("continuing \(folder.folder.path) after step \(done)")
  }

  func train() throws -> TrainingRun.Outcome {
    defer { progress.finish() }
    let outcome = try run.run(
      after: done, total: configuration.training.steps,
      isInterrupted: { Interruption.isRequested })
    if outcome == .finished, let output = configuration.run.output {
      try model.write(to: URL(filePath: output), as: configuration.run.outputDType.fileType)
    }
    return outcome
  }

  /// Says how the run ended and where its model is.
  func report(_ outcome: TrainingRun.Outcome, json: Bool) {
    let latest = folder.folder.appending(path: "checkpoints/latest/model").path
    var result: JSONLiteral = [
      "run": .string(folder.folder.path), "model": .string(configuration.run.output ?? latest),
    ]
    switch outcome {
    case .finished:
      result["status"] = "finished"
      Console.note("done; the model is in \(configuration.run.output ?? latest)")
    case .interrupted(let step):
      result["status"] = "interrupted"
      result["step"] = .int(step)
      Console.note(
        "stopped after step \(step); go on with: temper grpo --resume \(folder.folder.path)")
    }
    if json { Console.report(result.serialized()) }
  }
}

extension GRPOConfiguration {
  /// What the trainer takes, with what only the model can say.
  func settings(endTokens: Set<Int32>) -> GRPOSettings {
    var settings = training
    settings.seed = run.seed
    settings.rollout.sampling = rollout.sampling
    settings.rollout.sampling.seed = run.seed
    settings.rollout.sampling.endTokens = endTokens
    if settings.objective.aggregation.needsNorm, settings.objective.norm == nil {
      settings.objective.norm = Double(rollout.sampling.maximumNewTokens)
    }
    return settings
  }

  /// Refuses what no run can use.
  func check(promptCount: Int) throws(ConfigurationError) {
    func require(_ holds: Bool, _ key: String, _ value: String, _ remedy: String)
      throws(ConfigurationError)
    {
      guard holds else { throw .invalid(key: key, value: value, remedy: remedy) }
    }
    let r = training.rollout
    try require(
      r.groupSize >= 2, "rollout.group_size", "\(r.groupSize)",
      "and a group of one has no advantage. Use at least 2; 8 is common")
    try require(
      r.promptsPerStep >= 1 && r.promptsPerStep <= promptCount, "rollout.prompts_per_step",
      "\(r.promptsPerStep)", "the file has \(promptCount) prompts; use between 1 and that many")
    try require(
      rollout.sampling.temperature > 0, "rollout.temperature", "\(rollout.sampling.temperature)",
      "and greedy completions of one prompt are all the same. Use 1")
    try require(
      rollout.sampling.maximumNewTokens >= 1, "rollout.max_new_tokens",
      "\(rollout.sampling.maximumNewTokens)", "use at least 1")
    try require(
      rollout.sampling.topK >= 0 && rollout.sampling.topP > 0 && rollout.sampling.topP <= 1
        && rollout.sampling.minP >= 0 && rollout.sampling.minP <= 1, "rollout.top_k, top_p, min_p",
      "\(rollout.sampling.topK), \(rollout.sampling.topP), \(rollout.sampling.minP)",
      "top_k is 0 or more, top_p in (0, 1], min_p in [0, 1]")
    try require(training.steps >= 1, "run.steps", "\(training.steps)", "use at least 1")
    try require(run.saveEvery >= 1, "run.save_every", "\(run.saveEvery)", "use at least 1")
    try require(
      training.updates.epochs >= 1, "updates.epochs", "\(training.updates.epochs)",
      "use at least 1")
    try require(
      training.updates.minibatches >= 1 && training.updates.minibatches <= r.promptsPerStep,
      "updates.minibatches", "\(training.updates.minibatches)",
      "the step's \(r.promptsPerStep) prompts are dealt to them; use between 1 and that many")
    try require(
      training.memory.microBatchTokens >= 1, "memory.micro_batch_tokens",
      "\(training.memory.microBatchTokens)", "use at least 1; 4096 is common")
    try require(
      rollout.width >= 1 && rollout.prefillTokens >= 1 && rollout.cacheMiB >= 1,
      "rollout.batch, prefill_tokens, cache_mib",
      "\(rollout.width), \(rollout.prefillTokens), \(rollout.cacheMiB)", "each is at least 1")
    try run.check()
    try training.optimizer.check()
  }

  var klController: AdaptiveKL? {
    klTarget.map {
      AdaptiveKL(coefficient: training.objective.klCoefficient, target: $0, horizon: klHorizon)
    }
  }

  /// The frozen policy of the KL term: by default the model as the run began with it.
  func referencePolicy(_ settings: GRPOSettings, longest: Int) throws -> Policy? {
    guard settings.objective.needsReference else { return nil }
    let model = try LoadedModel(
      reference ?? run.model, precision: run.dtype.precision, longestSequence: longest)
    return Policy(
      model.transformer, temperature: settings.rollout.sampling.temperature,
      memory: settings.memory)
  }
}

extension RunConfiguration {
  func check() throws(ConfigurationError) {
    if let threads, threads < 1 {
      throw .invalid(key: "run.threads", value: "\(threads)", remedy: "use at least 1")
    }
    if keepCheckpoints < 1 {
      throw .invalid(key: "run.keep_checkpoints", value: "\(keepCheckpoints)", remedy: "use at least 1")
    }
  }
}

extension GRPOSettings.Optimizer {
  func check() throws(ConfigurationError) {
    func require(_ holds: Bool, _ key: String, _ value: Double, _ remedy: String)
      throws(ConfigurationError)
    {
      guard holds else {
        throw .invalid(key: "optimizer.\(key)", value: "\(value)", remedy: remedy)
      }
    }
    try require(learningRate >= 0, "learning_rate", learningRate, "it must not be negative")
    try require(warmup >= 0, "warmup", Double(warmup), "it must not be negative")
    try require(adamW.beta1 >= 0 && adamW.beta1 < 1, "beta1", adamW.beta1, "use 0 up to below 1")
    try require(adamW.beta2 >= 0 && adamW.beta2 < 1, "beta2", adamW.beta2, "use 0 up to below 1")
    try require(adamW.epsilon > 0, "epsilon", adamW.epsilon, "use a small positive number")
    try require(adamW.weightDecay >= 0, "weight_decay", adamW.weightDecay, "it must not be negative")
    if let clipNorm { try require(clipNorm > 0, "clip_norm", clipNorm, "use a positive number or none") }
  }
}
