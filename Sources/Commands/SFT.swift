import ArgumentParser
import Checkpoints
import Datasets
import Foundation
import JSON
import Kernels
import Metrics
import Training

/// Everything that `temper sft` can be told.
struct SFTConfiguration: Sendable {
  var run = RunConfiguration()
  var data: DataConfiguration = {
    var data = DataConfiguration()
    data.maximumPromptTokens = 2048
    return data
  }()
  var training = SFTSettings()

  static let table = SettingsTable<SFTConfiguration>(sections: [
    ("Run", SettingsTable.runSettings(\.run) + [
      Setting("run.steps", \.training.steps, "steps", help: "Updates of the weights."),
      Setting("run.examples_per_step", \.training.examplesPerStep, "examples", help: "Examples of an update."),
    ]),
    ("Data", SettingsTable.dataSettings(\.data)),
    ("Updates", SettingsTable.optimizerSettings(\.training.optimizer, \.training.memory)),
  ])
}

/// `temper sft`: supervised fine-tuning.
struct SFT: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sft", abstract: "Fine-tune a model on given completions.",
    usage: "temper sft --model DIR --data FILE [settings]",
    discussion: SFTConfiguration.table.help(defaults: SFTConfiguration()))

  @OptionGroup var arguments: SettingsArguments
  @Option(help: "Continue the run in this folder from its last checkpoint.") var resume: String?
  @Flag(help: "Print the outcome as JSON on standard output.") var json = false

  func run() throws {
    Interruption.listen()
    let table = SFTConfiguration.table
    var configuration: SFTConfiguration
    var checkpoint: Checkpoint?
    let folder: RunFolder
    if let resume {
      folder = try RunFolder(resuming: URL(filePath: resume))
      configuration = SFTConfiguration()
      try table.apply(file: folder.configuration, to: &configuration)
      try table.applyOnResume(arguments.settings, to: &configuration)
      let found = try folder.checkpoints().newest()
      for refused in found.refused { Console.note("temper: passed over \(refused)") }
      checkpoint = found.checkpoint
    } else {
      configuration = try arguments.resolve(table, defaults: SFTConfiguration())
      configuration.data.date = configuration.data.date ?? today()
      configuration.run.name = configuration.run.name ?? defaultRunName("sft")
      try configuration.check()
      folder = try RunFolder(
        creating: URL(filePath: configuration.run.runs).appending(
          path: configuration.run.name!))
    }
    try AtomicFile.write(table.yaml(configuration), to: folder.configuration)
    Console.note(table.yaml(configuration))
    try train(configuration, folder, from: checkpoint)
  }

  private func train(
    _ configuration: SFTConfiguration, _ folder: RunFolder, from checkpoint: Checkpoint?
  ) throws {
    if let threads = configuration.run.threads { ThreadPool.resize(threads) }
    let dataset = try configuration.data.dataset()
    let model = try LoadedModel(
      checkpoint?.model.path ?? configuration.run.model,
      precision: configuration.run.dtype.precision, trainable: true,
      longestSequence: configuration.data.maximumPromptTokens)
    let examples = try ExampleSequence(
      dataset, format: configuration.data.format(for: model), options: configuration.data.options,
      seed: configuration.run.seed, shuffle: configuration.data.shuffle)
    let trainer = SFTTrainer(
      settings: configuration.training, model: model.transformer, examples: examples)
    let progress = Metrics.Progress("sft", total: configuration.training.steps, unit: "steps")
    defer { progress.finish() }
    let run = TrainingRun(
      trainer: trainer, folder: folder,
      recorders: [
        ConsoleRecorder(progress, showing: ["sft/loss", "optimizer/grad_norm", "time/step"]),
        try JSONLinesRecorder(appendingTo: folder.metrics),
      ],
      saveEvery: configuration.run.saveEvery, keeping: configuration.run.keepCheckpoints,
      writeModel: { try model.write(to: $0, as: .float32) })
    let done = try checkpoint.map { try run.resume(from: $0) } ?? 0
    let outcome = try run.run(
      after: done, total: configuration.training.steps,
      isInterrupted: { Interruption.isRequested })
    let latest = folder.folder.appending(path: "checkpoints/latest/model").path
    var result: JSONLiteral = ["run": .string(folder.folder.path), "model": .string(latest)]
    switch outcome {
    case .finished:
      if let output = configuration.run.output {
        try model.write(to: URL(filePath: output), as: configuration.run.outputDType.fileType)
        result["model"] = .string(output)
      }
      result["status"] = "finished"
      Console.note("done; the model is in \(configuration.run.output ?? latest)")
    case .interrupted(let step):
      result["status"] = "interrupted"
      result["step"] = .int(step)
      Console.note(
        "stopped after step \(step); go on with: temper sft --resume \(folder.folder.path)")
    }
    if json { Console.report(result.serialized()) }
  }
}

extension SFTConfiguration {
  func check() throws(ConfigurationError) {
    for (key, value) in [
      ("run.steps", training.steps), ("run.examples_per_step", training.examplesPerStep),
      ("run.save_every", run.saveEvery),
      ("memory.micro_batch_tokens", training.memory.microBatchTokens),
    ] where value < 1 {
      throw .invalid(key: key, value: "\(value)", remedy: "use at least 1")
    }
    try run.check()
    try training.optimizer.check()
  }
}
