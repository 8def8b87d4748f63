import JSON
import PluginHost

/// One key of a command's configuration: in the YAML file, on the command line, in the help and
/// in the resolved configuration that is kept with a run.
struct Setting<Root>: @unchecked Sendable {
  /// `rollout.group_size`; on the command line `--rollout.group-size`.
  let key: String
  /// Shorter names on the command line, without their dashes.
  let shortNames: [String]
  let help: String
  let kind: String
  /// Whether the option alone, without a value, means true.
  let isFlag: Bool
  let literal: (Root) -> JSONLiteral
  fileprivate let setText: (inout Root, String, _ append: Bool) -> Bool
  fileprivate let setLiteral: (inout Root, JSONLiteral) -> Bool

  init<Value: SettingValue>(
    _ key: String, _ path: WritableKeyPath<Root, Value>, _ shortNames: String..., help: String
  ) {
    self.key = key
    self.shortNames = shortNames
    self.help = help
    kind = Value.kind
    isFlag = Value.self == Bool.self
    literal = { $0[keyPath: path].literal }
    setText = { root, text, append in
      guard let value = Value(settingText: text) else { return false }
      if append, let list = value as? any SettingList {
        root[keyPath: path] = list.appended(to: root[keyPath: path])
      } else {
        root[keyPath: path] = value
      }
      return true
    }
    setLiteral = { root, literal in
      guard let value = Value(settingLiteral: literal) else { return false }
      root[keyPath: path] = value
      return true
    }
  }

  /// The option's names on the command line, the full one first.
  var optionNames: [String] { [key.replacing("_", with: "-")] + shortNames }

  /// - Parameter append: the option stood on the command line before.
  func set(_ root: inout Root, text: String, append: Bool) throws(ConfigurationError) {
    guard setText(&root, text, append) else {
      throw .value(place: "--\(optionNames[0])", value: text, expected: kind)
    }
  }

  func set(_ root: inout Root, literal: JSONLiteral, file: String) throws(ConfigurationError) {
    guard setLiteral(&root, literal) else {
      throw .value(place: "\(file): \(key)", value: literal.plain, expected: kind)
    }
  }
}

/// A list of setting values, whatever their type.
private protocol SettingList {
  func appended<Value>(to list: Value) -> Value
}
extension Array: SettingList where Element: SettingValue {
  fileprivate func appended<Value>(to list: Value) -> Value {
    (list as! [Element] + self) as! Value
  }
}

/// What a user wrote that cannot be a configuration.
enum ConfigurationError: Error, Equatable, CustomStringConvertible {
  case unknown(place: String, name: String, nearest: String?)
  case value(place: String, value: String, expected: String)
  case missingValue(option: String, expected: String)
  case missing(key: String, help: String)
  /// `--no-shuffle=true`
  case negatedValue(option: String, setting: String)
  case stray(String)
  case file(String, reason: String)
  case unreadable(JSONError)
  case invalid(key: String, value: String, remedy: String)
  case plugin(PluginHostError)

  var description: String {
    switch self {
    case .unknown(let place, let name, let nearest):
      "\(place)unknown setting '\(name)'"
        + (nearest.map { "; did you mean '\($0)'?" } ?? "; --help lists them all")
    case .value(let place, let value, let expected):
      "\(place): '\(value)' is not of the form: \(expected)"
    case .missingValue(let option, let expected):
      "\(option) needs a value: \(expected)"
    case .missing(let key, let help):
      "--\(key) is missing: \(help)"
    case .negatedValue(let option, let setting):
      "\(option): '--no-' takes no value; write --\(setting.replacing("_", with: "-"))=true or =false"
    case .stray(let text):
      "'\(text)' belongs to no option"
    case .file(let file, let reason):
      "\(file): \(reason)"
    case .unreadable(let error):
      error.description
    case .invalid(let key, let value, let remedy):
      // "rollout.group_size is 1, and a group of one has no advantage. Use at least 2"
      "\(key) is \(value)" + (remedy.hasPrefix("and ") ? ", " : "; ") + remedy
    case .plugin(let error):
      error.description
    }
  }
}
