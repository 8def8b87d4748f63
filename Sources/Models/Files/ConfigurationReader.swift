import JSON

/// Typed members of one object of a `config.json`, remembering which were asked for.
///
/// `null` is the same as absent throughout, except where ``has(_:)`` asks.
final class ConfigurationReader {
  let file: String
  let json: JSON
  private let prefix: String
  private var asked: Set<String> = []

  init(_ json: JSON, file: String, prefix: String = "") {
    (self.json, self.file, self.prefix) = (json, file, prefix)
  }

  /// A reader of the object `key`, or `nil` where it is absent or null.
  func object(_ key: String) throws -> ConfigurationReader? {
    guard let value = value(key) else { return nil }
    guard value.kind == .object else { throw invalid(key, value, "an object") }
    return ConfigurationReader(value, file: file, prefix: "\(name(key)).")
  }

  /// True if the key is there, be its value null.
  func has(_ key: String) -> Bool { json.has(key) }

  func value(_ key: String) -> JSON? {
    asked.insert(key)
    let value = json[key]
    return value.isNull ? nil : value
  }

  func string(_ key: String) throws -> String? {
    guard let value = value(key) else { return nil }
    guard let string = value.string else { throw invalid(key, value, "a string") }
    return string
  }

  func bool(_ key: String) throws -> Bool? {
    guard let value = value(key) else { return nil }
    guard let bool = value.bool else { throw invalid(key, value, "true or false") }
    return bool
  }

  /// A whole number; `8.0` counts as one.
  func int(_ key: String) throws -> Int? {
    guard let value = value(key) else { return nil }
    guard let int = Self.integer(value) else { throw invalid(key, value, "an integer") }
    return int
  }

  /// A size: a whole number from 1 to 2^31, so that the product of two is in range.
  func size(_ key: String) throws -> Int? {
    try int(key, in: 1...1 << 31, "an integer from 1 to 2147483648")
  }

  func int(_ key: String, in range: ClosedRange<Int>, _ expected: String) throws -> Int? {
    guard let int = try int(key) else { return nil }
    guard range.contains(int) else { throw invalid(key, json[key], expected) }
    return int
  }

  func number(
    _ key: String, in range: ClosedRange<Double>, _ expected: String
  ) throws -> Double? {
    guard let number = try number(key) else { return nil }
    guard range.contains(number) else { throw invalid(key, json[key], expected) }
    return number
  }

  func number(_ key: String) throws -> Double? {
    guard let value = value(key) else { return nil }
    guard let number = value.double, number.isFinite else { throw invalid(key, value, "a number") }
    return number
  }

  func positive(_ key: String) throws -> Double? {
    guard let number = try number(key) else { return nil }
    guard number > 0 else { throw invalid(key, json[key], "a number above 0") }
    return number
  }

  func array(_ key: String) throws -> [JSON]? {
    guard let value = value(key) else { return nil }
    guard let array = value.array else { throw invalid(key, value, "an array") }
    return array
  }

  /// One id or several; negative ids, with which old files mean none, are left out, and so are
  /// those that no vocabulary has.
  func tokenIDs(_ key: String) throws -> [Int]? {
    guard let value = value(key) else { return nil }
    let ids = (value.array ?? [value]).map(Self.integer)
    guard !ids.contains(nil) else { throw invalid(key, value, "an integer or a list of integers") }
    return ids.compactMap(\.self).filter { (0...Int(Int32.max)).contains($0) }
  }

  func required<T>(_ key: String, _ value: T?) throws -> T {
    guard let value else { throw ModelFileError.missingKey(file: file, key: name(key)) }
    return value
  }

  /// Keys that nobody asked for, in the order of the file.
  var unread: [String] {
    (json.object ?? []).map(\.key).filter { !asked.contains($0) }.map(name)
  }

  func invalid(_ key: String, _ value: JSON, _ expected: String) -> ModelFileError {
    .invalid(file: file, key: name(key), value: value.summary, expected: expected)
  }

  func unsupported(_ key: String, _ value: JSON, _ supported: String) -> ModelFileError {
    .unsupported(file: file, key: name(key), value: value.summary, supported: supported)
  }

  private func name(_ key: String) -> String { prefix + key }

  private static func integer(_ value: JSON) -> Int? {
    value.int ?? value.double.flatMap { Int(exactly: $0) }
  }
}
