import Foundation
import JSON

/// The verifiers that need no compiler: a line of configuration makes one.
public enum ConfiguredVerifier: String, CaseIterable, Sendable {
  case regex, numeric, command

  public var summary: String {
    switch self {
    case .regex: "Searches a regular expression; may compare its group with the row's answer."
    case .numeric: "Compares the last number, or the one behind a pattern, within a tolerance."
    case .command: "Asks a program of yours, in JSON Lines on its standard input and output."
    }
  }

  /// Every key with its default; `null` for one that may stay unset.
  public var defaults: JSONLiteral {
    switch self {
    case .regex: RegexVerifier.defaults
    case .numeric: NumericVerifier.defaults
    case .command: CommandVerifier.defaults
    }
  }

  /// - Parameter settings: an object with every key of ``defaults``.
  public func make(_ settings: JSONLiteral) throws(VerifierConfigurationError) -> any Verifier {
    switch self {
    case .regex: try RegexVerifier(settings)
    case .numeric: try NumericVerifier(settings)
    case .command: try CommandVerifier(settings)
    }
  }
}

/// A setting of a verifier that cannot be used.
public struct VerifierConfigurationError: Error, Equatable, CustomStringConvertible {
  public let description: String

  init(_ description: String) { self.description = description }
}

/// Reads the members of a settings object that has every key.
struct SettingsReader {
  let settings: JSONLiteral

  init(_ settings: JSONLiteral) { self.settings = settings }

  private func refusal(_ key: String, _ expected: String) -> VerifierConfigurationError {
    let value = settings[key]?.serialized() ?? "missing"
    return VerifierConfigurationError("'\(key)' must be \(expected); it is \(value)")
  }

  func string(_ key: String) throws(VerifierConfigurationError) -> String {
    guard case .string(let text)? = settings[key] else { throw refusal(key, "a string") }
    return text
  }

  func bool(_ key: String) throws(VerifierConfigurationError) -> Bool {
    guard case .bool(let value)? = settings[key] else { throw refusal(key, "true or false") }
    return value
  }

  func choice(_ key: String, of choices: [String]) throws(VerifierConfigurationError) -> String {
    let text = try string(key)
    guard choices.contains(text) else {
      throw refusal(key, "one of \(choices.joined(separator: ", "))")
    }
    return text
  }

  private func number(_ key: String) throws(VerifierConfigurationError) -> Double {
    switch settings[key] {
    case .int(let value): return Double(value)
    case .double(let value) where value.isFinite: return value
    default: throw refusal(key, "a number")
    }
  }

  func nonnegative(_ key: String) throws(VerifierConfigurationError) -> Double {
    let value = try number(key)
    guard value >= 0 else { throw refusal(key, "at least 0") }
    return value
  }

  /// A whole number above 0.
  func count(_ key: String) throws(VerifierConfigurationError) -> Int {
    guard case .int(let value)? = settings[key], value > 0, value < 1 << 31 else {
      throw refusal(key, "a whole number above 0")
    }
    return value
  }

  func strings(_ key: String) throws(VerifierConfigurationError) -> [String] {
    guard case .array(let values)? = settings[key] else { throw refusal(key, "an array") }
    return try values.map { value throws(VerifierConfigurationError) in
      guard case .string(let text) = value else { throw refusal(key, "an array of strings") }
      return text
    }
  }

  func rewards() throws(VerifierConfigurationError) -> VerdictRewards {
    let unparsable = settings["unparsable"] == .null ? nil : try reward("unparsable")
    return VerdictRewards(
      right: try reward("right"), wrong: try reward("wrong"), unparsable: unparsable)
  }

  private func reward(_ key: String) throws(VerifierConfigurationError) -> Float {
    let value = try number(key)
    guard Float(value).isFinite else {
      throw VerifierConfigurationError("'\(key)' is \(value), too large for a reward; 1 is common")
    }
    return Float(value)
  }
}

extension String {
  var trimmed: String { trimmingCharacters(in: .whitespacesAndNewlines) }
}
