import Foundation
import JSON

/// A chat template: turns a conversation into the text that a model was trained on.
///
/// Templates are written in Jinja. The part of it that chat templates use is implemented with the
/// reference's meaning to the character (jinja2 3.1 with `trim_blocks`, `lstrip_blocks` and loop
/// controls, as transformers sets it up); anything else is refused when the template is read.
/// Rendering is a pure function of its arguments and does a bounded amount of work.
public struct ChatTemplate: Sendable {
  /// What errors call the template; usually its file.
  public let name: String
  /// Variables that every rendering sees unless the caller gives others: the special tokens.
  public var variables: [String: JSONLiteral]
  private let statements: [Statement]

  /// - Throws: ``TemplateError`` of kind `syntax` or `unsupported`, with the line.
  public init(
    source: String, name: String, variables: [String: JSONLiteral] = [:]
  ) throws(TemplateError) {
    (self.name, self.variables) = (name, variables)
    var parser = try Parser(source: source, template: name)
    statements = try parser.parsed()
  }

  /// The text of a conversation.
  ///
  /// - Parameters:
  ///   - messages: an array of objects with `role` and `content`; the order of keys matters.
  ///   - tools: an array of tool descriptions, or null.
  ///   - addGenerationPrompt: ends the text where the assistant is to begin.
  ///   - variables: anything else that the template reads, such as `enable_thinking`.
  ///   - now: the time that `strftime_now` tells, in `timeZone`.
  /// - Throws: ``TemplateError``; kind `raised` carries the template's own words.
  public func render(
    messages: JSONLiteral, tools: JSONLiteral = .null, addGenerationPrompt: Bool,
    variables: [String: JSONLiteral] = [:], now: Date = Date(), timeZone: TimeZone = .current
  ) throws(TemplateError) -> String {
    var inputs = self.variables.merging(variables) { $1 }
    inputs["messages"] = messages
    inputs["tools"] = tools
    inputs["documents"] = inputs["documents"] ?? .null
    inputs["add_generation_prompt"] = .bool(addGenerationPrompt)
    let interpreter = Interpreter(
      variables: inputs.mapValues { Value($0) }, now: now, timeZone: timeZone)
    do {
      return try interpreter.run(statements)
    } catch {
      let failure = error as! Failure
      throw TemplateError(
        failure.kind, template: name, line: interpreter.line, message: failure.message)
    }
  }
}
