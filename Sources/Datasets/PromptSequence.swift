import Trajectories

/// The prompts of a data set in an endless order that a seed decides.
public struct PromptSequence: Sendable {
  private let rows: RowSequence
  private let format: any PromptFormat
  private let options: PromptOptions

  /// Renders and encodes every prompt once, so that none fails later.
  ///
  /// - Throws: ``DatasetError``.
  public init(
    _ dataset: Dataset, format: any PromptFormat, options: PromptOptions = PromptOptions(),
    seed: UInt64 = 0, shuffle: Bool = true
  ) throws {
    (self.format, self.options) = (format, options)
    rows = try RowSequence(dataset, options, seed: seed, shuffle: shuffle) { row in
      let tokens = try format.prompt(for: row.question, options).tokens
      guard !tokens.isEmpty else {
        throw RowError(description: "the prompt is empty; a model needs a token to begin with")
      }
      try format.check(tokens)
      return tokens.count
    }
  }

  /// Prompts in an epoch.
  public var count: Int { rows.count }
  /// Rows that were left out because their prompts are too long.
  public var skipped: Int { rows.skipped }

  /// Prompts `first..<first + count` of the sequence.
  public func prompts(from first: Int, count: Int) throws -> [Prompt] {
    try rows.rows(from: first, count: count).map(prompt)
  }

  /// Every prompt once, in the order of the file.
  public func all() throws -> [Prompt] { try rows.all().map(prompt) }

  private func prompt(_ row: Row) throws -> Prompt {
    let prompt = try format.prompt(for: row.question, options)
    return Prompt(
      id: row.id, index: row.index, tokens: prompt.tokens, text: prompt.text, row: row.json)
  }
}
