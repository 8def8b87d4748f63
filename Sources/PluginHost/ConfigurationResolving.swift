import JSON
import Spelling

extension PluginInfo {
  /// The whole configuration that a request comes to: defaults, then the configuration file, then
  /// the command line.
  ///
  /// - Throws: ``PluginHostError/configuration(name:reason:)`` that names an unknown key with the
  ///   nearest known one, or a value whose type is not the default's.
  public func resolve(_ request: PluginRequest) throws(PluginHostError) -> JSONLiteral {
    var resolved = defaults
    guard case .object(let members) = request.configuration else {
      throw .configuration(name: name, reason: "the configuration must be an object")
    }
    for member in members {
      let standard = try known(member.key)
      let value = try merge(member.value, over: standard, key: member.key)
      resolved[member.key] = value
    }
    for option in request.options {
      let standard = try known(option.key)
      resolved[option.key] = try value(of: option, like: standard)
    }
    return resolved
  }

  /// The same, with what the run allows in place of what a configuration file says.
  func resolve(
    _ request: PluginRequest, _ surroundings: PluginSurroundings
  ) throws(PluginHostError) -> JSONLiteral {
    let key = "allow_unsandboxed"
    guard surroundings.allowsUnsandboxed, defaults[key] != nil else { return try resolve(request) }
    var request = request
    request.configuration[key] = true
    return try resolve(request)
  }

  private func known(_ key: String) throws(PluginHostError) -> JSONLiteral {
    if let standard = defaults[key] { return standard }
    guard case .object(let members) = defaults, !members.isEmpty else {
      throw .configuration(
        name: name, reason: "unknown key '\(key)'; there is nothing to configure")
    }
    let keys = members.map(\.key)
    let hint = nearestName(to: key, among: keys).map { "did you mean '\($0)'? " } ?? ""
    throw .configuration(
      name: name, reason: "unknown key '\(key)'; \(hint)known keys: \(keys.joined(separator: ", "))"
    )
  }

  /// A value of the configuration file; objects are merged member by member.
  private func merge(
    _ value: JSONLiteral, over standard: JSONLiteral, key: String
  ) throws(PluginHostError) -> JSONLiteral {
    guard value.isLike(standard) else {
      throw .configuration(
        name: name, reason: "'\(key)' must be \(standard.kindName); it is \(value.serialized())")
    }
    guard case .object(let members) = value, case .object(let standards) = standard,
      !standards.isEmpty
    else { return value }
    var merged = standard
    for member in members {
      guard let inner = standard[member.key] else {
        let keys = standards.map(\.key).joined(separator: ", ")
        throw .configuration(
          name: name, reason: "unknown key '\(key).\(member.key)'; known keys: \(keys)")
      }
      let value = try merge(member.value, over: inner, key: "\(key).\(member.key)")
      merged[member.key] = value
    }
    return merged
  }

  /// The text of an option as a value of the default's type.
  private func value(
    of option: PluginRequest.Option, like standard: JSONLiteral
  ) throws(PluginHostError) -> JSONLiteral {
    let parsed = (try? JSON(parsing: option.text)).map { JSONLiteral($0) }
    switch standard {
    case .string:
      if option.text.hasPrefix("\""), case .string(let text)? = parsed { return .string(text) }
      return .string(option.text)
    case .array where !option.text.hasPrefix("["):
      return .array([.string(option.text)])
    case .null:
      return parsed ?? .string(option.text)
    default:
      guard let parsed else {
        throw .configuration(
          name: name,
          reason: "'\(option.key)' must be \(standard.kindName); it is '\(option.text)'")
      }
      return try merge(parsed, over: standard, key: option.key)
    }
  }
}

extension JSONLiteral {
  /// True if a value may stand where `standard` is the default. Whether a number has to be whole
  /// is the plugin's business, and whether `null` will do; a default of `null` does not say what it
  /// wants.
  fileprivate func isLike(_ standard: JSONLiteral) -> Bool {
    switch (self, standard) {
    case (_, .null), (.null, _), (.bool, .bool), (.string, .string), (.array, .array),
      (.object, .object),
      (.int, .int), (.int, .double), (.double, .int), (.double, .double):
      true
    default: false
    }
  }

  fileprivate var kindName: String {
    switch self {
    case .null: "null"
    case .bool: "true or false"
    case .int, .double: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }
}
