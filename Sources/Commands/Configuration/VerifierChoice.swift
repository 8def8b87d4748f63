import JSON
import PluginHost
import Verifiers

/// A verifier as the user names it: `exact`, `exact:marker=####`, or in a file
/// `{name: exact, config: {marker: ["####"], weight: 0.5}}`.
struct VerifierChoice: SettingValue {
  static let kind = "NAME[:key=value,...]"

  var request: PluginRequest

  init(_ request: PluginRequest) { self.request = request }

  init?(settingText: String) {
    guard let request = try? PluginRequest(parsing: settingText) else { return nil }
    self.init(request)
  }

  init?(settingLiteral: JSONLiteral) {
    switch settingLiteral {
    case .string(let text):
      self.init(settingText: text)
    case .object(let members):
      guard case .string(let name)? = settingLiteral["name"],
        members.allSatisfy({ ["name", "config"].contains($0.key) })
      else { return nil }
      let config = settingLiteral["config"] ?? .object([])
      guard case .object = config else { return nil }
      self.init(PluginRequest(name: name, configuration: config))
    default: return nil
    }
  }

  /// The form of the file, complete once the options of the command line are resolved.
  var literal: JSONLiteral {
    ["name": .string(request.name), "config": request.configuration]
  }
}

/// Verifiers that are ready, and the choices that would make the same ones again.
struct ReadyVerifiers {
  let set: VerifierSet
  let resolved: [VerifierChoice]

  /// - Parameters:
  ///   - folders: searched before the usual ones.
  ///   - allowsUnsandboxed: whether programs may run where no sandbox can be had.
  init(
    _ choices: [VerifierChoice], folders: [String], seed: UInt64,
    allowsUnsandboxed: Bool = false
  ) throws {
    guard !choices.isEmpty else {
      throw ConfigurationError.missing(
        key: "verifier", help: "who judges the completions? `temper plugins list` names them")
    }
    let catalog = PluginCatalog(searchPath: folders + PluginCatalog.standardSearchPath())
    let surroundings = PluginSurroundings(seed: seed, allowsUnsandboxed: allowsUnsandboxed)
    let verifiers = try choices.map { try catalog.verifier($0.request, surroundings) }
    set = VerifierSet(verifiers.map(\.member))
    resolved = zip(choices, verifiers).map { choice, ready in
      var configuration = ready.configuration
      configuration["weight"] = .double(ready.weight)
      return VerifierChoice(
        PluginRequest(name: choice.request.name, configuration: configuration))
    }
  }
}
