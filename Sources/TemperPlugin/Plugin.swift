import CPluginABI

/// What every plugin says about itself, and how it is made.
public protocol Plugin: Sendable {
  associatedtype Configuration: PluginConfiguration

  /// Reverse-DNS and unique, for example `"org.example.polite"`; users say the last part.
  static var id: String { get }
  static var version: String { get }
  /// One line for `temper plugins list`.
  static var summary: String { get }

  /// - Throws: ``PluginError/invalidConfiguration(_:)`` for values that cannot be used,
  ///   ``PluginError/unavailable(_:)`` where something outside is missing.
  init(_ configuration: Configuration, host: Host) throws
}

/// A plugin's settings. Every stored property has a default, so that a user writes only what
/// differs and the host can print the rest; `nil` is a default too.
///
/// Users write a key in snake case: the property `ignoreCase` is `ignore_case`.
public protocol PluginConfiguration: Codable, Sendable {
  init()
}

/// A setting that takes one of a few texts: an enumeration of strings.
///
///     enum Comparison: String, PluginChoice { case number, string }
public protocol PluginChoice: RawRepresentable, CaseIterable, Codable, Sendable
where RawValue == String {}

/// A failure that a plugin reports: what failed, and what to do about it.
public struct PluginError: Error, CustomStringConvertible {
  public let status: temper_status
  public let description: String

  /// What the user wrote cannot be used.
  public static func invalidConfiguration(_ description: String) -> PluginError {
    PluginError(status: TEMPER_INVALID_CONFIG, description: description)
  }

  /// The data of one call cannot be used.
  public static func invalidInput(_ description: String) -> PluginError {
    PluginError(status: TEMPER_INVALID_INPUT, description: description)
  }

  /// Something outside the process, a file or a program, is missing.
  public static func unavailable(_ description: String) -> PluginError {
    PluginError(status: TEMPER_UNAVAILABLE, description: description)
  }
}
