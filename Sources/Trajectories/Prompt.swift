/// One task to be answered: what the model is shown, and the row that it came from.
public struct Prompt: Sendable {
  /// The row's `id`, or its number in the file.
  public let id: String
  /// The row's place in the file, from 0; randomness is keyed by it.
  public let index: Int
  /// `[P]` the ids that the model is given, template and special tokens included.
  public let tokens: [Int32]
  /// The rendered text behind `tokens`.
  public let text: String
  /// The whole row of the data file as JSON; it reaches the verifier unchanged.
  public let row: String
  /// The template that it was written by; `nil` without a pool of templates.
  public let template: DrawnTemplate?
  /// What an environment makes the task from.
  public let seed: UInt64
  /// Why an environment has no opening for it; `tokens` is then empty.
  public let failure: String?

  public init(
    id: String, index: Int, tokens: [Int32], text: String, row: String,
    template: DrawnTemplate? = nil, seed: UInt64 = 0, failure: String? = nil
  ) {
    (self.id, self.index, self.tokens, self.text, self.row) = (id, index, tokens, text, row)
    (self.template, self.seed, self.failure) = (template, seed, failure)
  }
}
