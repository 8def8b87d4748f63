import ArgumentParser
import Foundation
import JSON
import PluginHost

extension PluginKind: ExpressibleByArgument {}
extension PluginTemplate.Language: ExpressibleByArgument {}

/// `temper plugins new`: a package of one's own that builds, tests and runs before it is changed.
struct PluginsNew: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "new",
    abstract: "Write a package for a plugin of your own.",
    discussion: """
      It builds with one command, passes its own test and can be given to --plugin as it is; \
      then it is yours to change.
      """)

  @Argument(help: "The plugin's name: small letters, digits and hyphens.") var name: String
  @Option(help: "What it is.") var kind: PluginKind
  @Option(help: "What it is written in.") var language = PluginTemplate.Language.swift
  @Option(name: .customLong("in"), help: "The folder that gets the package as a new folder.")
  var parent = "."
  @OptionGroup var places: PluginsCommand.Places

  func run() throws {
    let template = try PluginTemplate(name: name, kind: kind, language: language)
    try refuseKnownName()
    let folder = URL(filePath: parent, directoryHint: .isDirectory).appending(path: name)
    let files = try template.write(to: folder, sdk: PluginSDK.folder())
    if places.json {
      let written: JSONLiteral = [
        "folder": .string(folder.path), "files": .array(files.map(JSONLiteral.string)),
      ]
      return Console.report(written.serialized())
    }
    let path = parent == "." ? name : "\(parent)/\(name)"
    Console.report(
      """
      \(path)/
      \(files.map { "  \($0)" }.joined(separator: "\n"))

      cd \(path)
      \(template.commands.joined(separator: "\n"))
      """)
  }

  /// A name that is taken would have to be told apart by paths for ever.
  private func refuseKnownName() throws {
    guard let known = places.catalog.plugins.first(where: { $0.name == name }) else { return }
    throw ConfigurationError.invalid(
      key: "NAME", value: name,
      remedy: "and there is a plugin of this name: \(known.place). Give another name")
  }
}

extension PluginTemplate {
  /// What one does next, in the package's folder.
  fileprivate var commands: [String] {
    let library = language == .swift ? ".build/release/lib\(name).so" : "./lib\(name).so"
    return [
      language == .swift ? "swift build -c release" : "make",
      language == .swift ? "swift test" : "make test",
      "temper plugins info \(library)",
    ]
  }
}
