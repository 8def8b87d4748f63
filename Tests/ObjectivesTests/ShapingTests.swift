import Testing
import Trajectories

@testable import Objectives

/// Two sequences of two trained tokens and a masked one, ratios on both sides of 1.
private func batch() -> TokenBatch {
  var batch = TokenBatch(prompts: [[1], [1]], completions: [[3, 4, 5], [3, 4, 5]])
  batch.mask = [1, 1, 0, 1, 1, 0]
  batch.advantages = [1, 1, 1, -0.5, -0.5, -0.5]
  batch.oldLogprobs = [-1, -1, -1, -2, -2, -2]
  batch.logprobs = [-0.5, -1.25, -1, -2.5, -1.75, -2]
  batch.referenceLogprobs = [-1, -1, -1, -1, -1, -1]
  batch.entropies = [1, 0.5, 2, 0.25, 1.5, 2]
  return batch
}

private var objective: PolicyObjective {
  var objective = PolicyObjective()
  objective.klCoefficient = 0.1
  objective.dualClip = 3
  return objective
}

@Test func theRunsOwnShapingChangesNoBit() throws {
  let batch = batch()
  let plain = try objective.evaluate(batch)
  let shaped = try objective.evaluate(
    batch, shaping: objective.shaping(count: batch.count),
    additions: TokenAdditions(count: batch.count))
  #expect(shaped.loss.bitPattern == plain.loss.bitPattern)
  #expect(shaped.dLogprob.map(\.bitPattern) == plain.dLogprob.map(\.bitPattern))
  #expect(shaped.dEntropy == plain.dEntropy && shaped.diagnostics == plain.diagnostics)
}

@Test func coefficientsAreThoseThatTheLossUses() throws {
  let batch = batch()
  #expect(objective.coefficients(batch) == [0.25, 0.25, 0, 0.25, 0.25, 0])
}

@Test func weightsMultiplyTheSurrogateAlone() throws {
  let batch = batch()
  var shaping = objective.shaping(count: batch.count)
  shaping.weights = Array(repeating: 0, count: batch.count)
  let result = try objective.evaluate(batch, shaping: shaping)
  // k3 at x = 0.5, -0.25, -1.5, -0.75.
  let divergences = [0.5, -0.25, -1.5, -0.75].map { KLEstimator.k3.estimate($0) }
  let loss = divergences.reduce(0) { $0 + 0.25 * 0.1 * $1.value }
  #expect(abs(result.loss - loss) < 1e-15)
  #expect(abs(result.dLogprob[3] - Float(0.025 * divergences[2].slope)) < 1e-9)
  #expect(result.metrics[.surrogateWeight] == 0)
  #expect(try objective.evaluate(batch).metrics[.surrogateWeight] == nil)
}

@Test func everyTokenHasItsOwnBounds() throws {
  var batch = batch()
  batch.referenceLogprobs = nil
  var plain = PolicyObjective()
  plain.dualClip = 1.1
  let run = try plain.evaluate(batch)
  // Token 0 is above 1.28 with A > 0, token 3 below 0.8 and token 4 above 1.1 with A < 0.
  #expect(run.metrics[.clipFractionHigh] == 0.25 && run.metrics[.clipFractionLow] == 0.25)
  #expect(run.metrics[.dualClipFraction] == 0.25)
  #expect(run.dLogprob[0] == 0 && run.dLogprob[3] == 0 && run.dLogprob[4] == 0)

  var shaping = plain.shaping(count: batch.count)
  shaping.clipHigh[0] = .infinity
  shaping.clipLow[3] = 1
  shaping.dualClip[4] = .infinity
  let opened = try plain.evaluate(batch, shaping: shaping)
  #expect(opened.metrics[.clipFractionHigh] == 0 && opened.metrics[.clipFractionLow] == 0)
  #expect(opened.metrics[.dualClipFraction] == 0)
  for t in [0, 3, 4] { #expect(opened.dLogprob[t] != 0, "token \(t)") }
  #expect(opened.dLogprob[1] == run.dLogprob[1])
}

@Test func theEntropyTermLowersTheLossByTheMeanEntropy() throws {
  let batch = batch()
  let plain = try objective.evaluate(batch)
  var shaping = objective.shaping(count: batch.count)
  shaping.entropyCoefficient = 0.5
  let result = try objective.evaluate(batch, shaping: shaping)
  #expect(abs(result.loss - (plain.loss - 0.5 * 3.25 / 4)) < 1e-15)
  #expect(result.dEntropy == [-0.125, -0.125, 0, -0.125, -0.125, 0])
  #expect(result.dLogprob == plain.dLogprob)
}

@Test func additionsAreInUnitsOfPhiAndMaskedTokensHaveNone() throws {
  let batch = batch()
  let plain = try objective.evaluate(batch)
  var additions = TokenAdditions(count: batch.count)
  for t in 0..<batch.count {
    (additions.phi[t], additions.dLogprob[t], additions.dEntropy[t]) = (1, 2, 3)
  }
  var shaping = objective.shaping(count: batch.count)
  shaping.scalarLoss = 10
  let result = try objective.evaluate(batch, shaping: shaping, additions: additions)
  #expect(abs(result.loss - (plain.loss + 1 + 10)) < 1e-14)
  #expect(result.metrics[.policyLoss] == result.loss)
  #expect(result.dEntropy == [0.75, 0.75, 0, 0.75, 0.75, 0])
  for t in 0..<batch.count {
    let expected = batch.mask[t] == 0 ? 0 : plain.dLogprob[t] + 0.5
    #expect(abs(result.dLogprob[t] - expected) < 1e-7)
  }
}

@Test func aScalarIsReportedThoughNoTokenIsTrained() throws {
  var batch = batch()
  batch.mask = batch.mask.map { _ in 0 }
  var shaping = objective.shaping(count: batch.count)
  shaping.scalarLoss = 0.5
  let result = try objective.evaluate(batch, shaping: shaping)
  #expect(result.isEmpty && result.loss == 0.5)
  #expect(result.dLogprob.allSatisfy { $0 == 0 } && result.dEntropy.allSatisfy { $0 == 0 })
}
