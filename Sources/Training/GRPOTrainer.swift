import Detectors
import EntropyControl
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
  /// Prompts `first..<first + count` of the sequence, each `copies` times in a row; copies put the
  /// same task in other words, where the source has them.
  func prompts(from first: Int, count: Int, copies: Int) throws -> [Prompt]
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
  public let interventions: InterventionSet
  /// What looks for trouble.
  public let watch: Watch
  /// How many prompts had been drawn when the step under way began.
  var promptsBefore = 0
  /// Nothing, but in tests.
  var fault = Fault()
  let form: FormReward?
  var unjudged = UnjudgedRounds()
  /// Spent in interventions during the step under way.
  var interventionSeconds = 0.0
  let reference: Policy?
  let engine: RolloutEngine
  let prompts: any PromptSource
  let verifiers: VerifierSet?
  let episodes: EpisodeSettings?
  let schedule: LearningRateSchedule
  let overlong: OverlongShaping?

  /// - Parameters:
  ///   - reference: needed where the objective has a KL coefficient, or an intervention asks.
  ///   - verifiers: who judges; an environment may do without.
  ///   - episodes: the world that completions are rollouts through; `nil` for one turn.
  ///   - interventions: what holds the policy's entropy.
  ///   - form: rewards completions for the form that their prompt's template asks for.
  ///   - optimizer: one of the policy's parameters, where trainers share it.
  ///   - klController: moves that coefficient, where it is to be moved.
  ///   - watch: what looks for trouble.
  /// - Throws: ``ObjectiveError/setting(key:value:remedy:)`` for a setting out of its range.
  public init(
    settings: GRPOSettings, policy: Policy, reference: Policy?, engine: RolloutEngine,
    prompts: any PromptSource, verifiers: VerifierSet?, episodes: EpisodeSettings? = nil,
    klController: AdaptiveKL? = nil, interventions: InterventionSet = .none,
    form: FormReward? = nil, optimizer: AdamW? = nil, watch: Watch = Watch(.none)
  ) throws(ObjectiveError) {
    try settings.objective.validate()
    try settings.advantages.validate()
    precondition(
      reference != nil || !(settings.objective.needsReference || interventions.needsReference),
      "a KL term, or an intervention that asks for it, without a reference")
    precondition(verifiers != nil || episodes != nil, "nobody judges the completions")
    self.settings = settings
    self.policy = policy
    self.reference = reference
    self.engine = engine
    self.prompts = prompts
    (self.verifiers, self.episodes) = (verifiers, episodes)
    self.klController = klController
    self.interventions = interventions
    self.watch = watch
    self.form = form
    overlong = try settings.reward.overlongBuffer.map { buffer throws(ObjectiveError) in
      try OverlongShaping(
        limit: episodes?.longestWriting(settings.rollout.sampling)
          ?? settings.rollout.sampling.maximumNewTokens,
        buffer: buffer,
        factor: settings.reward.overlongFactor)
    }
    self.optimizer =
      optimizer ?? AdamW(policy.slots, configuration: settings.optimizer.adamW)
    schedule = settings.optimizer.schedule(total: settings.steps * settings.updates.count)
  }

  /// One rollout and its updates, in the order of the papers.
  ///
  /// - Parameter index: the step, from 1.
  /// - Throws: ``RefusedStep`` where a loss or a gradient is not finite; weights and optimizer are
  ///   then as the last good update left them.
  public func step(_ index: Int) throws -> StepReport {
    watch.begin()
    try watch.keepFirstState(self, before: index)
    promptsBefore = promptsDrawn
    do {
      return try watchedStep(index)
    } catch let refused as RefusedStep {
      try watchRefused(refused)
      throw refused
    } catch let error as RolloutError where error.isNotFinite && watch.detectors.mayGoBack {
      let refused = RefusedStep(step: index, batch: .none, reason: "\(error)")
      try watchRefused(refused)
      // Weights that cannot be sampled from are no state to go on from.
      throw watch.wentBack == nil ? error : refused
    }
  }

  private func watchedStep(_ index: Int) throws -> StepReport {
    var report = StepReport(step: index)
    var watch = Stopwatch()
    let rowSeconds = model.rowSeconds
    interventionSeconds = 0
    let groups = try collect(index, &report.metrics)
    report.metrics["time/rollout"] = watch.lap()
    report.metrics["memory/rollout_mib"] = PeakMemory.lap()
    var batch = TokenBatch(packing: groups)
    if samplesApart {
      try rescore(&batch, step: index, &report.metrics)
      report.metrics["time/rescore"] = watch.lap()
    }
    if settings.reward.maskTruncated { batch.maskOverlong(in: groups) }
    if let reference {
      batch.referenceLogprobs = try refusing(index, batch) { try reference.score(batch).logprobs }
    }
    settings.advantages.assign(
      groups.map(\.rewards), penalties: objective.rewardPenalties(batch), to: &batch)
    report.groups = groups
    report.batch = batch
    report.metrics.merge(report.rolloutMetrics)

    try watchRollout(&report, &batch)
    var updates = UpdateMetrics()
    for update in 0..<settings.updates.count where self.watch.letsLearn {
      updates.add(try learn(from: batch, update, &report))
    }
    report.metrics.merge(updates.metrics)
    report.metrics["time/update"] = watch.lap()
    report.metrics["memory/update_mib"] = PeakMemory.lap()
    report.metrics["time/step"] = watch.total
    if !interventions.isEmpty {
      report.metrics["time/interventions"] = interventionSeconds
      report.metrics["time/rows"] = model.rowSeconds - rowSeconds
    }
    try watchStep(&report)
    return report
  }

  /// Update `update` of a rollout, from its part of it.
  private func learn(
    from rollout: TokenBatch, _ update: Int, _ report: inout StepReport
  ) throws -> StepMetrics {
    let sequences = minibatch(
      update % settings.updates.minibatches, of: rollout, report.groups.count)
    var batch = rollout.sequences(sequences)
    var metrics = StepMetrics()
    var kept: KeptPass?
    // Before the first update the sampler's columns are the current ones, to the bit.
    if update > 0 {
      let watch = Stopwatch()
      kept = try refusing(report.step, batch) {
        try policy.evaluate(
          &batch, observers: interventions.observers, teaching: teaching(batch))
      }
      metrics["time/prepare"] = watch.total
    }
    let position = settings.position(rollout: report.step, update: update)
    let known = report.metrics
    do {
      metrics.merge(
        try undoing {
          try refusing(report.step, batch) {
            try self.update(batch, position, kept, knowing: known)
          }
        })
    } catch let held as HeldUpdate {
      metrics.merge(held.metrics)
    }
    takeReports(&metrics, &report, first: rollout.offsets[sequences.lowerBound])
    return metrics
  }

  /// The run's, with the KL coefficient as it stands.
  var objective: PolicyObjective {
    var objective = settings.objective
    if let klController { objective.klCoefficient = klController.coefficient }
    return objective
  }

  /// One update of the weights: interventions, objective, gradient, clipping, AdamW.
  ///
  /// - Parameters:
  ///   - kept: a forward pass over the batch that the backward pass may go on from.
  ///   - known: what is known of the step so far.
  private func update(
    _ batch: TokenBatch, _ position: StepPosition, _ kept: KeptPass?, knowing known: StepMetrics
  ) throws -> StepMetrics {
    var batch = batch
    let objective = objective
    let (prepared, additions) = try intervene(position, &batch, objective)
    let result = try objective.evaluate(batch, shaping: prepared.shaping, additions: additions)
    var metrics = result.metrics
    guard !result.isEmpty else {
      metrics["optimizer/skipped_empty"] = 1
      return metrics
    }
    // Every group ties and no other term acts: a gradient of zero, without the pass that finds it.
    guard result.hasSlope || prepared.wantsRows else {
      metrics["optimizer/skipped_tied"] = 1
      return metrics
    }
    policy.model.zeroGradients()
    let logits = logitRows(batch, result, prepared, step: position.rollout)
    let found = try policy.gradients(batch, result, rows: prepared, reusing: kept, noting: logits)
    fault.gradients(position.rollout, optimizer.parameters)
    metrics[.policyLoss] = result.loss + found.rowLoss
    metrics["policy/forward_gap"] = Double(found.forwardGap)
    metrics["time/forward"] = found.forwardSeconds
    metrics["time/backward"] = found.backwardSeconds
    let watch = Stopwatch()
    let watching = self.watch.seconds
    let sight = sight(batch, logits, step: position.rollout)
    let norm = try GradientNorm(
      of: optimizer.parameters, known: gradientSquares(sight, step: position.rollout))
    try move(
      batch, position, coefficients: prepared.coefficients, norm, sight, knowing: known, &metrics)
    metrics["time/optimizer"] = watch.total - (self.watch.seconds - watching)
    if let kl = metrics[.referenceKL] {
      klController?.update(kl: kl, sequences: batch.sequenceCount)
    }
    return metrics
  }
}

extension ObjectiveResult {
  /// Whether any token pulls at the weights.
  fileprivate var hasSlope: Bool {
    dLogprob.contains { $0 != 0 } || dEntropy.contains { $0 != 0 }
  }
}
