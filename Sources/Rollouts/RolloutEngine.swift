import Foundation
import Kernels
import Models
import Tokenizers
import Trajectories

/// Samples groups of completions, many sequences at a time.
///
/// A prompt runs once for its whole group; its pages of keys and values are shared. Sequences
/// join the batch as others end, so it stays full. None of this can be seen in a result: a
/// completion is a pure function of the weights, the prompt's ids, the settings and
/// `(seed, step, prompt, sample)`.
public final class RolloutEngine {
  /// Often the model under training; else a twin of it for sampling.
  public let model: Transformer
  let tokenizer: Tokenizer
  /// The most sequences in a batch.
  let width: Int
  /// The most prompt ids that one pass takes in beside them.
  let prefillRows: Int
  /// Bytes of keys and values at most.
  let cacheBytes: Int
  private var pages: KeyValuePages?

  /// The most tokens of a prompt and its completion: beyond, angles of rotation lose digits.
  public static let longestSequence = (1 << 20) - 1

  public init(
    model: Transformer, tokenizer: Tokenizer, width: Int = 128, prefillRows: Int = 512,
    cacheBytes: Int = 4 << 30
  ) {
    precondition(width > 0 && prefillRows > 0, "a batch of \(width), a prefill of \(prefillRows)")
    self.model = model
    self.tokenizer = tokenizer
    self.width = width
    self.prefillRows = prefillRows
    self.cacheBytes = min(cacheBytes, Int(clamping: ProcessInfo.processInfo.physicalMemory))
  }

  /// What happened while sampling, for progress and for streaming.
  public enum Event {
    /// A completion got a token.
    case token(prompt: Int, sample: Int, id: Int32)
    /// A completion ended.
    case finished(prompt: Int, trajectory: Trajectory)
  }

  /// Completes every prompt `samples.count` times.
  ///
  /// A prompt that stands in `prompts` again, as where an epoch ends within a step, gets the
  /// samples behind those: a group of copies would teach nothing new.
  ///
  /// - Parameters:
  ///   - step: keys the randomness; the same step gives the same completions.
  ///   - samples: which of each group's samples to draw, from 0.
  ///   - observers: are shown the row that each token is drawn from, before anything is cut off it.
  ///   - episodes: has an environment answer the completions, turn by turn; `nil` for one turn.
  /// - Returns: a group for each prompt, in order.
  /// - Throws: ``RolloutError`` where a prompt does not fit, or the model gives no numbers; what an
  ///   observer throws.
  public func sample(
    _ prompts: [Prompt], samples: Range<Int>, settings: SamplingSettings, step: Int,
    observers: [any RowObserver] = [], episodes: EpisodeSettings? = nil,
    onEvent: @escaping (Event) -> Void = { _ in }
  ) throws -> [TrajectoryGroup] {
    model.follow()
    var run = try begin(
      prompts, samples: samples, settings: settings, step: step, observers: observers,
      episodes: episodes, onEvent: onEvent)
    while run.isUnfinished { try run.advance() }
    return run.groups
  }

  /// A run before its first pass.
  func begin(
    _ prompts: [Prompt], samples: Range<Int>, settings: SamplingSettings, step: Int,
    observers: [any RowObserver] = [], episodes: EpisodeSettings? = nil,
    onEvent: @escaping (Event) -> Void = { _ in }
  ) throws -> SamplingRun {
    precondition(settings.maximumNewTokens > 0, "\(settings.maximumNewTokens) new tokens")
    if settings.stopStrings.contains("") { throw RolloutError.emptyStopString }
    try check(prompts)
    let pageCount = try preparePages(
      for: prompts, samples: samples.count, settings: settings, episodes)
    return SamplingRun(
      engine: self, pages: pages!, pageCount: pageCount, prompts: prompts, samples: samples,
      settings: settings, step: step, observers: observers, episodes: episodes, onEvent: onEvent)
  }

  private func check(_ prompts: [Prompt]) throws {
    let vocabulary = model.configuration.vocabularySize
    for prompt in prompts where prompt.failure == nil {
      if prompt.tokens.isEmpty { throw RolloutError.emptyPrompt(prompt.id) }
      if let id = prompt.tokens.first(where: { $0 < 0 || $0 >= vocabulary }) {
        throw RolloutError.unknownToken(id, prompt: prompt.id, vocabulary: vocabulary)
      }
    }
  }

  /// The most tokens behind a prompt.
  private func longestCompletion(_ settings: SamplingSettings, _ episodes: EpisodeSettings?) -> Int
  {
    episodes?.maximumTokens ?? settings.maximumNewTokens
  }

  /// The most pages that a completion holds for itself: its tokens, begun and ended in the middle
  /// of a page.
  func completionPages(_ settings: SamplingSettings, _ episodes: EpisodeSettings?) -> Int {
    PagePool.pages(forKeys: longestCompletion(settings, episodes)) + 1
  }

  /// Makes room for as many sequences as the batch and the memory allow; for twice as many where
  /// some of them are away.
  private func preparePages(
    for prompts: [Prompt], samples: Int, settings: SamplingSettings, _ episodes: EpisodeSettings?
  ) throws -> Int {
    let c = model.configuration
    let longest = prompts.map(\.tokens.count).max() ?? 0
    let completion = longestCompletion(settings, episodes)
    guard longest <= Self.longestSequence - completion else {
      throw RolloutError.tooLong(prompt: longest, completion: completion)
    }
    let pageBytes =
      c.layerCount * 2 * c.keyValueHeadCount * c.headDimension * KeyValuePages.pageSize * 4
    let one = PagePool.pages(forKeys: longest) + completionPages(settings, episodes)
    let affordable = cacheBytes / pageBytes
    guard affordable >= one else {
      throw RolloutError.cache(
        tokens: longest + completion, needed: one * pageBytes, allowed: cacheBytes)
    }
    let sequences = min(episodes == nil ? width : 2 * width, prompts.count * samples)
    let count = min(affordable, one * (sequences + 1))
    if pages == nil || pages!.pageCount < count {
      pages = KeyValuePages(
        pageCount: count, layers: c.layerCount, heads: c.keyValueHeadCount, width: c.headDimension)
    }
    return count
  }
}

/// Why no completion can be drawn.
public enum RolloutError: Error, Equatable, CustomStringConvertible {
  case emptyPrompt(String)
  case unknownToken(Int32, prompt: String, vocabulary: Int)
  case emptyStopString
  case tooLong(prompt: Int, completion: Int)
  case cache(tokens: Int, needed: Int, allowed: Int)
  case notFinite(prompt: String, sample: Int, token: Int)

  public var description: String {
    switch self {
    case .emptyPrompt(let id):
      "prompt '\(id)' has no tokens; give it text, or a tokenizer with a beginning token"
    case .unknownToken(let id, let prompt, let vocabulary):
      """
      prompt '\(prompt)' has the id \(id), and the model has a vocabulary of \(vocabulary); the \
      tokenizer and the model likely come from different folders
      """
    case .emptyStopString:
      "rollout.stop has an empty text, which would end every completion; remove it"
    case .tooLong(let prompt, let completion):
      """
      a prompt of \(prompt) tokens and a completion of up to \(completion) are more than the \
      \(RolloutEngine.longestSequence) tokens that a sequence can have; shorten one of them
      """
    case .cache(let tokens, let needed, let allowed):
      """
      a sequence of \(tokens) tokens needs \(mebibytes(needed)) MiB of keys and values, and \
      \(mebibytes(allowed)) MiB are allowed; raise rollout.cache_mib or lower \
      rollout.max_new_tokens, in an environment rollout.max_episode_tokens
      """
    case .notFinite(let prompt, let sample, let token):
      """
      the logits for token \(token) of completion \(sample) of prompt '\(prompt)' are not finite: \
      the weights have run away; go back to an earlier checkpoint or lower the learning rate
      """
    }
  }

  /// Rounded up, so that what is needed never looks like nothing.
  private func mebibytes(_ bytes: Int) -> Int { (bytes + (1 << 20) - 1) >> 20 }
}
