import ArgumentParser
import Checkpoints
import Foundation

/// `temper grpo`: reinforcement learning with verifiable rewards.
struct GRPO: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "grpo",
    abstract: "Fine-tune a model by the reward of its own completions.",
    usage: """
      temper grpo --model DIR --data FILE --verifier NAME [settings]
      temper grpo --model DIR --environment NAME [settings]
      """,
    discussion: GRPOConfiguration.table.help(defaults: GRPOConfiguration()))

  @OptionGroup var arguments: SettingsArguments
  @Option(help: "Continue the run in this folder from its last checkpoint.") var resume: String?
  @Flag(help: "Print the outcome as JSON on standard output.") var json = false

  func run() throws {
    Interruption.listen()
    let session = try resume.map { try begin(resuming: $0) } ?? begin()
    try session.train(json: json)
  }

  /// A new run: settings resolved, folder made, nothing trained yet.
  private func begin() throws -> GRPOSession {
    var configuration = try GRPOConfiguration.resolved(arguments)
    configuration.data.date = configuration.data.date ?? today()
    configuration.run.name = configuration.run.name ?? defaultRunName("grpo")
    let folder = URL(filePath: configuration.run.runs).appending(path: configuration.run.name!)
    return try GRPOSession(configuration) { try RunFolder(creating: folder) }
  }

  /// A run that goes on: its own settings, the model of its last whole checkpoint.
  private func begin(resuming path: String) throws -> GRPOSession {
    let table = GRPOConfiguration.table
    let run = try RunFolder(resuming: URL(filePath: path))
    var configuration = GRPOConfiguration()
    try table.apply(file: run.configuration, to: &configuration)
    try table.applyOnResume(arguments, to: &configuration)
    return try GRPOSession(configuration, resuming: true, from: run.checkpointToResume()) { run }
  }
}

extension GRPOConfiguration {
  /// Defaults, then presets, the file and the command line.
  static func resolved(_ arguments: SettingsArguments) throws -> GRPOConfiguration {
    var configuration = GRPOConfiguration()
    for layer in SettingsArguments.Layer.allCases {
      // A preset stands below what its own layer says, and over the layers before.
      var alone = GRPOConfiguration()
      try arguments.apply(layer, of: table, to: &alone)
      if let preset = alone.preset { configuration.apply(preset) }
      try arguments.apply(layer, of: table, to: &configuration)
    }
    return configuration
  }
}

extension SettingsTable {
  /// Settings that a resumed run may change without becoming another run.
  static var changeableOnResume: Set<String> {
    [
      "run.steps", "run.threads", "run.save_every", "run.keep_checkpoints", "run.output",
      "run.output_dtype", "run.log_columns", "run.tensorboard", "rollout.batch",
      "rollout.cache_mib",
      "rollout.prefill_tokens", "environment.deadline", "environment.workers", "eval.every",
      "eval.data", "eval.reports",
    ]
  }

  /// Applies what a resumed run is told.
  /// - Throws: ``ConfigurationError/invalid(key:value:remedy:)`` for a setting that would make the
  ///   rest of the run another run.
  func applyOnResume(
    _ arguments: SettingsArguments, to root: inout Root
  ) throws(ConfigurationError) {
    let before = root
    for layer in SettingsArguments.Layer.allCases {
      try arguments.apply(layer, of: self, to: &root)
    }
    for setting in settings where setting.literal(before) != setting.literal(root) {
      guard Self.changeableOnResume.contains(setting.key) else {
        throw .invalid(
          key: setting.key, value: setting.literal(before).plain,
          remedy: "a resumed run keeps it; start a new run from the checkpoint's model instead")
      }
    }
  }
}
