import Kernels
import Models
import Tensors
import Tokenizers
import Trajectories

/// Samples groups of completions, many sequences at a time.
///
/// A prompt runs once for its whole group; its pages of keys and values are shared. Sequences
/// join the batch as others end, so it stays full. None of this can be seen in a result: a
/// completion is a pure function of the weights, the prompt's ids, the settings and
/// `(seed, step, prompt, sample)`.
public final class RolloutEngine {
  let model: Transformer
  let tokenizer: Tokenizer
  /// The most sequences in a batch.
  let width: Int
  /// The most prompt ids that one pass takes in beside them.
  let prefillRows: Int
  /// Bytes of keys and values at most.
  let cacheBytes: Int
  private var pages: KeyValuePages?

  public init(
    model: Transformer, tokenizer: Tokenizer, width: Int = 128, prefillRows: Int = 512,
    cacheBytes: Int = 4 << 30
  ) {
    precondition(width > 0 && prefillRows > 0, "a batch of \(width), a prefill of \(prefillRows)")
    self.model = model
    self.tokenizer = tokenizer
    self.width = width
    self.prefillRows = prefillRows
    self.cacheBytes = cacheBytes
  }

  /// What happened while sampling, for progress and for streaming.
  public enum Event {
    /// A completion got a token.
    case token(prompt: Int, sample: Int, id: Int32)
    /// A completion ended.
    case finished(prompt: Int, trajectory: Trajectory)
  }

  /// Completes every prompt `count` times.
  ///
  /// - Parameters:
  ///   - step: keys the randomness; the same step gives the same completions.
  ///   - samples: which of each group's samples to draw, from 0.
  /// - Returns: a group for each prompt, in order.
  /// - Throws: ``RolloutError`` where a prompt does not fit.
  public func sample(
    _ prompts: [Prompt], samples: Range<Int>, settings: SamplingSettings, step: Int,
    onEvent: @escaping (Event) -> Void = { _ in }
  ) throws -> [TrajectoryGroup] {
    let pageCount = try preparePages(for: prompts, samples: samples.count, settings: settings)
    var run = SamplingRun(
      engine: self, pages: pages!, pageCount: pageCount, prompts: prompts, samples: samples,
      settings: settings, step: step, onEvent: onEvent)
    while run.isUnfinished { run.advance() }
    return run.groups
  }

  /// The most pages that a completion holds for itself: its new tokens, begun and ended in the
  /// middle of a page.
  func completionPages(_ settings: SamplingSettings) -> Int {
    PagePool.pages(forKeys: settings.maximumNewTokens) + 1
  }

  /// Makes room for as many sequences as the batch and the memory allow.
  private func preparePages(
    for prompts: [Prompt], samples: Int, settings: SamplingSettings
  ) throws -> Int {
    let c = model.configuration
    if let empty = prompts.first(where: \.tokens.isEmpty) { throw RolloutError.emptyPrompt(empty.id) }
    let longest = prompts.map(\.tokens.count).max() ?? 0
    let pageBytes =
      c.layerCount * 2 * c.keyValueHeadCount * c.headDimension * KeyValuePages.pageSize * 4
    let one = PagePool.pages(forKeys: longest) + completionPages(settings)
    let affordable = cacheBytes / pageBytes
    guard affordable >= one else {
      throw RolloutError.cache(
        tokens: longest + settings.maximumNewTokens, needed: one * pageBytes, allowed: cacheBytes)
    }
    let count = min(affordable, one * (min(width, prompts.count * samples) + 1))
    if pages == nil || pages!.pageCount < count {
      pages = KeyValuePages(
        pageCount: count, layers: c.layerCount, heads: c.keyValueHeadCount, width: c.headDimension)
    }
    return count
  }
}

/// Why no completion can be drawn at all.
public enum RolloutError: Error, CustomStringConvertible {
  case emptyPrompt(String)
  case cache(tokens: Int, needed: Int, allowed: Int)

  public var description: String {
    switch self {
    case .emptyPrompt(let id):
      "prompt '\(id)' has no tokens; give it text, or a tokenizer with a beginning token"
    case .cache(let tokens, let needed, let allowed):
      """
      a sequence of \(tokens) tokens needs \(needed >> 20) MiB of keys and values, and \
      \(allowed >> 20) MiB are allowed; raise rollout.cache_mib or lower rollout.max_new_tokens
      """
    }
  }
}
