import Metrics
import Objectives
import Trajectories
import Verifiers

extension GRPOTrainer {
  /// Samples and judges the step's groups; with dynamic sampling, until enough of them teach.
  func collect(_ index: Int, _ metrics: inout StepMetrics) throws -> [RewardedGroup] {
    let wanted = settings.rollout.promptsPerStep
    var kept: [RewardedGroup] = []
    var sampled = 0
    var verdicts = VerdictMetrics()
    var outcomes = EpisodeMetrics()
    let dynamic = DynamicSampling(maximumRounds: settings.rollout.maximumRounds)
    for round in 1... {
      promptsDrawn = watch.ledger.place(of: wanted, from: promptsDrawn)
      let copies = form?.copies(of: settings.rollout.groupSize) ?? 1
      let batch = try prompts.prompts(from: promptsDrawn, count: wanted, copies: copies)
      promptsDrawn += wanted
      // Rounds of a step are steps of their own to the sampler: a prompt may come up again.
      let groups = try engine.sample(
        batch, samples: 0..<settings.rollout.groupSize / copies,
        settings: settings.rollout.sampling,
        step: index << 10 | (round - 1), observers: samplesApart ? [] : observers(step: index),
        episodes: episodes)
      let scored = groups.joined(by: copies).scored(by: verifiers)
      verdicts.add(scored.metrics)
      outcomes.add(scored.groups)
      sampled += scored.groups.count
      try unjudged.add(scored.groups)
      guard settings.rollout.dynamicSampling else {
        kept = scored.groups
        break
      }
      // By the verifiers' rewards alone: a penalty on length is no reason to keep a group.
      kept += scored.groups.filter { DynamicSampling.keeps($0.rewards) }
      guard try dynamic.needsAnotherRound(kept: kept.count, wanted: wanted, rounds: round) else {
        break
      }
    }
    metrics.merge(verdicts.metrics)
    metrics.merge(outcomes.metrics)
    metrics["rollout/groups_sampled"] = Double(sampled)
    var groups = Array(kept.prefix(wanted))
    if let overlong {
      groups.reward { _, trajectory in overlong.penalty(length: trajectory.length) }
    }
    try form?.add(to: &groups, &metrics)
    return groups
  }

  /// Whether the sampler has a copy of the weights of its own, whose law is not quite the policy's.
  var samplesApart: Bool { engine.model.isTwin(of: policy.model) }

  /// Gives what such a sampler drew the policy's own log-probabilities, entropies and rows; its own
  /// stay as the behaviour's.
  func rescore(_ batch: inout TokenBatch, step: Int, _ metrics: inout StepMetrics) throws {
    let scores = try refusing(step, batch) {
      try policy.score(batch, observers: observers(step: step))
    }
    (batch.logprobs, batch.entropies) = (scores.logprobs, scores.entropies)
    (batch.oldLogprobs, batch.oldEntropies) = (scores.logprobs, scores.entropies)
    batch.observed = scores.observed
    metrics.merge(SamplerMismatch(batch).metrics)
  }

  /// The sequences of part `part` of the rollout: whole groups, dealt in order.
  func minibatch(_ part: Int, of batch: TokenBatch, _ groupCount: Int) -> Range<Int> {
    let parts = settings.updates.minibatches
    let groups = groupCount * part / parts..<groupCount * (part + 1) / parts
    let sequences = batch.groups.indices.filter { groups.contains(batch.groups[$0]) }
    return (sequences.first ?? 0)..<(sequences.last.map { $0 + 1 } ?? 0)
  }

  /// The sequences of `batch` that an update most likely teaches.
  func teaching(_ batch: TokenBatch) -> [Int] {
    let adds = interventions.members.contains { $0.needs.stage == .additions }
    let ties = adds || settings.objective.needsReference
    return (0..<batch.sequenceCount).filter { sequence in
      batch.range(sequence).contains { t in
        batch.mask[t] != 0 && (ties || batch.advantages[t] != 0)
      }
    }
  }
}

extension [TrajectoryGroup] {
  /// Judges groups: by verifiers, by the environment that they were played in, or by the sum of
  /// both.
  ///
  /// - Parameter verifiers: needed where there is no environment.
  public func scored(
    by verifiers: VerifierSet?
  ) -> (groups: [RewardedGroup], metrics: [VerifierMetric]) {
    let judged = verifiers?.score(self)
    let rewarded = enumerated().map { place, group in
      RewardedGroup(
        group: group,
        judgements: group.trajectories.indices.map { sample in
          let verdict = judged?.groups[place].judgements[sample]
          guard let own = group.trajectories[sample].episode?.judgement else { return verdict! }
          return verdict.map { own.adding($0) } ?? own
        })
    }
    return (rewarded, judged?.metrics ?? [])
  }
}
