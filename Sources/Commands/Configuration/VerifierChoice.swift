import JSON

/// A verifier as the user names it: `exact`, `exact:marker=####`, or in a file
/// `{name: exact, weight: 0.5, config: {marker: "####"}}`.
struct VerifierChoice: SettingValue, Equatable {
  static let kind = "NAME[:key=value,...]"

  var name: String
  var weight = 1.0
  /// `key=value,...` as on the command line; the plugin's own defaults say what types they have.
  var options = ""
  /// The same as an object, from a file.
  var config: JSONLiteral = .object([])

  init?(settingText: String) {
    // A path may hold a colon only before its last slash.
    let start = settingText.lastIndex(of: "/") ?? settingText.startIndex
    let colon = settingText[start...].firstIndex(of: ":")
    name = String(settingText[..<(colon ?? settingText.endIndex)])
    options = colon.map { String(settingText[settingText.index(after: $0)...]) } ?? ""
    if name.isEmpty { return nil }
  }

  init?(settingLiteral: JSONLiteral) {
    switch settingLiteral {
    case .string(let text):
      self.init(settingText: text)
    case .object(let members):
      guard case .string(let name)? = settingLiteral["name"], !name.isEmpty,
        members.allSatisfy({ ["name", "weight", "config"].contains($0.key) })
      else { return nil }
      self.name = name
      if let weight = settingLiteral["weight"] {
        guard let number = Double(settingLiteral: weight) else { return nil }
        self.weight = number
      }
      if let config = settingLiteral["config"] {
        guard case .object = config else { return nil }
        self.config = config
      }
    default: return nil
    }
  }

  /// The form of the file; options that came as text are resolved before a run is stored.
  var literal: JSONLiteral {
    options.isEmpty
      ? ["name": .string(name), "weight": .double(weight), "config": config]
      : .string("\(name):\(options)")
  }
}
