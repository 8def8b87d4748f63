import PluginHost

extension SettingsTable {
  /// Turns each `--plugin PATH[:key=value,...]` into the option of the plugin's kind, for example
  /// `--entropy`, as if the user had looked up what it is and written that.
  ///
  /// A name does as well as a path. A table without plugins is left to refuse the option.
  func namingKinds(_ arguments: [String]) throws(ConfigurationError) -> [String] {
    guard PluginKind.allCases.contains(where: { takes($0.option) }) else { return arguments }
    var named: [String] = []
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      let value: String
      if argument.hasPrefix("--plugin=") {
        value = String(argument.dropFirst("--plugin=".count))
      } else if argument == "--plugin" {
        guard let next = rest.popFirst() else {
          throw .missingValue(option: argument, expected: "PATH[:key=value,...]")
        }
        value = next
      } else {
        named.append(argument)
        continue
      }
      let kind = try kind(of: value, folders: folders(in: arguments))
      guard takes(kind.option) else {
        throw .invalid(
          key: "--plugin", value: value,
          remedy: "and it is of the kind '\(kind)', which this command has no use for")
      }
      named += ["--\(kind.option)", value]
    }
    return named
  }

  private func takes(_ option: String) -> Bool {
    settings.contains { $0.optionNames.contains(option) }
  }

  private func kind(of text: String, folders: [String]) throws(ConfigurationError) -> PluginKind {
    do {
      let catalog = PluginCatalog(searchPath: folders + PluginCatalog.standardSearchPath())
      return try catalog.kind(of: PluginRequest(parsing: text))
    } catch {
      throw .plugin(error)
    }
  }

  /// What `--plugins` names, so that a name can be one of theirs.
  private func folders(in arguments: [String]) -> [String] {
    arguments.indices.compactMap { index in
      if arguments[index].hasPrefix("--plugins=") {
        return String(arguments[index].dropFirst("--plugins=".count))
      }
      guard arguments[index] == "--plugins", index + 1 < arguments.count else { return nil }
      return arguments[index + 1]
    }
  }
}

extension PluginKind {
  /// What names plugins of this kind on a command line.
  fileprivate var option: String {
    switch self {
    case .verifier: "verifier"
    case .entropy: "entropy"
    case .prompts: "prompt-pool"
    case .environment: "environment"
    case .detector: "detector"
    }
  }
}
