import Spelling

/// Why a plugin cannot be found, opened or made.
public enum PluginHostError: Error, Equatable {
  /// There is no file, or the system's loader refuses it.
  case notLoadable(path: String, reason: String)
  case noEntry(path: String)
  case refused(path: String)
  case otherABI(path: String, major: UInt32, minor: UInt32)
  /// The library breaks the contract.
  case malformed(path: String, reason: String)
  case duplicate(name: String, places: [String])
  case unknown(name: String, known: [String], searched: [String], problems: [String])
  case otherKind(name: String, kind: String, wanted: String)
  case unknownKind(name: String, kind: String)
  case several(path: String, names: [String])
  /// What the user wrote cannot be read as `NAME:key=value,...`.
  case option(text: String, reason: String)
  case configuration(name: String, reason: String)
  case notCreated(name: String, reason: String)
}

extension PluginHostError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .notLoadable(let path, let reason):
      return "\(path): cannot be opened as a shared library: \(reason)"
    case .noEntry(let path):
      return """
        \(path): is no temper plugin: it exports no 'temper_plugin_entry'; \
        see docs/plugins.md for the function that a plugin exports
        """
    case .refused(let path):
      return "\(path): refuses this temper, whose plugin ABI is \(hostABI); rebuild the plugin"
    case .otherABI(let path, let major, let minor):
      return """
        \(path): was built for plugin ABI \(major).\(minor), and this temper serves \(hostABI); \
        rebuild it with this temper's temper_plugin.h
        """
    case .malformed(let path, let reason):
      return "\(path): breaks the plugin contract: \(reason)"
    case .duplicate(let name, let places):
      return """
        two plugins are called '\(name)': \(places.joined(separator: " and ")); \
        remove one, or name the one you want by its path
        """
    case .unknown(let name, let known, let searched, let problems):
      var text = "there is no plugin '\(name)'"
      if let near = nearestName(to: name, among: known) { text += "; did you mean '\(near)'?" }
      text += known.isEmpty ? "\nfound: none" : "\nfound: \(known.joined(separator: ", "))"
      text += "\nlooked in: \(searched.joined(separator: ", "))"
      return ([text] + problems.map { "not usable: \($0)" }).joined(separator: "\n")
    case .otherKind(let name, let kind, let wanted):
      return "the plugin '\(name)' serves '\(kind)', and a '\(wanted)' is needed here"
    case .unknownKind(let name, let kind):
      let known = PluginKind.allCases.map { "'\($0.table)'" }.joined(separator: ", ")
      return """
        the plugin '\(name)' serves '\(kind)', which this temper, of plugin ABI \(hostABI), does not \
        know; it knows \(known)
        """
    case .several(let path, let names):
      return """
        \(path): holds several plugins (\(names.joined(separator: ", "))); \
        name it with --plugins and give the plugin's name
        """
    case .option(let text, let reason):
      return "'\(text)': \(reason); options are written NAME:key=value,key=value"
    case .configuration(let name, let reason): return "\(name): \(reason)"
    case .notCreated(let name, let reason): return "\(name): \(reason)"
    }
  }
}
