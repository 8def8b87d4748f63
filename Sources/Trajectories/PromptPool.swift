/// Ways to put a problem to the model, of which one is drawn for each visit to a row.
///
/// Answers stay diverse for longer when the words around a problem change from visit to visit
/// (prompt augmentation, arXiv:2602.03190).
public protocol PromptPool: Sendable {
  /// In front of its metrics.
  var name: String { get }
  /// The templates' names, at least one.
  var templates: [String] { get }
  /// The prompt of a problem by template `index`; `row` is the task's row as JSON.
  func parts(_ index: Int, problem: String, row: String) throws -> PromptParts
  /// How far a completion keeps to the form that template `index` asks for, from 0 to 1.
  func formScore(_ index: Int, completion: String) throws -> Double
}

/// What a template makes of a problem.
public struct PromptParts: Sendable, Equatable {
  /// The system message; none where it is empty.
  public var system: String
  /// The user's message.
  public var user: String
  /// Begins the assistant's turn.
  public var prefix: String

  public init(system: String = "", user: String, prefix: String = "") {
    (self.system, self.user, self.prefix) = (system, user, prefix)
  }
}

/// The template that a prompt was written by.
public struct DrawnTemplate: Sendable, Equatable {
  public let index: Int
  public let name: String

  public init(index: Int, name: String) { (self.index, self.name) = (index, name) }
}
