/// How completions are drawn.
public struct SamplingSettings: Sendable, Equatable {
  /// Divides the logits; 0 takes the most probable id, the lowest on a tie.
  public var temperature: Float = 1
  /// The `topK` most probable ids only; 0 for all.
  public var topK = 0
  /// Then the fewest most probable ids that together reach `topP`; 1 for all.
  public var topP: Float = 1
  /// Then ids of at least `minP` times the largest probability; 0 for all.
  public var minP: Float = 0
  /// The budget of new tokens, the end token included.
  public var maximumNewTokens = 256
  /// Ids that end a completion.
  public var endTokens: Set<Int32> = []
  /// Texts that end a completion; they are cut from its text, their tokens stay.
  public var stopStrings: [String] = []
  public var seed: UInt64 = 0

  public init() {}

  /// Whether logits can be divided by it and stay numbers; 0 stands for the most probable id.
  public static func isTemperature(_ value: Float) -> Bool {
    value == 0 || (1e-6...1e6).contains(value)
  }
}
