import JSON

/// A prompt with the completion that is to be learned; the loss is on the completion alone.
public struct Example: Sendable, Equatable {
  public let id: String
  /// `[P]` as a prompt of reinforcement learning would be.
  public let prompt: [Int32]
  /// `[C]` with the token that ends it.
  public let completion: [Int32]
}

/// The examples of a data set for supervised fine-tuning, in an endless order that a seed decides.
public struct ExampleSequence: Sendable {
  private let rows: RowSequence
  private let format: any PromptFormat
  private let options: PromptOptions

  /// Renders and encodes every example once, so that none fails later.
  ///
  /// - Throws: ``DatasetError``.
  public init(
    _ dataset: Dataset, format: any PromptFormat, options: PromptOptions = PromptOptions(),
    seed: UInt64 = 0, shuffle: Bool = true
  ) throws {
    (self.format, self.options) = (format, options)
    rows = try RowSequence(dataset, options, seed: seed, shuffle: shuffle) { row in
      let example = try format.example(for: row, options)
      try format.check(example.prompt + example.completion)
      return example.prompt.count + example.completion.count
    }
  }

  /// Examples in an epoch.
  public var count: Int { rows.count }
  /// Rows that were left out because they are too long.
  public var skipped: Int { rows.skipped }

  /// Examples `first..<first + count` of the sequence.
  public func examples(from first: Int, count: Int) throws -> [Example] {
    try rows.rows(from: first, count: count).map { try format.example(for: $0, options) }
  }
}

extension PromptFormat {
  /// The example of a row: its `completion` or `solution`, or else the last message of the
  /// assistant, behind the messages before it.
  func example(for row: Row, _ options: PromptOptions) throws -> Example {
    let (row, answer) = try row.questionAndAnswer()
    let prompt = try prompt(for: row, options)
    guard !prompt.tokens.isEmpty else {
      throw RowError(description: "the prompt is empty; a model needs a token to begin with")
    }
    let completion: [Int32]
    if let messages = prompt.messages {
      let text = try render(messages + [answer], tools: row.tools, addGenerationPrompt: false)
      guard text.utf8.starts(with: prompt.text.utf8) else {
        throw RowError(
          description: """
            the chat template writes the conversation differently once it is answered, so the \
            answer cannot be told apart; give the row a 'prompt' and a 'completion'
            """)
      }
      let rest = String(decoding: text.utf8.dropFirst(prompt.text.utf8.count), as: UTF8.self)
      completion = encode(rest, after: prompt, addSpecialTokens: false)
    } else {
      guard case .string(let text)? = answer["content"] else {
        throw RowError(description: "the completion of a 'prompt' must be text")
      }
      completion = encode(text, after: prompt, addSpecialTokens: true)
    }
    return Example(id: row.id, prompt: prompt.tokens, completion: ended(completion))
  }

  /// The ids of `text` as they would stand behind the prompt.
  ///
  /// Encoded together where that leaves the prompt's ids as they are: a tokenizer that puts a
  /// space in front of a text would else put one in between.
  private func encode(
    _ text: String, after prompt: EncodedPrompt, addSpecialTokens: Bool
  ) -> [Int32] {
    let together = encode(prompt.text + text, addSpecialTokens: addSpecialTokens)
    if together.starts(with: prompt.tokens) { return Array(together[prompt.tokens.count...]) }
    return encode(text, addSpecialTokens: false)
  }

  /// The completion as sampling would stop it: up to the first token that ends one. Where the
  /// template wrote none, the model's own is added.
  private func ended(_ completion: [Int32]) -> [Int32] {
    if let end = completion.firstIndex(where: endTokens.contains) {
      return Array(completion[...end])
    }
    return completion + (endToken.map { [$0] } ?? [])
  }
}

extension Row {
  /// The row without its answer, and the answer as an assistant's message.
  fileprivate func questionAndAnswer() throws -> (Row, JSONLiteral) {
    if let completion {
      return (question, ["role": "assistant", "content": .string(completion)])
    }
    guard case .conversation(let messages) = task,
      let place = messages.lastIndex(where: \.isAssistant)
    else {
      throw RowError(
        description: """
          there is nothing to learn: the row needs 'completion' or 'solution', or 'messages' with \
          one of the assistant; name its keys with fields, for example completion=output
          """)
    }
    var question = self
    question.task = .conversation(Array(messages[..<place]))
    return (question, messages[place])
  }
}
