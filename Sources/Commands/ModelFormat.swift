import ChatTemplates
import Datasets
import Foundation
import JSON
import Tokenizers
import Training
import Trajectories

/// How text reaches a loaded model: its chat template and its tokenizer.
struct ModelFormat: PromptFormat {
  let tokenizer: Tokenizer
  var template: ChatTemplate?
  let endTokens: Set<Int32>
  let endToken: Int32?
  let vocabularySize: Int
  /// What the template is told beyond the messages: `enable_thinking`.
  var variables: [String: JSONLiteral] = [:]
  /// The day that a template may write into the prompt; fixed for a run, so that it can be resumed.
  var now = Date()

  init(_ model: LoadedModel) {
    tokenizer = model.tokenizer
    template = model.template
    endTokens = model.endTokens
    endToken = model.orderedEndTokens.first
    vocabularySize = model.transformer.configuration.vocabularySize
  }

  var isChat: Bool { template != nil }

  func render(
    _ messages: [JSONLiteral], tools: JSONLiteral, addGenerationPrompt: Bool
  ) throws -> String {
    guard let template else { preconditionFailure("a base model has no chat template") }
    return try template.render(
      messages: .array(messages), tools: tools, addGenerationPrompt: addGenerationPrompt,
      variables: variables, now: now, timeZone: .gmt)
  }

  func encode(_ text: String, addSpecialTokens: Bool) -> [Int32] {
    tokenizer.encode(text, addSpecialTokens: addSpecialTokens)
  }
}

extension DataConfiguration {
  /// The rows of the file.
  func dataset() throws -> Dataset {
    guard !path.isEmpty else {
      throw ConfigurationError.missing(key: "data", help: "a JSON Lines file, one row a line")
    }
    return try Dataset(
      contentsOf: URL(filePath: path), fields: FieldNames(fields), limit: limit)
  }

  var options: PromptOptions {
    PromptOptions(
      instruction: instruction, system: system, maximumTokens: maximumPromptTokens,
      tooLong: tooLong)
  }

  /// Says that rows were left out, where ``tooLong`` allows it.
  func note(skipped: Int) {
    guard skipped > 0 else { return }
    Console.note(
      "temper: \(path): \(skipped) rows are left out; they are longer than data.max_prompt_tokens, "
        + "\(maximumPromptTokens)")
  }

  /// How this run's rows are written for `model`.
  ///
  /// - Parameter chat: whether its chat template is used, where it has one.
  func format(for model: LoadedModel, chat: Bool = true) throws -> ModelFormat {
    var format = ModelFormat(model)
    if !chat { format.template = nil }
    format.variables = try parsedVariables(templateVariables, place: "data.template_variables")
    if let date {
      guard let day = try? Date(date, strategy: .iso8601.year().month().day()) else {
        throw ConfigurationError.value(place: "data.date", value: date, expected: "2026-01-31")
      }
      format.now = day
    }
    return format
  }
}

/// What a chat template is told by `name=value`; a value that is JSON is taken as such.
func parsedVariables(
  _ entries: [String], place: String
) throws(ConfigurationError) -> [String: JSONLiteral] {
  var variables: [String: JSONLiteral] = [:]
  for entry in entries {
    guard let equals = entry.firstIndex(of: "=") else {
      throw .value(place: place, value: entry, expected: "name=value")
    }
    let text = String(entry[entry.index(after: equals)...])
    variables[String(entry[..<equals])] =
      (try? JSON(parsing: text)).map { JSONLiteral($0) } ?? .string(text)
  }
  return variables
}

extension PromptSequence: PromptSource {}

extension ExampleSequence: ExampleSource {
  public func examples(from first: Int, count: Int) throws -> [SFTExample] {
    let examples: [Example] = try examples(from: first, count: count)
    return examples.map { SFTExample(prompt: $0.prompt, completion: $0.completion) }
  }
}
