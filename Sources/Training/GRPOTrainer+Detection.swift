import Detectors
import EntropyControl
import Metrics
import Models
import Objectives
import Optimizers
import Rollouts
import Trajectories

/// What detectors are shown of a step, and what becomes of it.
extension GRPOTrainer {
  /// Everything that watches the rows which tokens are drawn from; detectors stand behind the
  /// interventions.
  func observers(step: Int) -> [any RowObserver] {
    interventions.observers
      + watch.detectors.watchers(ofRowsIn: step).map { watch.detectors.members[$0].observer }
  }

  /// Shows the rollout, and takes out of it what is to be dropped.
  func watchRollout(_ report: inout StepReport, _ batch: inout TokenBatch) throws {
    if watch.detectors.members.contains(where: \.detector.needs.attention) {
      watch.probe.fill(from: batch)
    }
    let done = try watch.look(.rollout, step: report.step) { needs, place in
      var observation = observation(.rollout, step: report.step, report.metrics)
      observation.show(batch, needs, rows: rows(of: place, in: batch, step: report.step)) {
        objective.coefficients(batch)
      }
      if needs.outcomes { observation.outcomes = Outcomes(report.groups, verifiers?.labels ?? []) }
      return observation
    }
    guard case .dropSequences(let dropped) = done else { return }
    for sequence in dropped.indices where dropped[sequence] {
      for t in batch.range(sequence) { batch.mask[t] = 0 }
    }
    report.batch = batch
    report.metrics["detector/dropped"] = Double(dropped.count { $0 })
  }

  /// Room for the logits that detectors ask for: of trained tokens spread evenly over the sequences
  /// that the update teaches.
  func logitRows(
    _ batch: TokenBatch, _ result: ObjectiveResult, _ prepared: PreparedStep, step: Int
  ) -> LogitRows? {
    let wanted = needs(ofUpdateIn: step).filter(\.logits).map(\.rows).max() ?? 0
    guard wanted > 0 else { return nil }
    let tokens = policy.taught(batch, result, prepared).flatMap { sequence in
      batch.range(sequence).filter { batch.mask[$0] != 0 }
    }
    return LogitRows(tokens.spread(wanted), columns: model.allowedIds)
  }

  /// What those ask for who look at the gradients or the update.
  private func needs(ofUpdateIn step: Int) -> [DetectorNeeds] {
    [DetectionEvent.gradients, .update].flatMap { watch.needs(at: $0, step: step) }
  }

  /// What there is to see of an update.
  ///
  /// - Parameter logits: what ``logitRows(_:_:_:step:)`` gave, filled.
  func sight(_ batch: TokenBatch, _ logits: LogitRows?, step: Int) -> UpdateSight {
    UpdateSight(
      batch, policy: policy, optimizer: optimizer, logits: logits,
      rows: needs(ofUpdateIn: step).map(\.rows).max() ?? 0)
  }

  /// Of each tensor, where detectors are to see figures of the gradients: the pass that makes them
  /// is the norm's too.
  func gradientSquares(_ sight: UpdateSight, step: Int) -> [Double]? {
    let needs = watch.needs(at: .gradients, step: step).first(where: \.norms)
    return needs.flatMap { needs in watch.clocked { sight.gradientSquares(needs) } }
  }

  /// Moves the weights by the gradients, unless a detector keeps them where they are.
  ///
  /// - Parameters:
  ///   - known: what is known of the step so far.
  /// - Throws: ``HeldUpdate`` where the update is not to be: weights, moments and interventions are
  ///   then as before it.
  func move(
    _ batch: TokenBatch, _ position: StepPosition, coefficients: [Float], _ norm: GradientNorm,
    _ sight: UpdateSight, knowing known: StepMetrics, _ metrics: inout StepMetrics
  ) throws {
    let step = position.rollout
    metrics["optimizer/grad_norm"] = norm.value
    func look(_ event: DetectionEvent) throws -> DetectorAction {
      try watch.look(event, step: step) { needs, place in
        var known = known
        known.merge(metrics)
        var observation = observation(event, step: step, known)
        observation.update = position.update
        if event == .update { observation.adamUpdates -= 1 }
        observation.tensors = sight.tensors(needs)
        observation.logits = sight.logits(needs)
        guard event == .gradients else { return observation }
        observation.show(batch, needs, rows: rows(of: place, in: batch, step: step)) {
          coefficients
        }
        return observation
      }
    }
    func held() -> HeldUpdate {
      metrics["optimizer/skipped_detector"] = 1
      return HeldUpdate(metrics: metrics)
    }

    var share = watch.share
    switch try look(.gradients) {
    case .skipStep, .rollBack, .stop: throw held()
    case .shorten(let factor): share *= factor
    case .none, .warn, .scaleRate, .dropSequences: break
    }
    let rate = learningRate(step: step)
    metrics["optimizer/learning_rate"] = rate
    let scale = norm.scale(limit: settings.optimizer.clipNorm)
    guard watch.looks(at: .update, step: step) || share < 1 else {
      optimizer.update(learningRate: rate, gradientScale: scale)
      return policy.model.refreshComputeCopy()
    }
    let memory = watch.detectors.maySkipUpdate(step: step) ? optimizer.memory : nil
    sight.isMade(norms: optimizer.updateKeeping(learningRate: rate, gradientScale: scale))
    switch try look(.update) {
    case .skipStep, .rollBack, .stop:
      optimizer.undo(to: memory!)  // whoever decides that may, and so there is one
      policy.model.refreshComputeCopy()
      throw held()
    case .shorten(let factor): share *= factor
    case .none, .warn, .scaleRate, .dropSequences: break
    }
    if share < 1 {
      optimizer.shorten(to: share)
      metrics["detector/shortened"] = share
    }
    policy.model.refreshComputeCopy()
  }

  /// Shows the step with all of its metrics, and goes back where that was decided.
  func watchStep(_ report: inout StepReport) throws {
    guard !watch.detectors.isEmpty else { return }
    let scale = watch.ledger.rateScale(at: report.step)
    if scale < 1 { report.metrics["detector/rate_scale"] = scale }
    try look(.step, step: report.step, metrics: report.metrics)
    if watch.action.kind < .rollBack { try watch.keepState(self, step: report.step) }
    watch.report(into: &report.metrics)
  }

  /// A loss or gradient that is not finite, which no detector has to find: it may still say that
  /// the run goes back.
  func watchRefused(_ refused: RefusedStep) throws {
    try look(.step, step: refused.step, metrics: ["optimizer/refused": 1])
  }

  public func look(_ event: DetectionEvent, step: Int, metrics: StepMetrics) throws {
    let model = model
    var heads: [AttentionHead]?
    let sight = UpdateSight(.none, policy: policy, optimizer: optimizer, logits: nil, rows: 0)
    _ = try watch.look(event, step: step) { needs, place in
      var observation = observation(event, step: step, metrics)
      if event == .step, needs.attention {
        heads = heads ?? watch.probe.heads(of: model)
        observation.heads = heads!
      }
      if event == .checkpoint, needs.views { observation.tensors = sight.weights }
      return observation
    }
    try watch.carryOut(self, step: step, prompts: promptsBefore..<max(promptsBefore, promptsDrawn))
  }

  /// Of the next update.
  private func learningRate(step: Int) -> Double {
    schedule.rate(at: optimizer.step + 1) * watch.ledger.rateScale(at: step) * fault.rate(step)
  }

  private func observation(
    _ event: DetectionEvent, step: Int, _ metrics: StepMetrics
  ) -> Observation {
    var observation = Observation(event, step: step, totalSteps: settings.steps)
    observation.temperature = Double(settings.rollout.sampling.temperature)
    observation.learningRate = learningRate(step: step)
    observation.clipNorm = settings.optimizer.clipNorm
    observation.adamEpsilon = settings.optimizer.adamW.epsilon
    observation.adamUpdates = optimizer.step
    observation.metrics = metrics
    return observation
  }

  /// What the detector at `place` noted of the rows.
  private func rows(of place: Int, in batch: TokenBatch, step: Int) -> ObservedRows? {
    guard let index = watch.detectors.watchers(ofRowsIn: step).firstIndex(of: place) else {
      return nil
    }
    let column = interventions.observers.count + index
    return column < batch.observed.count ? batch.observed[column] : nil
  }
}

/// An update that a detector has kept from happening.
struct HeldUpdate: Error {
  /// What had been measured until then.
  let metrics: StepMetrics
}

extension Observation {
  /// Columns of a batch, where they are asked for.
  fileprivate mutating func show(
    _ batch: TokenBatch, _ needs: DetectorNeeds, rows: ObservedRows?, coefficients: () -> [Float]
  ) {
    guard needs.tokens else { return }
    tokens = batch
    self.coefficients = coefficients()
    observed = rows
  }
}

extension TokenBatch {
  /// No tokens.
  static var none: TokenBatch { TokenBatch(prompts: [], completions: []) }
}

extension Outcomes {
  /// - Parameter labels: of the verifiers whose rewards were added up.
  init(_ groups: [RewardedGroup], _ labels: [String]) {
    let trajectories = groups.flatMap(\.group.trajectories)
    let judgements = groups.flatMap(\.judgements)
    self.init(
      groups: groups.enumerated().flatMap { index, group in
        Array(repeating: index, count: group.judgements.count)
      },
      rewards: judgements.map(\.reward), verdicts: judgements.map(\.verdict),
      truncated: trajectories.map(\.isTruncated),
      lengths: trajectories.map(\.length), texts: trajectories.map(\.text),
      components: labels.count < 2
        ? []
        : labels.enumerated().map { index, name in
          (name, judgements.map { $0.parts.isEmpty ? .nan : $0.parts[index] })
        })
  }
}

extension RolloutError {
  /// Weights that no token can be drawn from.
  var isNotFinite: Bool {
    if case .notFinite = self { return true }
    return false
  }
}
