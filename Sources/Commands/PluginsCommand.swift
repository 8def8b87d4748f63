import ArgumentParser
import Foundation
import JSON
import PluginHost

/// `temper plugins`: what there is, and what it costs.
struct PluginsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plugins",
    abstract: "List plugins, describe them, begin one, measure what they cost.",
    subcommands: [List.self, Info.self, PluginsNew.self, PluginsBench.self])

  struct Places: ParsableArguments {
    @Option(
      name: [.customLong("plugins"), .customLong("plugin")],
      help: "A further folder, or library, to look in; repeatable.")
    var folders: [String] = []
    @Flag(help: "Print JSON.") var json = false

    var catalog: PluginCatalog {
      PluginCatalog(searchPath: folders + PluginCatalog.standardSearchPath())
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "One line a plugin.")
    @Option(help: "Only the plugins of this kind.") var kind: PluginKind?
    @OptionGroup var places: Places

    func run() throws {
      let catalog = places.catalog
      let plugins = catalog.plugins.filter { kind == nil || $0.kind == kind!.table }
      for problem in catalog.problems { Console.note("temper: \(problem)") }
      if places.json {
        return Console.report(JSONLiteral.array(plugins.map(\.json)).serialized())
      }
      let width = (plugins.map(\.name.count).max() ?? 0) + 2
      for plugin in plugins {
        let name = plugin.name.padding(toLength: width, withPad: " ", startingAt: 0)
        Console.report("\(name)\(plugin.kind)  \(plugin.summary)")
      }
    }
  }

  struct Info: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "A plugin's version, place and settings with their defaults.")
    @Argument(help: "A plugin's name, or the path of its library.") var name: String
    @OptionGroup var places: Places

    func run() throws {
      for plugin in try places.catalog.describe(name) {
        Console.report(places.json ? plugin.json.serialized() : plugin.page)
      }
    }
  }
}

extension PluginInfo {
  /// What people read of one plugin.
  fileprivate var page: String {
    """
    \(name)  \(version)
    id       \(id)
    kind     \(kind)
    library  \(place)

    \(summary)

    settings and their defaults
    \(YAMLFile.text(defaults))
    """
  }
}
