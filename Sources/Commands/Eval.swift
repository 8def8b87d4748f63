import ArgumentParser
import Checkpoints
import Datasets
import Evaluation
import Foundation
import JSON
import Kernels
import Metrics
import Rollouts
import Trajectories

/// Everything that `temper eval` can be told.
struct EvalConfiguration: Sendable {
  var model = ""
  var data = DataConfiguration()
  var verifiers: [PluginChoice] = []
  var pluginFolders: [String] = []
  var rollout = RolloutConfiguration()
  var samples = 0
  var greedy = true
  var seed: UInt64 = 0
  var threads: Int?
  var dtype = DTypeName.float32

  static let table = SettingsTable<EvalConfiguration>(sections: [
    (
      "Evaluation",
      [
        Setting("model", \.model, help: "The model's folder."),
        Setting(
          "verifiers", \.verifiers, "verifier",
          help: "Who judges the completions; as in temper grpo. --plugin PATH does the same."),
        Setting(
          "plugin_folders", \.pluginFolders, "plugins", help: "A further folder with plugins."),
        Setting(
          "eval.samples", \.samples, "samples",
          help: "Completions sampled for each problem; pass@k for k up to that many."),
        Setting("eval.greedy", \.greedy, "greedy", help: "One greedy completion for each problem."),
        Setting("eval.seed", \.seed, "seed", help: "The same seed gives the same report."),
        Setting("eval.threads", \.threads, "threads", help: "Threads; none for one a core."),
        Setting("eval.dtype", \.dtype, "dtype", help: "The type of the weights' compute copy."),
      ]
    ),
    // Every row is taken, so their order says nothing.
    ("Data", SettingsTable.dataSettings(\.data).filter { $0.key != "data.shuffle" }),
    ("Sampling", SettingsTable.samplingSettings(\.rollout)),
  ])
}

/// `temper eval`: measure a model on a data file.
struct Eval: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "eval",
    abstract: "Measure a model on a data file: greedy accuracy and pass@k with 95% intervals.",
    usage: "temper eval --model DIR --data FILE --verifier NAME [--samples 16] [settings]",
    discussion: EvalConfiguration.table.help(defaults: EvalConfiguration()))

  @OptionGroup var arguments: SettingsArguments
  @Option(help: "Write the report, problem by problem, to this file.") var report: String?
  @Option(help: "Write every completion with its verdict to this file.") var completions: String?
  @Option(help: "A report of the same problems to compare with, paired.") var against: String?
  @Flag(
    help:
      "Exit with 1 unless the greedy accuracy rose and the largest pass@k did not fall (with --against)."
  )
  var mustImprove = false
  @Flag(help: "Print the report as JSON.") var json = false

  func validate() throws {
    guard !mustImprove || against != nil else {
      throw ValidationError("--must-improve needs --against: a report to improve on.")
    }
  }

  func run() throws {
    let configuration = try arguments.resolve(
      EvalConfiguration.table, defaults: EvalConfiguration())
    try configuration.check()
    if let threads = configuration.threads { ThreadPool.resize(threads) }
    let before = try against.map { try EvaluationReport(contentsOf: URL(filePath: $0)) }
    let (report, groups) = try evaluate(configuration)
    if let path = self.report {
      try AtomicFile.write(report.record.serialized(indent: 1) + "\n", to: URL(filePath: path))
    }
    if let completions {
      try AtomicFile.write(CompletionRecord.lines(groups), to: URL(filePath: completions))
    }
    let comparison = try before.map { try Comparison(before: $0, after: report) }
    if json {
      var result = report.json
      if let comparison { result["comparison"] = comparison.json }
      Console.report(result.serialized())
    } else {
      Console.report(report.table)
      if let comparison { Console.report("\n" + comparison.table) }
    }
    if mustImprove, let comparison, !comparison.isImprovement {
      Console.note("temper: it did not improve")
      throw ExitCode.failure
    }
  }

  private func evaluate(
    _ configuration: EvalConfiguration
  ) throws -> (report: EvaluationReport, groups: [RewardedGroup]) {
    let verifiers = try ReadyVerifiers(
      configuration.verifiers, folders: configuration.pluginFolders, seed: configuration.seed)
    let dataset = try configuration.data.dataset()
    let model = try LoadedModel(
      configuration.model, precision: configuration.dtype.precision,
      longestSequence: configuration.data.maximumPromptTokens
        + configuration.rollout.sampling.maximumNewTokens)
    let sequence = try PromptSequence(
      dataset, format: configuration.data.format(for: model), options: configuration.data.options)
    configuration.data.note(skipped: sequence.skipped)
    try configuration.check(promptCount: sequence.count)
    let prompts = try sequence.all()
    var sampling = configuration.rollout.sampling
    sampling.endTokens = model.endTokens
    sampling.seed = configuration.seed
    let evaluator = Evaluator(
      engine: RolloutEngine(model, configuration.rollout), verifiers: verifiers.set,
      sampling: sampling, samples: configuration.samples, greedy: configuration.greedy)
    let progress = Metrics.Progress(
      "eval", total: evaluator.completions(of: prompts), unit: "completions")
    defer { progress.finish() }
    var ended = 0
    return try evaluator.evaluate(prompts) {
      ended += 1
      progress.advance(to: ended)
    }
  }
}
