import JSON
import PluginHost

/// A plugin as the user names it: `exact`, `exact:marker=####`, or in a file
/// `{name: exact, config: {marker: ["####"], weight: 0.5}}`.
struct PluginChoice: SettingValue {
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
