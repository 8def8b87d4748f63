import ArgumentParser
import Checks
import Detectors
import EntropyControl
import Foundation
import JSON
import PluginHost
import Verifiers

/// `temper check`: files of expected values, and plugins.
struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Compare what temper computes with files of expected values; prove a plugin.",
    discussion: """
      Exit status 0 when everything compared agrees, 1 when something differs or nothing could be \
      compared, 2 when PATH is not of the form.
      """,
    subcommands: [
      Models.self, TokenizersCheck.self, Generation.self, Templates.self, Objectives.self,
      DetectorsCheck.self, Optimizers.self, MetricsCheck.self, VerifiersCheck.self, Gold.self,
      CheckPlugin.self,
    ])

  struct Output: ParsableArguments {
    @Flag(help: "End with one JSON object on a line of its own.")
    var json = false

    func finish(_ compare: () throws -> CheckReport) throws {
      let report: CheckReport
      do {
        report = try compare()
      } catch let error as CheckError {
        Console.note("temper: \(error)")
        throw ExitCode(2)
      } catch let error as JSONError {
        Console.note("temper: \(error)")
        throw ExitCode(2)
      } catch let error as PluginHostError {
        Console.note("temper: \(error)")
        throw ExitCode(2)
      }
      Console.report(report.summary)
      if json { Console.report(report.json.serialized()) }
      throw ExitCode(report.exitCode)
    }
  }

  struct Models: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Logits, loss, gradients and greedy decoding of model folders.")
    @Argument(help: "A model folder with golden.json, or a folder of such.") var path: String
    @OptionGroup var output: Output
    func run() throws { try output.finish { try checkModels(path: URL(filePath: path)) } }
  }

  struct TokenizersCheck: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "tokenizers", abstract: "Ids, texts and streams of a tokenizer.")
    @Argument(help: "A JSON Lines file of rows.") var path: String
    @Option(help: "A tokenizer's folder or file.") var tokenizer: String
    @OptionGroup var output: Output
    func run() throws {
      try output.finish {
        try checkTokenizers(file: URL(filePath: path), tokenizer: URL(filePath: tokenizer))
      }
    }
  }

  struct Generation: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Greedy continuations, or gradients, of a real model.")
    @Argument(help: "NAME_greedy.json or NAME_grads.json.") var path: String
    @Option(help: "The model's folder.") var model: String
    @OptionGroup var output: Output
    func run() throws {
      try output.finish {
        try checkGeneration(path: URL(filePath: path), model: URL(filePath: model))
      }
    }
  }

  struct Templates: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Rendered chat templates and their ids.")
    @Argument(help: "rendered.jsonl, or the folder that holds it.") var path: String
    @Option(help: "The folder of NAME.jinja; templates/ beside the file unless given.")
    var templates: String?
    @Option(help: "The folder of tokenizer folders.") var tokenizers: String?
    @OptionGroup var output: Output
    func run() throws {
      try output.finish {
        try checkTemplates(
          path: URL(filePath: path), templates: templates.map { URL(filePath: $0) },
          tokenizers: tokenizers.map { URL(filePath: $0) })
      }
    }
  }

  struct Objectives: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Losses, gradients, advantages and controllers, those of plugins among them.")
    @Argument(help: "objectives.json.") var path: String
    @OptionGroup var output: Output
    func run() throws {
      let catalog = PluginCatalog()
      try output.finish {
        try checkObjectives(
          path: URL(filePath: path), makeIntervention: { try catalog.intervention($0, $1) },
          makeDetector: { try catalog.detector($0, $1) })
      }
    }
  }

  struct DetectorsCheck: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "detectors", abstract: "What detectors record of traces, series and matrices.")
    @Argument(help: "detectors.json, or the folder that holds it.") var path: String
    @OptionGroup var output: Output
    func run() throws {
      let catalog = PluginCatalog()
      try output.finish {
        try checkDetectors(path: URL(filePath: path)) { try catalog.detector($0, $1) }
      }
    }
  }

  struct Optimizers: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Trajectories of optimizers.")
    @Argument(help: "optimizers.json, or the folder that holds it.") var path: String
    @OptionGroup var output: Output
    func run() throws { try output.finish { try checkOptimizers(path: URL(filePath: path)) } }
  }

  struct MetricsCheck: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "metrics", abstract: "Scores, intervals and tests of evaluations.")
    @Argument(help: "eval_metrics.json, or the folder that holds it.") var path: String
    @OptionGroup var output: Output
    func run() throws { try output.finish { try checkMetrics(path: URL(filePath: path)) } }
  }

  /// The verifier that a check is about.
  struct VerifierOptions: ParsableArguments {
    @Option(help: "NAME[:key=value,...], or the path of a library.") var verifier: String
    @Option(name: .customLong("plugins"), help: "A further folder to look in; repeatable.")
    var folders: [String] = []
    @Flag(help: "Run programs with limits alone where no sandbox can be had.")
    var allowUnsandboxed = false

    /// Makes the verifier with one of its keys set, unless the user has set it.
    func make(_ key: String, _ value: String?) throws -> ResolvedVerifier {
      var request = try PluginRequest(parsing: verifier)
      if let value, !request.options.contains(where: { $0.key == key }) {
        request.configuration = .object([.init(key, .string(value))])
      }
      return try PluginCatalog(searchPath: folders + PluginCatalog.standardSearchPath())
        .verifier(request, PluginSurroundings(allowsUnsandboxed: allowUnsandboxed))
    }

    /// Makes the verifier so that what it is shown is the answer, where it has such a setting.
    func makeWithoutExtraction() throws -> ResolvedVerifier {
      for value in ["none", "whole"] {
        if let verifier = try? make("extract", value) { return verifier }
      }
      return try make("extract", nil)
    }
  }

  struct VerifiersCheck: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "verifiers", abstract: "A verifier's verdicts, and how fast it gives them.")
    @Argument(help: "A JSON Lines file of rows.") var path: String
    @OptionGroup var options: VerifierOptions
    @OptionGroup var output: Output
    func run() throws {
      try output.finish {
        try checkVerifiers(file: URL(filePath: path)) { mode in
          try options.make("extract", mode == .own ? nil : mode.rawValue).verifier
        }
      }
    }
  }

  struct Gold: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Every gold answer of a data file, judged against itself.")
    @Argument(help: "A JSON Lines file of task rows.") var path: String
    @Option(help: "The row's key with the gold answer; what the verifier reads unless given.")
    var gold: String?
    @OptionGroup var options: VerifierOptions
    @OptionGroup var output: Output
    func run() throws {
      try output.finish {
        let ready = try options.makeWithoutExtraction()
        var key = gold ?? "answer"
        if gold == nil, case .string(let named)? = ready.configuration["gold"] { key = named }
        return try checkGold(file: URL(filePath: path), gold: key, verifier: ready.verifier)
      }
    }
  }
}

extension PluginCatalog {
  /// The intervention of a name with those of `settings` that it has; `nil` where there is none.
  fileprivate func intervention(
    _ name: String, _ settings: JSONLiteral
  ) throws -> (any EntropyIntervention)? {
    try request(name, .entropy, settings).map { try intervention($0).intervention }
  }

  /// The same for a detector.
  fileprivate func detector(_ name: String, _ settings: JSONLiteral) throws -> (any Detector)? {
    try request(name, .detector, settings).map { try detector($0).detector }
  }

  private func request(
    _ name: String, _ kind: PluginKind, _ settings: JSONLiteral
  ) -> PluginRequest? {
    let isWanted = { (info: PluginInfo) in info.name == name && info.kind == kind.table }
    guard let info = plugins.first(where: isWanted) else { return nil }
    var request = PluginRequest(name: name)
    if case .object(let members) = settings {
      request.configuration = .object(members.filter { info.defaults[$0.key] != nil })
    }
    return request
  }
}
