import Testing
import Trajectories

@testable import Objectives

/// Two groups of two completions; the third completion's verifier failed.
private func groups() -> [RewardedGroup] {
  (0..<2).map { g in
    let prompt = Prompt(id: "\(g)", index: g, tokens: [1, 2], text: "", row: "{}")
    let trajectories = (0..<2).map { sample in
      Trajectory(
        sample: sample, tokens: [3, 4, 5], behaviourLogprobs: [-1, -0.5, -2],
        oldLogprobs: [-1, -0.5, -2], entropies: [1, 0.5, 1.5],
        stop: sample == 0 ? .endToken : .length)
    }
    let judgements: [Judgement] = [
      g == 1 ? .failed("no tool") : Judgement(.right, reward: 1), Judgement(.wrong, reward: 0),
    ]
    return RewardedGroup(
      group: TrajectoryGroup(prompt: prompt, trajectories: trajectories), judgements: judgements)
  }
}

private func batch() -> TokenBatch {
  let groups = groups()
  return TokenBatch(
    packing: groups,
    advantages: AdvantageEstimator.standardized.advantages(of: groups.map(\.rewards)))
}

@Test func theFirstUpdateHasRatiosOfOneAndTheAdvantagesSlope() throws {
  let result = try PolicyObjective().evaluate(batch())
  // Nine trained tokens; the second group has one reward left, and with it no advantage.
  let slope = Float(0.5 / (0.5.squareRoot() + 1e-4) / 9)
  #expect(result.dLogprob == [-slope, -slope, -slope, slope, slope, slope, 0, 0, 0, 0, 0, 0])
  #expect(result.dEntropy.count == 12 && result.dEntropy.allSatisfy { $0 == 0 })
  #expect(abs(result.loss) < 1e-15)
  #expect(result.metrics[.policyEntropy] == 1)
  #expect(result.metrics[.maximumLogRatio] == 0)
  #expect(result.metrics[.clipFractionHigh] == 0)
  #expect(result.metrics[.trainedTokens] == 9)
  #expect(result.metrics[.referenceKL] == nil)
  #expect(!result.isEmpty)
}

@Test func diagnosticsCountBothSidesApart() throws {
  var batch = batch()
  batch.logprobs = batch.oldLogprobs
  batch.logprobs[0] += 0.5  // A > 0, above 1.28
  batch.logprobs[1] -= 0.5  // A > 0, below: not clipped
  batch.logprobs[3] -= 0.5  // A < 0, below 0.8
  batch.logprobs[4] += 1.5  // A < 0, far above: the dual clip's
  var objective = PolicyObjective()
  objective.dualClip = 3
  let metrics = try objective.evaluate(batch).metrics
  #expect(metrics[.clipFractionHigh] == 1 / 9.0)
  #expect(metrics[.clipFractionLow] == 1 / 9.0)
  #expect(metrics[.dualClipFraction] == 1 / 9.0)
  #expect(metrics[.maximumLogRatio] == 1.5)
  #expect(abs(metrics[.approximateKL]! + 1 / 9.0) < 1e-12)
}

@Test func piecesOfAStepMergeToItsDiagnostics() throws {
  var batch = batch()
  batch.referenceLogprobs = batch.oldLogprobs.map { $0 - 0.25 }
  for t in 0..<batch.count { batch.logprobs[t] += Float(t) / 16 }
  var objective = PolicyObjective()
  objective.klCoefficient = 0.1
  let whole = try objective.evaluate(batch)
  let denominators = StepDenominators(of: batch)
  var merged = ObjectiveDiagnostics()
  var slopes: [Float] = []
  for s in 0..<batch.sequenceCount {
    let part = try objective.evaluate(batch.sequences(s..<s + 1), denominators: denominators)
    merged.merge(part.diagnostics)
    slopes += part.dLogprob
    if s == 2 { #expect(part.isEmpty && part.loss == 0) }
  }
  #expect(slopes == whole.dLogprob)
  #expect(merged.metrics.names == whole.metrics.names)
  for (name, value) in whole.metrics {
    #expect(abs(merged.metrics[name]! - value) <= 1e-14, "\(name)")
  }
}

@Test func aFullyMaskedBatchIsEmptyAndZero() throws {
  var batch = batch()
  batch.mask = batch.mask.map { _ in 0 }
  batch.logprobs[2] = .nan  // not read
  let result = try PolicyObjective().evaluate(batch)
  #expect(result.isEmpty && result.loss == 0)
  #expect(result.dLogprob.allSatisfy { $0 == 0 })
  #expect(StepDenominators(of: batch).tokens == 0)
  #expect(result.metrics.allSatisfy { $0.value.isFinite })
}

@Test func aNumberThatIsNoneIsRefusedByItsPlace() throws {
  var batch = batch()
  batch.logprobs[4] = .infinity
  #expect(
    throws: ObjectiveError.nonFinite(
      column: "log-probability", value: .infinity, sequence: 1, token: 1)
  ) { try PolicyObjective().evaluate(batch) }
}

@Test func overlongCompletionsLeaveTheLossButNotTheirGroup() {
  var batch = batch()
  #expect(batch.maskOverlong(in: groups()) == 2)
  #expect(batch.mask == [1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0])
  #expect(batch.advantages[0] > 0)
}

@Test func presetsAreThoseOfTheirPapers() throws {
  let plain = PolicyObjective()
  #expect(ObjectivePreset.dapo.objective == plain)
  #expect(plain.clipLow == 0.2 && plain.clipHigh == 0.28 && plain.aggregation == .tokenMean)
  #expect(plain.klCoefficient == 0 && plain.dualClip == nil && !plain.needsReference)
  #expect(ObjectivePreset.grpo.objective.aggregation == .seqMeanTokenMean)
  #expect(ObjectivePreset.grpo.objective.clipHigh == 0.2)
  #expect(ObjectivePreset.drGRPO.advantages == .centered)
  #expect(ObjectivePreset.dapo.usesDynamicSampling && !ObjectivePreset.grpo.usesDynamicSampling)
  #expect(ObjectivePreset.gspo.objective.ratio == .sequenceMean)
  #expect(ObjectivePreset.gspo.objective.clipLow == 3e-4)
  #expect(ObjectivePreset.cispo.objective.surrogate == .cispo)
  let rloo = ObjectivePreset.rloo.objective
  #expect(rloo.ratio == .sequenceProduct && rloo.clipHigh == 0.2 && rloo.klCoefficient == 0.05)
  #expect(rloo.klPlacement == .reward && rloo.klEstimator == .k1 && rloo.needsReference)
  #expect(ObjectivePreset.rloo.advantages == .leaveOneOut)
  #expect(!ObjectivePreset.reinforcePlusPlus.objective.needsReference)
  #expect(!ObjectivePreset.dapo.objective.replacesBase)
  for preset in [ObjectivePreset.gspo, .cispo, .rloo] { #expect(preset.objective.replacesBase) }
  for preset in ObjectivePreset.allCases where preset != .drGRPO { try preset.objective.validate() }
}

@Test func settingsOutOfRangeAreRefusedByTheirKey() throws {
  func key(_ change: (inout PolicyObjective) -> Void) -> String? {
    var objective = ObjectivePreset.dapo.objective
    change(&objective)
    do {
      try objective.validate()
    } catch {
      if case .setting(let key, _, _) = error { return key }
    }
    return nil
  }
  #expect(key { $0.clipLow = 1.5 } == "objective.clip_low")
  #expect(key { $0.clipHigh = -0.1 } == "objective.clip_high")
  #expect(key { $0.clipHigh = .nan } == "objective.clip_high")
  #expect(key { $0.dualClip = 1 } == "objective.dual_clip")
  #expect(key { $0.klCoefficient = -1 } == "objective.kl_coefficient")
  #expect(key { $0.aggregation = .sumNorm } == "objective.norm")
  #expect(
    key {
      $0.aggregation = .seqMeanSumNorm
      $0.norm = 0
    } == "objective.norm")
  #expect(key { $0.delta = 1 } == "objective.delta")
  #expect(key { $0.mismatch.maximum = 0 } == "objective.mismatch_max")
  #expect(key { $0.mismatch.minimum = 3 } == "objective.mismatch_min")
  #expect(key { _ in } == nil)
}

@Test func settingsThatContradictEachOtherAreRefused() {
  func key(_ change: (inout PolicyObjective) -> Void) -> String? {
    var objective = ObjectivePreset.cispo.objective
    change(&objective)
    do {
      try objective.validate()
    } catch {
      if case .setting(let key, _, _) = error { return key }
    }
    return nil
  }
  #expect(key { _ in } == nil)
  #expect(key { $0.ratio = .sequenceMean } == "objective.ratio")
  #expect(key { $0.dualClip = 3 } == "objective.dual_clip")
  #expect(key { $0.delta = 6 } == "objective.delta")

  var advantages = AdvantageScheme()
  advantages.discount = 0.9
  #expect(throws: ObjectiveError.self) { try advantages.validate() }
  advantages.estimator = .reinforcePlusPlus
  #expect(throws: Never.self) { try advantages.validate() }
  advantages.deviationFloor = 0.1
  #expect(throws: ObjectiveError.self) { try advantages.validate() }
}
