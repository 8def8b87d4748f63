import JSON
import Rollouts
import Trajectories

/// Lets a model answer problems: one greedy completion each, and `samples` drawn ones.
public struct Evaluator {
  public let engine: RolloutEngine
  /// How the drawn completions are drawn.
  public let sampling: SamplingSettings
  public let samples: Int
  public let greedy: Bool
  /// What answers the completions; `nil` for one turn.
  public let episodes: EpisodeSettings?
  /// Are shown the rows that tokens are drawn from.
  public let observers: [any RowObserver]

  public init(
    engine: RolloutEngine, sampling: SamplingSettings, samples: Int, greedy: Bool = true,
    episodes: EpisodeSettings? = nil, observers: [any RowObserver] = []
  ) {
    precondition(greedy || samples > 0, "nothing to evaluate: no greedy completion, no samples")
    self.engine = engine
    self.sampling = sampling
    self.samples = samples
    self.greedy = greedy
    self.episodes = episodes
    self.observers = observers
  }

  /// How many completions an evaluation draws.
  public func completions(of prompts: [Prompt]) -> Int {
    prompts.count * (samples + (greedy ? 1 : 0))
  }

  /// - Parameters:
  ///   - journal: what was generated before is taken from it, what is generated now is added.
  ///   - onCompletion: called for each completion, those of the journal included.
  ///   - onPass: called with what was generated now, whole, the greedy completions first.
  public func generate(
    _ prompts: [Prompt], journal: GenerationJournal? = nil,
    onCompletion: @escaping () -> Void = {}, onPass: ([TrajectoryGroup]) -> Void = { _ in }
  ) throws -> [AnsweredProblem] {
    var first = sampling
    first.temperature = 0
    let greedyTexts =
      greedy ? try pass(.greedy, prompts, 0..<1, first, journal, onCompletion, onPass) : []
    let sampledTexts =
      samples > 0
      ? try pass(.samples, prompts, 0..<samples, sampling, journal, onCompletion, onPass) : []
    return prompts.enumerated().map { place, prompt in
      var problem = AnsweredProblem(prompt)
      if greedy { problem.greedy = greedyTexts[place][0] }
      if samples > 0 { problem.samples = sampledTexts[place] }
      return problem
    }
  }

  private func pass(
    _ pass: GenerationJournal.Pass, _ prompts: [Prompt], _ range: Range<Int>,
    _ settings: SamplingSettings, _ journal: GenerationJournal?,
    _ onCompletion: @escaping () -> Void, _ onPass: ([TrajectoryGroup]) -> Void
  ) throws -> [[Completion]] {
    let kept = (journal?.kept[pass] ?? [:]).filter { $0.value.count == range.count }
    let open = prompts.filter { kept[$0.index] == nil }
    for _ in 0..<(prompts.count - open.count) * range.count { onCompletion() }
    // A problem is kept as soon as its last completion ends, in whatever order they do.
    var unfinished = open.map { _ in [Int: Completion]() }
    var failure: (any Error)?
    let groups = try engine.sample(
      open, samples: range, settings: settings, step: 0, observers: observers, episodes: episodes
    ) { event in
      guard case .finished(let prompt, let trajectory) = event else { return }
      onCompletion()
      guard let journal, failure == nil else { return }
      unfinished[prompt][trajectory.sample] = Completion(trajectory)
      guard unfinished[prompt].count == range.count else { return }
      let completions = unfinished[prompt].sorted { $0.key < $1.key }.map(\.value)
      unfinished[prompt] = [:]
      do { try journal.keep(completions, of: open[prompt].index, in: pass) } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    onPass(groups)
    let fresh = Dictionary(
      uniqueKeysWithValues: groups.map { group in
        (group.prompt.index, group.trajectories.map { Completion($0) })
      })
    return prompts.map { (kept[$0.index] ?? fresh[$0.index])! }
  }
}

extension [Prompt] {
  /// 64-bit FNV-1a of the rows, in hexadecimal.
  public var rowsDigest: String {
    let hash = map(\.row).joined(separator: "\n").utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) {
      ($0 ^ UInt64($1)) &* 0x100_0000_01B3
    }
    return String(hash, radix: 16)
  }
}
