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
    (
      "Run",
      SettingsTable.runSettings(\.run) + [
        Setting("run.steps", \.training.steps, "steps", help: "Updates of the weights."),
        Setting(
          "run.examples_per_step", \.training.examplesPerStep, "examples",
          help: "Examples of an update."),
      ]
    ),
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
    guard let resume else {
      var configuration = try arguments.resolve(table, defaults: SFTConfiguration())
      configuration.data.date = configuration.data.date ?? today()
      configuration.run.name = configuration.run.name ?? defaultRunName("sft")
      let folder = URL(filePath: configuration.run.runs)
        .appending(path: configuration.run.name!)
      return try train(configuration) { try RunFolder(creating: folder) }
    }
    let folder = try RunFolder(resuming: URL(filePath: resume))
    var configuration = SFTConfiguration()
    try table.apply(file: folder.configuration, to: &configuration)
    try table.applyOnResume(arguments, to: &configuration)
    try train(configuration, resuming: true, from: folder.checkpointToResume()) { folder }
  }

  /// - Parameter openFolder: called once everything that can be refused was accepted.
  private func train(
    _ configuration: SFTConfiguration, resuming: Bool = false, from checkpoint: Checkpoint? = nil,
    openFolder: () throws -> RunFolder
  ) throws {
    try configuration.check()
    if let threads = configuration.run.threads { ThreadPool.resize(threads) }
    let dataset = try configuration.data.dataset()
    let model = try LoadedModel(
      checkpoint?.model.path ?? configuration.run.model,
      precision: configuration.run.dtype.precision, trainable: true,
      longestSequence: configuration.data.maximumPromptTokens)
    let examples = try ExampleSequence(
      dataset, format: configuration.data.format(for: model), options: configuration.data.options,
      seed: configuration.run.seed, shuffle: configuration.data.shuffle)
    configuration.data.note(skipped: examples.skipped)
    let trainer = SFTTrainer(
      settings: configuration.training, model: model.transformer, examples: examples)

    let folder = try openFolder()
    let resolved = SFTConfiguration.table.yaml(configuration)
    try AtomicFile.write(resolved, to: folder.configuration)
    Console.note(resolved)
    let done = checkpoint?.step ?? 0
    let progress = Metrics.Progress(
      "sft", total: configuration.training.steps, first: done, unit: "steps")
    defer { progress.finish() }
    let run = TrainingRun(
      trainer: trainer, folder: folder,
      display: configuration.run.recorders(
        ConsoleRecorder(progress, showing: ["sft/loss", "optimizer/grad_norm", "time/step"]),
        in: folder),
      saveEvery: configuration.run.saveEvery, keeping: configuration.run.keepCheckpoints,
      writeModel: { try model.write(to: $0, as: .float32) },
      onRefusal: { progress.message("temper: \($0)") })
    if resuming {
      try run.resume(from: checkpoint)
      Console.note("continuing \(folder.folder.path) after step \(done)")
    }
    try RunEnding(command: "sft", configuration: configuration.run, folder: folder, model: model)
      .carryOut(run, after: done, total: configuration.training.steps, json: json)
  }
}
