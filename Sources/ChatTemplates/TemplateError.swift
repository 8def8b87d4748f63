/// What is wrong with a chat template, or with what it was given.
public struct TemplateError: Error, Equatable, CustomStringConvertible {
  public enum Kind: String, Sendable {
    /// The template's text is malformed.
    case syntax
    /// The template uses a part of Jinja that is not implemented.
    case unsupported
    /// The template itself refused its input with `raise_exception`.
    case raised
    /// An undefined value was used as if it were there.
    case undefined
    /// An operation met a value that it has no meaning for.
    case type
    /// The template used up its bounded work: time, recursion or size of output.
    case limit
  }

  public let kind: Kind
  /// The template's name, usually its file.
  public let template: String
  /// The line of the template, from 1, on which the tag begins.
  public let line: Int
  /// For ``Kind/raised`` exactly the template's own words.
  public let message: String

  public init(_ kind: Kind, template: String, line: Int, message: String) {
    (self.kind, self.template, self.line, self.message) = (kind, template, line, message)
  }

  public var description: String {
    switch kind {
    case .raised: "\(template):\(line): the chat template refuses these messages: \(message)"
    case .unsupported: "\(template):\(line): \(message) is not supported in chat templates"
    default: "\(template):\(line): \(message)"
    }
  }
}

/// A ``TemplateError`` before the template's name and line are known.
struct Failure: Error {
  let kind: TemplateError.Kind
  let message: String

  init(_ kind: TemplateError.Kind, _ message: String) {
    (self.kind, self.message) = (kind, message)
  }

  static func type(_ message: String) -> Failure { Failure(.type, message) }
  static func undefined(_ missing: Missing) -> Failure {
    Failure(.undefined, missing.description)
  }
}
