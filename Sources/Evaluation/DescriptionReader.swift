import JSON
import Spelling

/// What is wrong with a description file.
public struct DescriptionError: Error, Equatable, CustomStringConvertible {
  public let description: String

  public init(_ description: String) { self.description = description }
}

/// Reads the keys of one object of a description file and refuses those that nobody asked for.
struct DescriptionReader {
  /// `gsm8k.yaml: data`
  let place: String
  private let members: [JSONLiteral.Member]

  /// - Parameter known: every key that the object may have.
  init(_ literal: JSONLiteral, place: String, known: [String]) throws(DescriptionError) {
    guard case .object(let members) = literal else {
      throw DescriptionError("\(place): must have keys; it is \(literal.serialized())")
    }
    if let stranger = members.first(where: { !known.contains($0.key) }) {
      let nearest = nearestName(to: stranger.key, among: known)
      throw DescriptionError(
        "\(place): unknown key '\(stranger.key)'"
          + (nearest.map { "; did you mean '\($0)'?" }
            ?? "; the keys are \(known.joined(separator: ", "))"))
    }
    (self.place, self.members) = (place, members)
  }

  /// The value of `key`; `nil` where it is missing or null.
  func value(_ key: String) -> JSONLiteral? {
    members.last { $0.key == key }.flatMap { $0.value == .null ? nil : $0.value }
  }

  func refusal(_ key: String, _ expected: String) -> DescriptionError {
    let found = value(key).map { "it is \($0.serialized())" } ?? "it is missing"
    return DescriptionError("\(place): '\(key)' must be \(expected); \(found)")
  }

  func optionalString(_ key: String) throws(DescriptionError) -> String? {
    switch value(key) {
    case nil: nil
    case .string(let text)?: text
    default: throw refusal(key, "text")
    }
  }

  func string(_ key: String) throws(DescriptionError) -> String {
    guard let text = try optionalString(key), !text.isEmpty else { throw refusal(key, "text") }
    return text
  }

  func strings(_ key: String) throws(DescriptionError) -> [String] {
    guard let value = value(key) else { return [] }
    guard case .array(let elements) = value else { throw refusal(key, "a list of texts") }
    return try elements.map { element throws(DescriptionError) in
      guard case .string(let text) = element else { throw refusal(key, "a list of texts") }
      return text
    }
  }

  func optionalCount(_ key: String) throws(DescriptionError) -> Int? {
    switch value(key) {
    case nil: nil
    case .int(let count)? where count >= 0: count
    default: throw refusal(key, "a number of at least 0")
    }
  }

  func optionalNumber(_ key: String) throws(DescriptionError) -> Double? {
    switch value(key) {
    case nil: nil
    case .int(let number)?: Double(number)
    case .double(let number)?: number
    default: throw refusal(key, "a number")
    }
  }

  func optionalBool(_ key: String) throws(DescriptionError) -> Bool? {
    switch value(key) {
    case nil: nil
    case .bool(let value)?: value
    default: throw refusal(key, "true or false")
    }
  }
}
