/// The sampled tokens of one optimizer step, sequences packed end to end: `N` tokens in `S`
/// sequences, each column `[N]` unless it says otherwise.
///
/// Prompt tokens are no columns: they carry no loss and need no head.
public struct TokenBatch: Sendable {
  /// `[S]` the ids in front of each sequence's sampled tokens.
  public var prompts: [[Int32]]
  /// `[S]` which prompt of the step a sequence answers.
  public var groups: [Int]
  /// `[S + 1]` sequence `s` is tokens `offsets[s]..<offsets[s + 1]`.
  public var offsets: [Int]
  public var tokens: [Int32]
  /// The model's turn that a token belongs to, from 0.
  public var turns: [Int]
  /// Who wrote a token.
  public var authors: [Author]
  /// Whether a token stands in a turn that neither acted nor answered; `nil` without an environment.
  public var voidTurns: [Bool]?
  /// 1 where the policy wrote the token and it is trained on, else 0.
  public var mask: [UInt8]
  public var advantages: [Float]
  /// Nats, under the policy as it is now.
  public var logprobs: [Float]
  /// Nats, under the policy that was current when the batch was collected.
  public var oldLogprobs: [Float]
  /// Nats, under the law that the sampler drew from.
  public var behaviourLogprobs: [Float]
  /// Nats, under the frozen reference policy; `nil` where no term asks for it.
  public var referenceLogprobs: [Float]?
  /// Nats, of the policy as it is now.
  public var entropies: [Float]
  /// Nats, when the batch was collected.
  public var oldEntropies: [Float]
  /// What each observer noted of the tokens' rows, in the order of the observers.
  public var observed: [ObservedRows]

  public var count: Int { tokens.count }

  /// The tokens of `sequence` that the model wrote: those that have a score.
  public func scored(in sequence: Int) -> [Int] { range(sequence).filter { authors[$0] == .model } }

  public var sequenceCount: Int { prompts.count }

  /// The tokens of sequence `s`.
  public func range(_ s: Int) -> Range<Int> { offsets[s]..<offsets[s + 1] }

  /// Packs groups in order, one advantage a completion.
  ///
  /// What the model did not write has mask 0. A completion whose verifier failed stays in place with
  /// mask 0, so that the columns line up with the rollout log. The current columns start as the old ones: before the first update
  /// after a rollout they are the same to the bit.
  ///
  /// - Parameter advantages: `[groups][G]`; `nil` leaves them 0, to be assigned.
  public init(packing groups: [RewardedGroup], advantages: [[Float]]? = nil) {
    precondition(
      advantages == nil || groups.count == advantages!.count,
      "\(advantages?.count ?? 0) rows of advantages for \(groups.count) groups")
    prompts = []
    self.groups = []
    offsets = [0]
    tokens = []
    turns = []
    authors = []
    mask = []
    self.advantages = []
    oldLogprobs = []
    behaviourLogprobs = []
    oldEntropies = []
    observed = []
    let hasEpisodes = groups.contains { $0.group.trajectories.contains { $0.episode != nil } }
    if hasEpisodes { voidTurns = [] }
    for (index, rewarded) in groups.enumerated() {
      for (sample, trajectory) in rewarded.group.trajectories.enumerated() {
        let count = trajectory.tokens.count
        let trained = rewarded.judgements[sample].reward != nil
        prompts.append(rewarded.group.prompt(of: sample).tokens)
        self.groups.append(index)
        tokens += trajectory.tokens
        let episode = trajectory.episode
        turns += episode?.turnIndices(count: count) ?? Array(repeating: 0, count: count)
        if hasEpisodes { voidTurns! += episode?.voidTurns(count: count) ?? [] }
        authors += trajectory.authors
        mask += trajectory.authors.map { trained && $0 == .model ? 1 : 0 }
        self.advantages += repeatElement(advantages?[index][sample] ?? 0, count: count)
        oldLogprobs += trajectory.oldLogprobs
        behaviourLogprobs += trajectory.behaviourLogprobs
        oldEntropies += trajectory.entropies
        if observed.isEmpty {
          observed = trajectory.observed.map { ObservedRows(width: $0.width) }
        }
        for (observer, rows) in trajectory.observed.enumerated() { observed[observer].append(rows) }
        offsets.append(tokens.count)
      }
    }
    logprobs = oldLogprobs
    entropies = oldEntropies
    referenceLogprobs = nil
  }

  /// Given sequences, every token of a completion trained on, nothing known of it yet.
  public init(prompts: [[Int32]], completions: [[Int32]]) {
    precondition(
      prompts.count == completions.count,
      "\(prompts.count) prompts, \(completions.count) completions")
    self.prompts = prompts
    groups = Array(prompts.indices)
    offsets = completions.reduce(into: [0]) { $0.append($0.last! + $1.count) }
    tokens = completions.flatMap(\.self)
    turns = Array(repeating: 0, count: tokens.count)
    authors = Array(repeating: .model, count: tokens.count)
    mask = Array(repeating: 1, count: tokens.count)
    advantages = Array(repeating: 0, count: tokens.count)
    (logprobs, oldLogprobs, behaviourLogprobs) = (advantages, advantages, advantages)
    referenceLogprobs = nil
    (entropies, oldEntropies) = (advantages, advantages)
    observed = []
  }

  /// The sequences `range` alone, columns cut to match.
  public func sequences(_ range: Range<Int>) -> TokenBatch {
    let tokens = offsets[range.lowerBound]..<offsets[range.upperBound]
    var part = self
    part.prompts = Array(prompts[range])
    part.groups = Array(groups[range])
    part.offsets = offsets[range.lowerBound...range.upperBound].map { $0 - tokens.lowerBound }
    part.tokens = Array(self.tokens[tokens])
    part.turns = Array(turns[tokens])
    part.authors = Array(authors[tokens])
    part.voidTurns = voidTurns.map { Array($0[tokens]) }
    part.mask = Array(mask[tokens])
    part.advantages = Array(advantages[tokens])
    part.logprobs = Array(logprobs[tokens])
    part.oldLogprobs = Array(oldLogprobs[tokens])
    part.behaviourLogprobs = Array(behaviourLogprobs[tokens])
    part.referenceLogprobs = referenceLogprobs.map { Array($0[tokens]) }
    part.entropies = Array(entropies[tokens])
    part.oldEntropies = Array(oldEntropies[tokens])
    part.observed = observed.map { $0[tokens] }
    return part
  }
}
