import ArgumentParser
import Checkpoints
import Evaluation
import Foundation
import JSON
import Kernels
import Rollouts

/// `temper eval`: measure a model on a suite or a data file.
struct Eval: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "eval",
    abstract: "Measure a model on a suite or a data file, with 95% intervals.",
    usage: """
      temper eval --model DIR --suite NAME [--data DIR] [--report FILE] [settings]
      temper eval --model DIR --data FILE --verifier NAME [--samples 16] [settings]
      temper eval --model DIR --environment NAME [--problems 100] [settings]
      temper eval --rescore FILE [--protocol NAME ...] [--report FILE]
      temper eval --compare FILE FILE
      temper eval --combine FILE FILE ...
      temper eval --list
      """,
    discussion: EvalConfiguration.table.help(defaults: EvalConfiguration()))

  @OptionGroup var arguments: SettingsArguments
  @Option(help: "Write the report, with every completion and judgement, to this file.")
  var report: String?
  @Option(help: "Write the report as a page for a browser to this file.") var html: String?
  @Option(help: "Write every completion with its verdict to this file, one JSON object a line.")
  var completions: String?
  @Flag(help: "Go on with an evaluation that was stopped before its --report was written.")
  var resume = false
  @Option(help: "A report of the same problems to compare with, paired.") var against: String?
  @Flag(
    help:
      "Exit with 1 unless the greedy accuracy rose and the largest pass@k did not fall (with --against)."
  )
  var mustImprove = false
  @Option(help: "Judge the completions of this report again, without a model.")
  var rescore: String?
  @Option(
    parsing: .upToNextOption,
    help: "Two reports of the same problems, before and after: a paired test.")
  var compare: [String] = []
  @Option(
    parsing: .upToNextOption,
    help: "Reports of several seeds: mean and deviation over seeds.")
  var combine: [String] = []
  @Flag(help: "Show the first prompt as the model is given it, and its ids; generate nothing.")
  var showPrompt = false
  @Flag(help: "List the suites and the protocols.") var list = false
  @Flag(help: "Print the report as JSON.") var json = false

  func validate() throws {
    guard !mustImprove || against != nil else {
      throw ValidationError("--must-improve needs --against: a report to improve on.")
    }
    guard !resume || report != nil else {
      throw ValidationError("--resume needs --report: the file whose evaluation was stopped.")
    }
    guard compare.isEmpty || compare.count == 2 else {
      throw ValidationError("--compare takes two reports; it got \(compare.count).")
    }
    guard combine.count != 1 else {
      throw ValidationError("--combine takes a report for each of several seeds; it got one.")
    }
  }

  func run() throws {
    if list { return try Console.report(SuiteList().text(json: json)) }
    if !compare.isEmpty { return try runComparison() }
    if !combine.isEmpty { return try runCombination(of: combine.map(read)) }
    if let rescore { return try runRescoring(of: rescore) }
    let configuration = try EvalConfiguration.resolve(arguments)
    try configuration.check()
    try runEvaluation(configuration)
  }

  // MARK: Generating

  private func runEvaluation(_ configuration: EvalConfiguration) throws {
    if let threads = configuration.threads { ThreadPool.resize(threads) }
    let before = try against.map(read)
    let environment = try ReadyEnvironment(
      configuration.environment, folders: configuration.pluginFolders, seed: 0,
      allowsUnsandboxed: configuration.allowsUnsandboxed)
    let task = try EvaluationTask(configuration, environment)
    let model = try LoadedModel(
      configuration.model, precision: configuration.dtype,
      longestSequence: configuration.longestSequence)
    let session = try EvalSession(
      task, model: model, engine: RolloutEngine(model, configuration.rollout),
      configuration: configuration)
    if showPrompt { return Console.report(session.firstPrompt) }
    let watch = try watch(configuration, model)
    let identity = try model.identity()
    let reports = try (0..<UInt64(configuration.seeds)).map { offset in
      let files = Files(self, seed: configuration.seeds > 1 ? configuration.seed + offset : nil)
      if resume, let finished = try files.finished() { return finished }
      let (report, journal) = try session.evaluate(
        seed: configuration.seed + offset, identity: identity, journal: files.journal,
        resuming: resume, watch: watch)
      try files.write(report)
      try journal?.remove()
      return report
    }
    if reports.count > 1 { return try runCombination(of: reports) }
    let found = try watch?.figures(
      of: reports[0], temperature: Double(configuration.rollout.sampling.temperature))
    try show(reports[0], before: before, found: found ?? [])
  }

  /// The detectors that look at the evaluation, if there are any.
  private func watch(
    _ configuration: EvalConfiguration, _ model: LoadedModel
  ) throws -> WatchedEvaluation? {
    guard !configuration.detectors.isEmpty else { return nil }
    guard configuration.seeds == 1 else {
      throw ConfigurationError.invalid(
        key: "eval.seeds", value: "\(configuration.seeds)",
        remedy: "and detectors look at one evaluation. Leave one of the two out")
    }
    return try WatchedEvaluation(
      configuration.detectors, folders: configuration.pluginFolders, seed: configuration.seed,
      tokenizer: model.tokenizer)
  }

  /// Where the report of a seed is written.
  private struct Files {
    let report: URL?
    let html: URL?
    let completions: URL?

    /// - Parameter seed: told apart in the names, where there are several.
    init(_ command: Eval, seed: UInt64? = nil) {
      func place(_ path: String?) -> URL? {
        guard let path, let seed else { return path.map { URL(filePath: $0) } }
        let file = URL(filePath: path)
        let name = file.deletingPathExtension().lastPathComponent + "-seed\(seed)"
        let folder = file.deletingLastPathComponent()
        return folder.appending(path: name).appendingPathExtension(file.pathExtension)
      }
      (report, html) = (place(command.report), place(command.html))
      completions = place(command.completions)
    }

    /// What was generated, until the report is whole; `nil` where the report goes to a device.
    var journal: URL? {
      guard let report else { return nil }
      let type = try? FileManager.default.attributesOfItem(atPath: report.path)[.type]
      guard type == nil || type as? FileAttributeType == .typeRegular else { return nil }
      return URL(filePath: report.path + ".partial")
    }

    /// The report of an evaluation that has ended.
    func finished() throws -> EvaluationReport? {
      guard let report, let journal, !FileManager.default.fileExists(atPath: journal.path),
        FileManager.default.fileExists(atPath: report.path)
      else { return nil }
      Console.note("temper: \(report.path) is finished")
      return try EvaluationReport(contentsOf: report)
    }

    func write(_ result: EvaluationReport) throws {
      if let report {
        try AtomicFile.write(result.record.serialized(indent: 1) + "\n", to: report)
      }
      if let html { try AtomicFile.write(result.page.html, to: html) }
      if let completions { try AtomicFile.write(CompletionRecord.lines(result), to: completions) }
    }
  }

  /// - Parameter found: figures of detectors.
  private func show(
    _ report: EvaluationReport, before: EvaluationReport?,
    found: [(name: String, figures: JSONLiteral)] = []
  ) throws {
    let comparison = try before.map { try Comparison(before: $0, after: report) }
    if json {
      var result = report.json
      for (name, figures) in found { result[name] = figures }
      if let comparison { result["comparison"] = comparison.json }
      Console.report(result.serialized())
    } else {
      Console.report(report.table)
      if let comparison { Console.report("\n" + comparison.table) }
      for (_, figures) in found { Console.report("\n" + YAMLFile.text(figures)) }
    }
    if mustImprove, let comparison, !comparison.isImprovement {
      Console.note("temper: it did not improve")
      throw ExitCode.failure
    }
  }

  // MARK: Reports that are there

  private func read(_ path: String) throws -> EvaluationReport {
    try EvaluationReport(contentsOf: URL(filePath: path))
  }

  private func runRescoring(of path: String) throws {
    let kept = try read(path)
    // The settings of the suite that was evaluated, and over them what is said now.
    var defaults = EvalConfiguration()
    if case .string(let name)? = kept.generations["suite"] { defaults.suite = name }
    if case .string(let id)? = kept.generations["template"] { defaults.template = id }
    let named = try arguments.resolve(EvalConfiguration.table, defaults: defaults)
    let catalog = SuiteCatalog(suite: named.suite)
    let suite = try named.suite.map(catalog.suite)
    if let suite { defaults.protocols = suite.protocols.map(\.name) }
    let configuration = try arguments.resolve(EvalConfiguration.table, defaults: defaults)
    let form = try configuration.template.map { try catalog.template($0).form } ?? .box
    let protocols = try ReadyProtocols(configuration, suite: suite, form: form).all()
    let report = EvaluationReport(kept.generations, under: protocols, groupKeys: kept.groupKeys)
    try Files(self).write(report)
    try show(report, before: against.map(read))
  }

  private func runComparison() throws {
    let names = try arguments.resolve(EvalConfiguration.table, defaults: EvalConfiguration())
      .protocols
    let comparison = try Comparison(
      before: read(compare[0]), after: read(compare[1]), under: names.first)
    Console.report(json ? comparison.json.serialized() : comparison.table)
    if mustImprove, !comparison.isImprovement { throw ExitCode.failure }
  }

  private func runCombination(of reports: [EvaluationReport]) throws {
    let summary = try SeedSummary(reports)
    Console.report(json ? summary.json.serialized() : summary.table)
  }
}
