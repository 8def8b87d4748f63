import FoundationEssentials

extension PluginConfiguration {
  /// Every key with its default, as JSON for the descriptor.
  static func defaultsJSON() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(defaults()), as: UTF8.self)
  }

  /// Decodes a JSON object over the defaults.
  ///
  /// - Throws: ``PluginError/invalidConfiguration(_:)`` that names an unknown key with the nearest
  ///   known one, or the key whose value has the wrong type.
  static func decoded(from json: Data) throws -> Self {
    let defaults = try defaults()
    guard let given = try? JSONDecoder().decode([String: JSONValue].self, from: json) else {
      throw PluginError.invalidConfiguration("the configuration is not a JSON object")
    }
    for key in given.keys.sorted() where defaults[key] == nil {
      throw PluginError.invalidConfiguration(unknownKey(key, known: defaults.keys.sorted()))
    }
    do {
      return try decoded(from: defaults.merging(given) { $1 })
    } catch DecodingError.typeMismatch(let type, let context) {
      throw refusal("must be \(name(of: type))", at: context.codingPath, in: given)
    } catch DecodingError.valueNotFound(let type, let context) {
      throw refusal("must be \(name(of: type))", at: context.codingPath, in: given)
    } catch DecodingError.dataCorrupted {
      // The decoder does not say where a number does not fit: 1.5 as an integer.
      let culprit = given.keys.sorted().first { key in
        (try? decoded(from: defaults.merging([key: given[key]!]) { $1 })) == nil
      }
      guard let key = culprit, let value = given[key]?.json, let standard = defaults[key]?.json
      else { throw PluginError.invalidConfiguration("the values do not fit each other") }
      throw PluginError.invalidConfiguration(
        "'\(key)' cannot be \(value); give a value like its default, \(standard)")
    } catch DecodingError.keyNotFound(let key, let context) {
      throw refusal("has no '\(snakeCase(key.stringValue))'", at: context.codingPath, in: given)
    }
  }

  private static func decoded(from object: [String: JSONValue]) throws -> Self {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(Self.self, from: JSONEncoder().encode(object))
  }

  private static func defaults() throws -> [String: JSONValue] {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    let configuration = Self()
    var defaults = try JSONDecoder().decode(
      [String: JSONValue].self, from: encoder.encode(configuration))
    // Codable leaves out what is nil; the label says that the key exists.
    for case (let label?, let value) in Mirror(reflecting: configuration).children {
      if Mirror(reflecting: value).displayStyle == .optional, defaults[snakeCase(label)] == nil {
        defaults[snakeCase(label)] = .null
      }
    }
    return defaults
  }

  private static func refusal(
    _ problem: String, at path: [any CodingKey], in given: [String: JSONValue]
  ) -> PluginError {
    var message = "'\(place(path))' \(problem)"
    if path.count == 1, let text = given[place(path)]?.json { message += "; it is \(text)" }
    return .invalidConfiguration(message)
  }
}

extension PluginChoice {
  public init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let choice = Self(rawValue: text) else {
      let choices = Self.allCases.map(\.rawValue).joined(separator: ", ")
      throw PluginError.invalidConfiguration(
        "'\(place(decoder.codingPath))' must be one of \(choices); it is '\(text)'")
    }
    self = choice
  }
}

/// A type as the user knows it.
private func name(of type: Any.Type) -> String {
  switch type {
  case is Bool.Type: "true or false"
  case is any BinaryInteger.Type: "a whole number"
  case is any BinaryFloatingPoint.Type: "a number"
  case is String.Type: "a string"
  case is [Any].Type: "an array"
  default: "of type \(type)"
  }
}

/// Where a value stands, as the user writes it: `rewards.wrong`, `marker[0]`.
private func place(_ path: [any CodingKey]) -> String {
  path.reduce(into: "") { place, key in
    if let index = key.intValue {
      place += "[\(index)]"
    } else {
      place += (place.isEmpty ? "" : ".") + snakeCase(key.stringValue)
    }
  }
}

/// As `JSONEncoder` does it for names in which capitals stand alone.
private func snakeCase(_ name: String) -> String {
  name.reduce(into: "") { $0 += $1.isUppercase ? "_" + $1.lowercased() : String($1) }
}

private func unknownKey(_ key: String, known: [String]) -> String {
  guard !known.isEmpty else { return "unknown key '\(key)'; there is nothing to configure" }
  let nearest = known.min { distance($0, key) < distance($1, key) }!
  let hint = distance(nearest, key) <= 2 + key.count / 4 ? "; did you mean '\(nearest)'?" : ";"
  return "unknown key '\(key)'\(hint) known keys: \(known.joined(separator: ", "))"
}

/// Levenshtein's distance.
private func distance(_ a: String, _ b: String) -> Int {
  var row = Array(0...b.count)
  for (i, x) in a.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for (j, y) in b.enumerated() {
      (diagonal, row[j + 1]) = (
        row[j + 1], min(diagonal + (x == y ? 0 : 1), row[j] + 1, row[j + 1] + 1)
      )
    }
  }
  return row[b.count]
}
