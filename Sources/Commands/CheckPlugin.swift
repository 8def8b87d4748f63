import ArgumentParser
import Checks
import Detectors
import EntropyControl
import Foundation
import JSON
import PluginHost

/// `temper check plugin`: a plugin held against its contract.
struct CheckPlugin: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plugin", abstract: "A plugin's contract, and its gradients by differences.",
    discussion: """
      PLUGIN is the path of a library, all of whose plugins are checked, or a plugin's name; \
      settings follow as PLUGIN:key=value,... A method that takes a small share of the tokens \
      wants a larger share here than in a run, so that there is something to look at.
      """)

  @Argument(help: "PATH or NAME, with :key=value,... behind it.") var plugin: String
  @Option(name: .customLong("plugins"), help: "A further folder to look in; repeatable.")
  var folders: [String] = []
  @Option(help: "A file of rows, for environments whose tasks are rows.") var data: String?
  @Flag(help: "Run programs with limits alone where no sandbox can be had.")
  var allowUnsandboxed = false
  @OptionGroup var output: CheckCommand.Output

  func run() throws {
    let rows = try data.map { path in
      try JSONLines(of: URL(filePath: path)).texts.map { String(decoding: $0.bytes, as: UTF8.self) }
    }
    try output.finish {
      do throws(PluginHostError) { return try report(rows: rows ?? []) } catch {
        throw CheckError("\(error)")
      }
    }
  }

  private func report(rows: [String]) throws(PluginHostError) -> CheckReport {
    let request = try PluginRequest(parsing: plugin)
    let searchPath = folders + PluginCatalog.standardSearchPath()
    var report = CheckReport(what: "plugin")
    for info in try PluginCatalog(searchPath: searchPath).describe(request.name) {
      var request = request
      request.name = info.id
      let subject = PluginUnderCheck(
        info: info, configuration: try info.resolve(request), rows: rows,
        allowsUnsandboxed: allowUnsandboxed)
      report = subject.check(into: report)
    }
    return report
  }
}

/// One plugin of one library.
private struct PluginUnderCheck {
  let info: PluginInfo
  let configuration: JSONLiteral
  let rows: [String]
  let allowsUnsandboxed: Bool

  /// The plugin's library alone.
  private var catalog: PluginCatalog { PluginCatalog(searchPath: info.path.map { [$0] } ?? []) }

  func check(into report: CheckReport) -> CheckReport {
    let library = catalog
    func request(_ keys: JSONLiteral) -> PluginRequest {
      PluginRequest(name: info.id, configuration: keys)
    }
    // What a plugin logs while it is checked would break up the report.
    func surroundings(_ seed: UInt64) -> PluginSurroundings {
      PluginSurroundings(seed: seed, allowsUnsandboxed: allowsUnsandboxed) { _, _, _ in }
    }
    switch PluginKind(table: info.kind) {
    case .entropy:
      let subject = InterventionSubject(
        name: info.name, describe: describe, defaults: info.defaults, configuration: configuration
      ) { keys, seed in
        try library.intervention(request(keys), surroundings(seed)).intervention
      }
      return checkIntervention(subject, into: report, say: Console.report)
    case .verifier:
      let subject = VerifierSubject(
        name: info.name, describe: describe, defaults: info.defaults, configuration: configuration
      ) { keys in
        try library.verifier(request(keys), surroundings(0)).verifier
      }
      return checkVerifier(subject, into: report, say: Console.report)
    case .environment:
      let subject = EnvironmentSubject(
        name: info.name, describe: describe, defaults: info.defaults, configuration: configuration,
        rows: rows
      ) { keys in
        try library.environment(request(keys), surroundings(0)).environment
      }
      return checkEnvironment(subject, into: report, say: Console.report)
    case .detector:
      let subject = DetectorSubject(
        name: info.name, describe: describe, defaults: info.defaults, configuration: configuration
      ) { keys, seed in
        try library.detector(request(keys), surroundings(seed)).detector
      }
      return checkDetector(subject, into: report, say: Console.report)
    case .prompts, nil:
      var report = report
      report.skip(
        info.name, why: "'\(info.kind)' is a kind of plugin that this temper has no checks for")
      return report
    }
  }

  private func describe() throws -> String {
    try catalog.plugin(named: info.id).json.serialized()
  }
}
