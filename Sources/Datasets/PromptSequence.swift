import Trajectories

/// The prompts of a data set in an endless order that a seed decides.
public struct PromptSequence: Sendable {
  private let rows: RowSequence
  private let format: any PromptFormat
  private let options: PromptOptions
  private let templates: PromptTemplates?

  /// Renders and encodes every prompt once, so that none fails later.
  ///
  /// - Parameter templates: put the problem in their words, in place of the options' instruction
  ///   and system message. Every row is tried in the template that makes the first row longest.
  /// - Throws: ``DatasetError``.
  public init(
    _ dataset: Dataset, format: any PromptFormat, options: PromptOptions = PromptOptions(),
    templates: PromptTemplates? = nil, seed: UInt64 = 0, shuffle: Bool = true
  ) throws {
    (self.format, self.options, self.templates) = (format, options, templates)
    let longest = try templates.map { try format.longestTemplate(of: $0.pool, in: dataset) }
    rows = try RowSequence(dataset, options, seed: seed, shuffle: shuffle) { row in
      let prompt =
        if let longest, let templates {
          try format.prompt(for: row.question, longest, of: templates.pool)
        } else {
          try format.prompt(for: row.question, options)
        }
      guard !prompt.tokens.isEmpty else {
        throw RowError(description: "the prompt is empty; a model needs a token to begin with")
      }
      try format.check(prompt.tokens)
      return prompt.tokens.count
    }
  }

  /// Prompts in an epoch.
  public var count: Int { rows.count }
  /// Rows that were left out because their prompts are too long.
  public var skipped: Int { rows.skipped }

  /// Prompts `first..<first + count` of the sequence, each `copies` times in a row: the same
  /// prompt, unless templates put each copy in other words.
  public func prompts(from first: Int, count: Int, copies: Int = 1) throws -> [Prompt] {
    try zip(first..., rows.rows(from: first, count: count)).flatMap { position, row in
      try (0..<copies).map { copy in
        try prompt(
          row, templates?.draw(row: row.index, visit: position / self.count, copy: copy))
      }
    }
  }

  /// Every prompt once, in the order of the file, without templates.
  public func all() throws -> [Prompt] { try rows.all().map { try prompt($0, nil) } }

  private func prompt(_ row: Row, _ template: DrawnTemplate?) throws -> Prompt {
    let prompt =
      if let template, let templates {
        try format.prompt(for: row.question, template.index, of: templates.pool)
      } else {
        try format.prompt(for: row.question, options)
      }
    return Prompt(
      id: row.id, index: row.index, tokens: prompt.tokens, text: prompt.text, row: row.json,
      template: template)
  }
}

extension PromptFormat {
  /// The template that makes the first row longest.
  fileprivate func longestTemplate(of pool: any PromptPool, in dataset: Dataset) throws -> Int {
    guard dataset.count > 0 else { return 0 }
    let row = try dataset.row(at: 0).question
    guard case .problem = row.task else { return 0 }
    let lengths = try pool.templates.indices.map { template in
      try prompt(for: row, template, of: pool).tokens.count
    }
    return lengths.indices.max { lengths[$0] < lengths[$1] }!
  }
}
