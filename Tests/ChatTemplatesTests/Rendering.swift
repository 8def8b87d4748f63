import ChatTemplates
import Foundation
import JSON

/// What a template makes of some variables, without messages.
func rendered(_ source: String, _ variables: [String: JSONLiteral] = [:]) throws -> String {
  try ChatTemplate(source: source, name: "test.jinja").render(
    messages: [], addGenerationPrompt: false, variables: variables)
}

/// The kind and message of what goes wrong.
func failure(_ source: String, _ variables: [String: JSONLiteral] = [:]) -> TemplateError? {
  do {
    _ = try rendered(source, variables)
    return nil
  } catch {
    return error as? TemplateError
  }
}
