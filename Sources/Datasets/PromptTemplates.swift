import JSON
import Tensors
import Trajectories

/// A pool of templates and how one is drawn for a row.
///
/// Wang et al. 2026, "Prompt augmentation" (arXiv:2602.03190): the draw is uniform, and made once
/// for each visit to a row, so that the completions of a group stay comparable.
public struct PromptTemplates: Sendable {
  public let pool: any PromptPool
  private let random: CounterRandom

  public init(_ pool: any PromptPool, seed: UInt64) {
    self.pool = pool
    random = CounterRandom(seed: seed, purpose: .template)
  }

  /// A pure function of the seed and its arguments.
  ///
  /// - Parameters:
  ///   - visit: how often the run has come to the row before.
  ///   - copy: of several prompts of one visit, which.
  func draw(row: Int, visit: Int, copy: Int) -> DrawnTemplate {
    let index = random.integer(below: pool.templates.count, visit, row, copy)
    return DrawnTemplate(index: index, name: pool.templates[index])
  }
}

extension PromptFormat {
  /// What the model is given to go on from `row`, in the words of a template.
  func prompt(for row: Row, _ template: Int, of pool: any PromptPool) throws -> EncodedPrompt {
    guard case .problem(let problem) = row.task else {
      throw RowError(
        description: """
          '\(pool.name)' writes the words around a 'problem', and the row has 'prompt' or \
          'messages'; name the key that holds the problem with fields
          """)
    }
    let parts = try pool.parts(template, problem: problem, row: row.json)
    guard isChat else {
      let text = [parts.system, parts.user, parts.prefix].filter { !$0.isEmpty }
        .joined(separator: "\n\n")
      return EncodedPrompt(
        messages: nil, text: text, tokens: encode(text, addSpecialTokens: true))
    }
    var messages: [JSONLiteral] = [["role": "user", "content": .string(parts.user)]]
    if !parts.system.isEmpty {
      messages.insert(["role": "system", "content": .string(parts.system)], at: 0)
    }
    let text =
      try render(messages, tools: row.tools, addGenerationPrompt: true) + parts.prefix
    return EncodedPrompt(
      messages: messages, text: text, tokens: encode(text, addSpecialTokens: false))
  }
}
