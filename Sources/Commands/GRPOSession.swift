import Checkpoints
import Datasets
import Foundation
import Kernels
import Metrics
import Models
import Objectives
import Rollouts
import Training

/// A run of GRPO put together from its configuration: files, model, verifiers, trainer, records.
final class GRPOSession {
  private let configuration: GRPOConfiguration
  private let folder: RunFolder
  private let model: LoadedModel
  private let trainer: GRPOTrainer
  private let run: TrainingRun
  private let progress: Metrics.Progress
  private let evaluation: PeriodicEvaluation?
  /// Steps that an earlier process did.
  private let done: Int

  /// - Parameters:
  ///   - resuming: whether the run was begun by an earlier process.
  ///   - checkpoint: what such a run goes on from.
  ///   - openFolder: opens the run's folder, once everything that can be refused was accepted.
  init(
    _ given: GRPOConfiguration, resuming: Bool = false, from checkpoint: Checkpoint? = nil,
    openFolder: () throws -> RunFolder
  ) throws {
    try given.check()
    if let threads = given.run.threads { ThreadPool.resize(threads) }
    var configuration = given
    let environment = try ReadyEnvironment(
      given.environment, folders: given.pluginFolders, seed: given.run.seed,
      allowsUnsandboxed: given.allowsUnsandboxed)
    if let environment { configuration.environment.plugin = environment.resolved }
    let verifiers =
      environment != nil && given.verifiers.isEmpty
      ? nil
      : try ReadyVerifiers(
        given.verifiers, folders: given.pluginFolders, seed: given.run.seed,
        allowsUnsandboxed: given.allowsUnsandboxed)
    if let verifiers { configuration.verifiers = verifiers.resolved }
    let source = try TaskSource(given, environment)
    let evaluationTasks = try given.evaluationTasks(environment)
    let longest = given.longestSequence
    model = try LoadedModel(
      checkpoint?.model.path ?? given.run.model, precision: given.run.dtype.precision,
      trainable: true, longestSequence: longest)
    let pool = try given.promptPool.map {
      try ReadyPromptPool($0, folders: given.pluginFolders, seed: given.run.seed)
    }
    configuration.promptPool = pool?.resolved
    let episodes = try environment?.episodes(for: model, given.data, given.rollout)
    let prompts = try source.prompts(given, model, templates: pool?.templates, episodes)
    if let count = prompts.count { try configuration.check(promptCount: count) }
    let interventions = try ReadyInterventions(
      given.entropy, folders: given.pluginFolders, seed: given.run.seed,
      tokenizer: model.tokenizer)
    configuration.entropy = interventions.resolved
    try configuration.check(interventions.set)
    // A run that goes on has all of its detectors by name.
    let detectors = try ReadyDetectors(
      given.detectors, defaults: resuming ? .none : given.defaultDetectors,
      folders: given.pluginFolders, seed: given.run.seed, tokenizer: model.tokenizer)
    configuration.detectors = detectors.resolved
    try detectors.check(model.transformer)
    if let note = detectors.note { Console.note(note) }
    let settings = configuration.settings(endTokens: model.endTokens)
    let policy = Policy(
      model.transformer, temperature: settings.rollout.sampling.temperature,
      memory: settings.memory)
    let engine = RolloutEngine(model, configuration.rollout)
    let sampler = configuration.samplerType.map { [model, configuration] type in
      RolloutEngine(
        model, configuration.rollout,
        weights: Transformer(samplingFor: model.transformer, weightType: type))
    }
    let trainer = try GRPOTrainer(
      settings: settings, policy: policy,
      reference: try configuration.referencePolicy(
        settings, isNeeded: interventions.set.needsReference, longest: longest),
      engine: sampler ?? engine, prompts: prompts.source, verifiers: verifiers?.set,
      episodes: episodes,
      klController: configuration.klController, interventions: interventions.set,
      form: pool?.form, watch: Watch(detectors.set, settings: given.detection))
    self.trainer = trainer
    let folder = try openFolder()
    let resolved = GRPOConfiguration.table.yaml(configuration)
    try AtomicFile.write(resolved, to: folder.configuration)
    Console.note(resolved)
    self.folder = folder
    self.configuration = configuration
    done = checkpoint?.step ?? 0
    progress = Metrics.Progress("grpo", total: settings.steps, first: done, unit: "steps")
    let console = ConsoleRecorder(
      progress,
      showing: ["reward/mean", "policy/entropy", "reward/tied", "rollout/length_mean", "time/step"])
    let evaluation = try PeriodicEvaluation(
      configuration, model: model, engine: engine, folder: folder, tasks: evaluationTasks)
    self.evaluation = evaluation
    let logColumns = configuration.logColumns
    var isFailureNoted = false
    var detections = DetectionNotes()
    run = TrainingRun(
      trainer: trainer, folder: folder,
      display: configuration.run.recorders(console, in: folder),
      saveEvery: configuration.run.saveEvery,
      keeping: configuration.run.keepCheckpoints,
      writeModel: { [model] in try model.write(to: $0, as: .float32) },
      onStep: { [progress] report in
        if !isFailureNoted, let note = report.failureNote {
          progress.message("temper: \(note)")
          isFailureNoted = true
        }
        try AtomicFile.write(
          RolloutRecord.lines(report, columns: logColumns), to: folder.rollouts(step: report.step))
        if let evaluation, evaluation.isDue(after: report.step) {
          report.metrics.merge(try evaluation.evaluate(step: report.step))
          try trainer.look(.evaluation, step: report.step, metrics: report.metrics)
        }
      },
      onRefusal: { [progress] in progress.message("temper: \($0)") },
      onDetection: { [progress] in
        if let note = detections.note($0) { progress.message(note) }
      })
    if resuming {
      try run.resume(from: checkpoint)
      Console.note("continuing \(folder.folder.path) after step \(done)")
    }
  }

  func train(json: Bool) throws {
    defer { progress.finish() }
    if let evaluation, try !evaluation.resume() {
      let metrics = try evaluation.evaluate(step: 0)
      try configuration.run.recorders(
        JSONLinesRecorder(appendingTo: folder.metrics), in: folder
      ).record(metrics, step: 0)
      try trainer.look(.evaluation, step: 0, metrics: metrics)
    }
    try RunEnding(
      command: "grpo", configuration: configuration.run, folder: folder, model: model
    ).carryOut(run, after: done, total: configuration.training.steps, json: json)
  }
}

extension GRPOConfiguration {
  /// The most tokens that the model writes behind a prompt.
  var longestWriting: Int {
    let turn = rollout.sampling.maximumNewTokens
    guard environment.plugin != nil else { return turn }
    let (tokens, isTooMany) = turn.multipliedReportingOverflow(by: rollout.maximumTurns)
    return isTooMany ? rollout.maximumEpisodeTokens : min(tokens, rollout.maximumEpisodeTokens)
  }

  /// The most tokens of a prompt and what stands behind it.
  var longestSequence: Int {
    data.maximumPromptTokens
      + (environment.plugin == nil
        ? rollout.sampling.maximumNewTokens : rollout.maximumEpisodeTokens)
  }

  /// What the trainer takes, with what only the model can say.
  func settings(endTokens: Set<Int32>) -> GRPOSettings {
    var settings = training
    settings.rollout.sampling = rollout.sampling
    settings.rollout.sampling.seed = run.seed
    settings.rollout.sampling.endTokens = endTokens
    settings.clipIsExplicit = keepsClip
    settings.objective.mismatch.mode = mismatch
    if settings.objective.aggregation.needsNorm, settings.objective.norm == nil {
      settings.objective.norm = Double(longestWriting)
    }
    return settings
  }

  var klController: AdaptiveKL? {
    klTarget.map {
      AdaptiveKL(coefficient: training.objective.klCoefficient, target: $0, horizon: klHorizon)
    }
  }

  /// The frozen policy of the KL term: by default the model as the run began with it.
  ///
  /// - Parameter isNeeded: an intervention asks for it.
  func referencePolicy(_ settings: GRPOSettings, isNeeded: Bool, longest: Int) throws -> Policy? {
    guard settings.objective.needsReference || isNeeded else { return nil }
    let model = try LoadedModel(
      reference ?? run.model, precision: run.dtype.precision, longestSequence: longest)
    return Policy(
      model.transformer, temperature: settings.rollout.sampling.temperature,
      memory: settings.memory)
  }
}
