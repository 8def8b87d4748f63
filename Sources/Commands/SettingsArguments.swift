import ArgumentParser
import Foundation

/// The part of a command line that a settings table reads.
struct SettingsArguments: ParsableArguments {
  @Option(help: "A YAML file of settings; what stands on the command line holds over it.")
  var config: String?

  @Argument(parsing: .allUnrecognized, help: ArgumentHelp("Settings; see below.", valueName: "settings"))
  var settings: [String] = []

  /// Defaults, then the file, then the command line.
  func resolve<Root>(_ table: SettingsTable<Root>, defaults: Root) throws -> Root {
    var root = defaults
    if let config { try table.apply(file: URL(filePath: config), to: &root) }
    try table.apply(arguments: settings, to: &root)
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
