import Environments
import JSON
import Tokenizers
import Trajectories

/// The world that completions are rollouts through, and how far they may go.
public struct EpisodeSettings: Sendable {
  public let environment: any Environment
  public let format: ConversationFormat
  /// The most turns of the model; the environment may have fewer.
  public var maximumTurns = 10
  /// The most tokens behind the prompt, whoever writes them.
  public var maximumTokens = 4096
  /// The longest opening, in tokens.
  public var maximumPromptTokens = 1024
  /// How many episodes the environment answers at once.
  public var workers = 16

  public init(_ environment: any Environment, format: ConversationFormat) {
    (self.environment, self.format) = (environment, format)
  }

  /// The most turns that an episode takes.
  var turns: Int { min(maximumTurns, environment.world.turns ?? maximumTurns) }

  /// The most tokens that the model itself writes in an episode of the run.
  public func longestWriting(_ sampling: SamplingSettings) -> Int {
    let (tokens, isTooMany) = maximumTurns.multipliedReportingOverflow(
      by: sampling.maximumNewTokens)
    return isTooMany ? maximumTokens : min(maximumTokens, tokens)
  }

  /// The prompt of a task: the opening of its episodes. Where there is none, it says why.
  ///
  /// - Parameters:
  ///   - index: keys the randomness.
  ///   - row: the whole row of the data file; `nil` where there is none.
  public func prompt(
    id: String, index: Int, row: String?, seed: UInt64, _ tokenizer: Tokenizer
  ) -> Prompt {
    func prompt(_ tokens: [Int32], _ text: String, failure: String? = nil) -> Prompt {
      Prompt(
        id: id, index: index, tokens: tokens, text: text, row: row ?? "{}", seed: seed,
        failure: failure)
    }
    do {
      let opening = try environment.begin(EpisodeTask(row: row, seed: seed)).opening
      let text = try format.opening(opening)
      let tokens = tokenizer.encode(text, addSpecialTokens: !format.isChat)
      if tokens.isEmpty { return prompt([], "", failure: "the opening of the episode is empty") }
      guard tokens.count <= maximumPromptTokens else {
        let failure = """
          the opening of the episode has \(tokens.count) tokens, more than data.max_prompt_tokens, \
          \(maximumPromptTokens)
          """
        return prompt([], "", failure: failure)
      }
      return prompt(tokens, text)
    } catch {
      return prompt([], "", failure: "\(error)")
    }
  }
}
