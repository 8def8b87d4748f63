import Foundation
import JSON
import Spelling

/// Every setting of a command: reads them from a file and from the command line, prints them
/// resolved, and writes the help. One table, so that the four never disagree.
struct SettingsTable<Root>: Sendable {
  let sections: [(title: String, settings: [Setting<Root>])]

  var settings: [Setting<Root>] { sections.flatMap(\.settings) }

  // MARK: Reading

  /// Applies a YAML file's keys to `root`.
  func apply(file: URL, to root: inout Root) throws(ConfigurationError) {
    try apply(YAMLFile.read(file), prefix: "", file: file.lastPathComponent, to: &root)
  }

  private func apply(
    _ literal: JSONLiteral, prefix: String, file: String, to root: inout Root
  ) throws(ConfigurationError) {
    guard case .object(let members) = literal else {
      let place = prefix.isEmpty ? file : "\(file): \(prefix)"
      throw .value(place: place, value: literal.plain, expected: "key: value")
    }
    for member in members {
      let key = prefix.isEmpty ? member.key : "\(prefix).\(member.key)"
      if let setting = settings.first(where: { $0.key == key }) {
        try setting.set(&root, literal: member.value, file: file)
      } else if settings.contains(where: { $0.key.hasPrefix(key + ".") }) {
        try apply(member.value, prefix: key, file: file, to: &root)
      } else {
        throw .unknown(
          place: "\(file): ", name: key,
          nearest: nearestSetting(to: key, among: settings.map(\.key)))
      }
    }
  }

  /// Applies `--name value`, `--name=value` and, for switches, `--name` and `--no-name`.
  func apply(arguments: [String], to root: inout Root) throws(ConfigurationError) {
    var rest = arguments[...]
    var seen: Set<String> = []
    while let argument = rest.popFirst() {
      guard argument.hasPrefix("--") else { throw .stray(argument) }
      let parts = argument.dropFirst(2).split(
        separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = String(parts[0])
      if let flag = setting(named: name.dropPrefix("no-")), flag.isFlag, name.hasPrefix("no-") {
        guard parts.count == 1 else { throw .negatedValue(option: argument, setting: flag.key) }
        try flag.set(&root, text: "false", append: false)
        continue
      }
      guard let setting = setting(named: name) else {
        throw .unknown(
          place: "", name: "--\(name)",
          nearest: nearestSetting(to: name, among: settings.flatMap(\.optionNames)).map {
            "--\($0)"
          })
      }
      let value: String
      if parts.count == 2 {
        value = String(parts[1])
      } else if setting.isFlag, rest.first != "true", rest.first != "false" {
        value = "true"
      } else if let next = rest.first, !isOption(next) {
        value = next
        rest.removeFirst()
      } else {
        throw .missingValue(option: argument, expected: setting.kind)
      }
      try setting.set(&root, text: value, append: !seen.insert(setting.key).inserted)
    }
  }

  /// A value that looks like one of our options stands for a forgotten value; `--stop=--lr` says
  /// that it is meant.
  private func isOption(_ text: String) -> Bool {
    text.hasPrefix("--") && setting(named: String(text.dropFirst(2).prefix { $0 != "=" })) != nil
  }

  private func setting(named name: String) -> Setting<Root>? {
    settings.first { $0.optionNames.contains(name) || $0.key == name }
  }

  // MARK: Printing

  /// The configuration as YAML, every key with its value; reading it back gives the same.
  func yaml(_ root: Root) -> String {
    YAMLFile.text(literal(root))
  }

  /// The configuration as a nested object.
  func literal(_ root: Root) -> JSONLiteral {
    var result = JSONLiteral.object([])
    for setting in settings {
      insert(setting.literal(root), at: setting.key.split(separator: ".")[...], into: &result)
    }
    return result
  }

  private func insert(
    _ value: JSONLiteral, at path: ArraySlice<Substring>, into object: inout JSONLiteral
  ) {
    let key = String(path.first!)
    guard path.count > 1 else {
      object[key] = value
      return
    }
    var inner = object[key] ?? .object([])
    insert(value, at: path.dropFirst(), into: &inner)
    object[key] = inner
  }

  /// The settings with their defaults, for `--help`.
  func help(defaults: Root) -> String {
    sections.map { section in
      let lines = section.settings.map { setting in
        let names = setting.optionNames.map { "--\($0)" }.joined(separator: ", ")
        let value = setting.literal(defaults)
        let isSet = value != .null && value != .array([]) && value != .string("")
        let shown = isSet ? " (default: \(value.plain))" : ""
        return "  \(names) <\(setting.kind)>\n      \(setting.help)\(shown)"
      }
      return ([section.title.uppercased()] + lines).joined(separator: "\n")
    }.joined(separator: "\n\n")
  }
}

extension JSONLiteral {
  /// A string without its quotes, anything else as JSON.
  var plain: String {
    if case .string(let text) = self { return text }
    return serialized()
  }
}

extension String {
  fileprivate func dropPrefix(_ prefix: String) -> String {
    hasPrefix(prefix) ? String(dropFirst(prefix.count)) : self
  }
}

/// The setting that a slip of the fingers or a forgotten section would turn into `name`.
private func nearestSetting(to name: String, among candidates: [String]) -> String? {
  func last(_ key: String) -> Substring? {
    key.replacing("-", with: "_").split(separator: ".").last
  }
  return candidates.first { last($0) == last(name) } ?? nearestName(to: name, among: candidates)
}
