import JSON
import Metrics
import Models
import Objectives
import Optimizers
import Rollouts
import Trajectories
import Verifiers

/// Where a run's prompts come from: an endless sequence that a seed decides.
public protocol PromptSource {
  /// Prompts `first..<first + count` of the sequence.
  func prompts(from first: Int, count: Int) throws -> [Prompt]
}

/// One step at a time of GRPO and its relatives: prompt, rollout, reward, advantage, objective,
/// gradient, update.
public final class GRPOTrainer {
  public let settings: GRPOSettings
  public let policy: Policy
  public let optimizer: AdamW
  public internal(set) var klController: AdaptiveKL?
  /// How many prompts the run has drawn; dynamic sampling makes it more than the steps alone say.
  public internal(set) var promptsDrawn = 0
  private var unjudged = UnjudgedRounds()
  let reference: Policy?
  let engine: RolloutEngine
  let prompts: any PromptSource
  let verifiers: VerifierSet
  let schedule: LearningRateSchedule
  let overlong: OverlongShaping?

  /// - Parameters:
  ///   - reference: needed where the objective has a KL coefficient.
  ///   - klController: moves that coefficient, where it is to be moved.
  /// - Throws: ``ObjectiveError/setting(key:value:remedy:)`` for a setting out of its range.
  public init(
    settings: GRPOSettings, policy: Policy, reference: Policy?, engine: RolloutEngine,
    prompts: any PromptSource, verifiers: VerifierSet, klController: AdaptiveKL? = nil
  ) throws(ObjectiveError) {
    try settings.objective.validate()
    precondition(
      reference != nil || !settings.objective.needsReference, "a KL term without a reference")
    self.settings = settings
    self.policy = policy
    self.reference = reference
    self.engine = engine
    self.prompts = prompts
    self.verifiers = verifiers
    self.klController = klController
    overlong = try settings.reward.overlongBuffer.map { buffer throws(ObjectiveError) in
      try OverlongShaping(
        limit: settings.rollout.sampling.maximumNewTokens, buffer: buffer,
        factor: settings.reward.overlongFactor)
    }
    optimizer = AdamW(policy.slots, configuration: settings.optimizer.adamW)
    schedule = settings.optimizer.schedule(total: settings.steps * settings.updates.count)
  }

  /// One rollout and its updates, in the order of the papers.
  ///
  /// - Parameter index: the step, from 1.
  /// - Throws: ``RefusedStep`` where a loss or a gradient is not finite; weights and optimizer are
  ///   then as the last good update left them.
  public func step(_ index: Int) throws -> StepReport {
    var report = StepReport(step: index)
    var watch = Stopwatch()
    let groups = try collect(index, &report.metrics)
    report.metrics["time/rollout"] = watch.lap()
    var batch = TokenBatch(
      packing: groups, advantages: settings.advantages.advantages(of: groups.map(\.rewards)))
    if settings.reward.maskTruncated { batch.maskOverlong(in: groups) }
    if let reference {
      batch.referenceLogprobs = try refusing(index, batch) { try reference.score(batch).logprobs }
    }
    report.groups = groups
    report.batch = batch
    report.metrics.merge(report.rolloutMetrics)

    var updates = UpdateMetrics()
    for update in 0..<settings.updates.count {
      var part = minibatch(update % settings.updates.minibatches, of: batch, groups.count)
      // Before the first update the sampler's columns are the current ones, to the bit.
      if update > 0 { try refusing(index, part) { try policy.evaluate(&part) } }
      updates.add(try refusing(index, part) { try self.update(part) })
    }
    report.metrics.merge(updates.metrics)
    report.metrics["time/update"] = watch.lap()
    report.metrics["time/step"] = watch.total
    return report
  }

  /// One update of the weights: objective, gradient, clipping, AdamW.
  private func update(_ batch: TokenBatch) throws -> StepMetrics {
    var objective = settings.objective
    if let klController { objective.klCoefficient = klController.coefficient }
    let result = try objective.evaluate(batch)
    var metrics = result.metrics
    guard !result.isEmpty else {
      metrics["optimizer/skipped_empty"] = 1
      return metrics
    }
    // Every group ties and no other term acts: a gradient of zero, without the pass that finds it.
    guard result.dLogprob.contains(where: { $0 != 0 }) else {
      metrics["optimizer/skipped_tied"] = 1
      return metrics
    }
    policy.model.zeroGradients()
    metrics["policy/forward_gap"] = Double(try policy.gradients(batch, result))
    let norm = try GradientNorm(of: optimizer.parameters)
    let rate = schedule.rate(at: optimizer.step + 1)
    optimizer.update(
      learningRate: rate, gradientScale: norm.scale(limit: settings.optimizer.clipNorm))
    policy.model.refreshComputeCopy()
    metrics["optimizer/grad_norm"] = norm.value
    metrics["optimizer/learning_rate"] = rate
    if let kl = metrics[.referenceKL] {
      klController?.update(kl: kl, sequences: batch.sequenceCount)
    }
    return metrics
  }

  /// Samples and judges the step's groups; with dynamic sampling, until enough of them teach.
  private func collect(_ index: Int, _ metrics: inout StepMetrics) throws -> [RewardedGroup] {
    let wanted = settings.rollout.promptsPerStep
    var kept: [RewardedGroup] = []
    var sampled = 0
    var verdicts = VerdictMetrics()
    let dynamic = DynamicSampling(maximumRounds: settings.rollout.maximumRounds)
    for round in 1... {
      let batch = try prompts.prompts(from: promptsDrawn, count: wanted)
      promptsDrawn += wanted
      // Rounds of a step are steps of their own to the sampler: a prompt may come up again.
      let groups = try engine.sample(
        batch, samples: 0..<settings.rollout.groupSize, settings: settings.rollout.sampling,
        step: index << 10 | (round - 1))
      let scored = verifiers.score(groups)
      verdicts.add(scored.metrics)
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
    metrics["rollout/groups_sampled"] = Double(sampled)
    return shaped(Array(kept.prefix(wanted)))
  }

  /// Adds the penalty of completions that come close to the length limit.
  private func shaped(_ groups: [RewardedGroup]) -> [RewardedGroup] {
    guard let overlong else { return groups }
    return groups.map { rewarded in
      var rewarded = rewarded
      for (sample, trajectory) in rewarded.group.trajectories.enumerated() {
        rewarded.judgements[sample].reward? += Float(
          overlong.penalty(length: trajectory.tokens.count))
      }
      return rewarded
    }
  }

  /// Part `part` of the rollout: whole groups, dealt in order.
  private func minibatch(_ part: Int, of batch: TokenBatch, _ groupCount: Int) -> TokenBatch {
    guard settings.updates.minibatches > 1 else { return batch }
    let parts = settings.updates.minibatches
    let groups = groupCount * part / parts..<groupCount * (part + 1) / parts
    let sequences = batch.groups.indices.filter { groups.contains(batch.groups[$0]) }
    return batch.sequences((sequences.first ?? 0)..<(sequences.last.map { $0 + 1 } ?? 0))
  }
}

extension GRPOTrainer: Trainer {
  public var model: Transformer { policy.model }

  public var state: JSONLiteral {
    [
      "prompts_drawn": .int(promptsDrawn),
      "kl_coefficient": klController.map { .double($0.coefficient) } ?? .null,
    ]
  }

  public func restore(_ state: JSON) throws {
    promptsDrawn = try state["prompts_drawn"].requireCount()
    if let controller = klController, let coefficient = state["kl_coefficient"].double {
      klController = AdaptiveKL(
        coefficient: coefficient, target: controller.target, horizon: controller.horizon)
    }
  }
}
