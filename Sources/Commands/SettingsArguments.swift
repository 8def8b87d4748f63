import ArgumentParser
import Foundation

/// The part of a command line that a settings table reads.
struct SettingsArguments: ParsableArguments {
  @Option(help: "A YAML file of settings; what stands on the command line holds over it.")
  var config: String?

  @Argument(
    parsing: .allUnrecognized, help: ArgumentHelp("Settings; see below.", valueName: "settings"))
  var settings: [String] = []

  /// Where settings come from; a later one holds over those before.
  enum Layer: CaseIterable { case file, commandLine }

  func apply<Root>(
    _ layer: Layer, of table: SettingsTable<Root>, to root: inout Root
  ) throws(ConfigurationError) {
    switch layer {
    case .file:
      if let config { try table.apply(file: URL(filePath: config), to: &root) }
    case .commandLine:
      try table.apply(arguments: table.namingKinds(settings), to: &root)
    }
  }

  /// Defaults, then the file, then the command line.
  func resolve<Root>(_ table: SettingsTable<Root>, defaults: Root) throws -> Root {
    var root = defaults
    for layer in Layer.allCases { try apply(layer, of: table, to: &root) }
    return root
  }
}

/// The day in UTC as `2026-01-31`.
func today() -> String { Date.now.formatted(.iso8601.year().month().day()) }

/// `grpo-20260131-142501`
func defaultRunName(_ command: String) -> String {
  let time = Date.now.formatted(
    .iso8601.year().month().day().time(includingFractionalSeconds: false))
  let digits = time.filter(\.isNumber)
  return "\(command)-\(digits.prefix(8))-\(digits.dropFirst(8))"
}
