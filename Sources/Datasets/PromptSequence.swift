import Trajectories

/// The prompts of a data set in an endless order that a seed decides.
public struct PromptSequence: Sendable {
  /// Rows that were left out because their prompts are too long.
  public let skipped: Int
  /// The most tokens that a prompt of the sequence has.
  public let longest: Int
  private let dataset: Dataset
  private let format: any PromptFormat
  private let options: PromptOptions
  private let selection: Selection
  private let order: DataOrder

  /// Renders and encodes every prompt once, so that none fails later.
  ///
  /// - Throws: ``DatasetError``.
  public init(
    _ dataset: Dataset, format: any PromptFormat, options: PromptOptions = PromptOptions(),
    seed: UInt64 = 0, shuffle: Bool = true
  ) throws {
    (self.dataset, self.format, self.options) = (dataset, format, options)
    selection = try Selection(of: dataset, options) { row in
      let tokens = try format.prompt(for: row.question, options).tokens
      guard !tokens.isEmpty else {
        throw RowError(description: "the prompt is empty; a model needs a token to begin with")
      }
      try format.check(tokens)
      return tokens.count
    }
    (skipped, longest) = (selection.skipped, selection.longest)
    order = DataOrder(count: selection.indices.count, seed: seed, shuffle: shuffle)
  }

  /// Prompts in an epoch.
  public var count: Int { selection.indices.count }

  /// Prompts `first..<first + count` of the sequence.
  public func prompts(from first: Int, count: Int) throws -> [Prompt] {
    try order.places(from: first, count: count).map(prompt)
  }

  /// The prompts of a step.
  ///
  /// - Parameter step: from 1; nothing else is needed to resume.
  public func prompts(forStep step: Int, count: Int) throws -> [Prompt] {
    try prompts(from: (step - 1) * count, count: count)
  }

  /// Every prompt once, in the order of the file.
  public func all() throws -> [Prompt] { try selection.indices.indices.map(prompt) }

  private func prompt(at place: Int) throws -> Prompt {
    let row = try dataset.row(at: selection.indices[place])
    let prompt = try format.prompt(for: row.question, options)
    return Prompt(
      id: row.id, index: row.index, tokens: prompt.tokens, text: prompt.text, row: row.json)
  }
}
