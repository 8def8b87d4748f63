import Testing

@testable import Objectives

/// Every setting whose derivative takes another path.
private let objectives: [PolicyObjective] = {
  var all: [PolicyObjective] = []
  for aggregation in Aggregation.allCases {
    var objective = PolicyObjective()
    objective.aggregation = aggregation
    objective.norm = 7
    all.append(objective)
  }
  for estimator in KLEstimator.allCases where ![.k1Straight, .k3Straight].contains(estimator) {
    var objective = PolicyObjective()
    objective.klCoefficient = 0.3
    objective.klEstimator = estimator
    all.append(objective)
  }
  var dual = PolicyObjective()
  dual.dualClip = 1.1
  dual.clipLow = 0.1
  all.append(dual)
  var twoSided = PolicyObjective()
  twoSided.delta = 1.4
  all.append(twoSided)
  for ratio in [ImportanceRatio.sequenceMean, .sequenceProduct] {
    for mode in [MismatchCorrection.Mode.none, .tokenTruncate] {
      var sequences = PolicyObjective()
      sequences.ratio = ratio
      (sequences.clipLow, sequences.clipHigh) = (0.05, 0.05)
      sequences.aggregation = .seqMeanTokenMean
      sequences.klCoefficient = 0.2
      sequences.mismatch.mode = mode
      sequences.mismatch.maximum = 1.2
      all.append(sequences)
    }
  }
  for mode in MismatchCorrection.Mode.allCases {
    var weighted = PolicyObjective()
    weighted.mismatch.mode = mode
    (weighted.mismatch.minimum, weighted.mismatch.maximum) = (0.8, 1.3)
    all.append(weighted)
  }
  return all
}()

@Test(arguments: objectives, [1.0, 0.7])
func gradientMatchesCentralDifferences(_ objective: PolicyObjective, temperature: Double) {
  let fixture = Fixture(lengths: [4, 7, 1, 6], seed: 11, temperature: temperature)
  let gradient = fixture.gradient(objective)
  let step = 1e-6
  var numeric: [Double] = []
  for t in fixture.logits.indices {
    for v in fixture.logits[t].indices {
      var (below, above) = (fixture.logits, fixture.logits)
      below[t][v] -= step
      above[t][v] += step
      numeric.append(
        (fixture.loss(objective, at: above) - fixture.loss(objective, at: below)) / (2 * step))
    }
  }
  // Central differences are exact to about 1e-16 / 1e-6 of a loss of order one.
  #expect(distance(gradient.flatMap(\.self), numeric) < 1e-7)
}

@Test func theFixtureMeetsEveryBranch() {
  var objective = PolicyObjective()
  objective.dualClip = 1.1
  let columns = Fixture(lengths: [4, 7, 1, 6], seed: 11).columns
  let terms = objective.terms(
    columns, denominators: StepDenominators(offsets: columns.offsets, mask: columns.mask))
  let trained = columns.mask.indices.filter { columns.mask[$0] == 1 }
  #expect(trained.contains { terms.isClipped[$0] && columns.advantages[$0] > 0 })
  #expect(trained.contains { terms.isClipped[$0] && columns.advantages[$0] < 0 })
  #expect(trained.contains { terms.isDualClipped[$0] })
  #expect(trained.contains { terms.slope[$0] != 0 })
  #expect(trained.count < columns.count)
}

@Test(arguments: [ImportanceRatio.sequenceMean, .sequenceProduct])
func theFixtureHasSequencesOnBothSidesOfTheBounds(_ ratio: ImportanceRatio) {
  var objective = PolicyObjective()
  objective.ratio = ratio
  (objective.clipLow, objective.clipHigh) = (0.05, 0.05)
  let columns = Fixture(lengths: [4, 7, 1, 6], seed: 11).columns
  let terms = objective.terms(
    columns, denominators: StepDenominators(offsets: columns.offsets, mask: columns.mask))
  #expect(terms.isClipped.contains(true) && terms.slope.contains { $0 != 0 })
}

@Test func cispoIsTheGradientOfAWeightedLogLikelihood() {
  var objective = PolicyObjective()
  objective.surrogate = .cispo
  let fixture = Fixture(lengths: [4, 7, 1, 6], seed: 11)
  let columns = fixture.columns
  let terms = objective.terms(
    columns, denominators: StepDenominators(offsets: columns.offsets, mask: columns.mask))
  for t in columns.mask.indices where columns.mask[t] != 0 {
    let weight = min(max(terms.ratio[t], 0.8), 1.28)
    #expect(abs(terms.slope[t] + weight * columns.advantages[t]) < 1e-15)
    #expect(abs(terms.loss[t] - terms.slope[t] * columns.logprobs[t]) < 1e-15)
    #expect(terms.isClipped[t] == (weight != terms.ratio[t]))
  }
  #expect(terms.isClipped.contains(true))
}

@Test func theTwoSidedBoundHoldsTheLossWhereTheAdvantageIsNegative() {
  let surrogate = Surrogate(
    form: .clip, low: 0.2, high: 0.2, dualClip: .infinity, delta: 1.5, logRatioBounds: -20...20)
  let far = surrogate(logRatio: 3, logprob: -1, advantage: -0.5)
  #expect(far.loss == 0.75 && far.slope == 0 && !far.isClipped && far.ratio > 20)
  let near = surrogate(logRatio: 0.25, logprob: -1, advantage: -0.5)
  #expect(near.slope == near.loss && near.slope > 0.6)
}

@Test func aSequencesMeanRatioIsHeldAtTenNats() {
  var objective = ObjectivePreset.gspo.objective
  objective.clipHigh = 1e9
  let columns = TokenColumns(
    offsets: [0, 2], mask: [1, 1], advantages: [-1, -1], logprobs: [-1, -2],
    oldLogprobs: [-11, -14])
  let terms = objective.terms(
    columns, denominators: StepDenominators(offsets: columns.offsets, mask: columns.mask))
  #expect(abs(terms.ratio[0] - 22026.465794806718) < 1e-6 && terms.slope == [0, 0])
}

@Test func straightThroughEstimatorsHaveTheSlopeOfK2() {
  for x in [-1.5, 0, 0.4, 25] {
    let slope = KLEstimator.k2.estimate(x).slope
    #expect(KLEstimator.k1Straight.estimate(x) == (KLEstimator.k1.estimate(x).value, slope))
    #expect(KLEstimator.k3Straight.estimate(x) == (KLEstimator.k3.estimate(x).value, slope))
  }
}

@Test func k3HasNoSlopeWhereItIsHeld() {
  #expect(KLEstimator.k3.estimate(-3) == (10, 0))  // exp(3) - 4 is above 10
  #expect(KLEstimator.k3.estimate(15) == (10, 0))
  #expect(KLEstimator.k3.estimate(-25) == (10, 0))
  #expect(KLEstimator.k3.estimate(25) == (10, 0))
  #expect(KLEstimator.k3.estimate(2).slope > 0)
}

@Test func aRatioBeyondTwentyNatsHasNoSlope() {
  let surrogate = Surrogate(
    form: .clip, low: 0.2, high: 0.28, dualClip: .infinity, delta: .infinity,
    logRatioBounds: -20...20)
  let value = surrogate(logRatio: 21, logprob: -1, advantage: -1)
  #expect(value.slope == 0 && value.loss == value.ratio && value.ratio.isFinite)
  #expect(surrogate(logRatio: -.infinity, logprob: -1, advantage: 1).slope == 0)
  #expect(surrogate(logRatio: .nan, logprob: -1, advantage: 1).loss.isNaN)
}

@Test func gradientRowsSumToZeroAndMaskedRowsAreZero() {
  var objective = PolicyObjective()
  objective.klCoefficient = 0.1
  let fixture = Fixture(lengths: [5, 9, 3], seed: 3)
  for (t, row) in fixture.gradient(objective).enumerated() {
    #expect(abs(row.reduce(0, +)) < 1e-12)
    if fixture.columns.mask[t] == 0 { #expect(row.allSatisfy { $0 == 0 }) }
  }
}

@Test func theEntropySlopeMatchesCentralDifferences() {
  let logits = [0.3, -1.2, 2.0, 0.1]
  let analytic = TokenDistribution(logits: logits, temperature: 0.7)
    .dLogits(token: 1, dLogprob: 0, dEntropy: 1)
  let numeric = logits.indices.map { v in
    var (below, above) = (logits, logits)
    below[v] -= 1e-6
    above[v] += 1e-6
    return
      (TokenDistribution(logits: above, temperature: 0.7).entropy
      - TokenDistribution(logits: below, temperature: 0.7).entropy) / 2e-6
  }
  #expect(distance(analytic, numeric) < 1e-8)
}

@Test func aConstantAddedToTheLogitsChangesNothing() {
  let row = [0.5, -0.25, 1.75, 0]
  let shifted = TokenDistribution(logits: row.map { $0 + 1024 })
  #expect(distance(shifted.logprobs, TokenDistribution(logits: row).logprobs) < 1e-13)
}

@Test func aTokenWithoutProbabilityHasAFiniteGradient() {
  let row = TokenDistribution<Double>(logits: [0, -.infinity, 1000, 1])
  #expect(row.entropy == 0)
  #expect(row.dLogits(token: 0, dLogprob: 1, dEntropy: 1).allSatisfy { $0.isFinite })
}

/// The running example of two sequences of two tokens over four symbols.
@Test func theRunningExampleHasItsLossAndGradient() {
  var fixture = Fixture(lengths: [2, 2], vocabulary: 4)
  fixture.logits = [[2, 1, 0, -1], [0.5, 0.4, 0.3, 0.2], [0, 1.5, -0.5, 0.5], [1, -2, 0.5, 0]]
  fixture.tokens = [0, 2, 1, 1]
  let old = [
    [1.8, 1.1, 0.1, -1], [0.5, 0.5, 0.2, 0.2], [0.2, 1.2, -0.4, 0.5], [1, -1.5, 0.5, 0.1],
  ]
  fixture.columns.mask = [1, 1, 1, 1]
  fixture.columns.advantages = [1, 1, -1, -1]
  fixture.columns.oldLogprobs = zip(old, fixture.tokens).map {
    TokenDistribution(logits: $0).logprobs[$1]
  }
  fixture.columns.referenceLogprobs = fixture.columns.oldLogprobs
  fixture.columns = fixture.columns(at: fixture.logits)

  var objective = PolicyObjective()
  #expect(abs(fixture.loss(objective, at: fixture.logits) + 0.058544516) < 1e-9)
  let gradient = fixture.gradient(objective)
  #expect(distance(gradient[0], [-0.099745, 0.066355, 0.024410, 0.008980]) < 1e-5)
  #expect(distance(gradient[1], [0.080149, 0.072522, -0.212048, 0.059376]) < 1e-5)
  #expect(gradient[3].allSatisfy { $0 == 0 })  // A < 0 and the ratio 0.628 is below 0.8

  var gspo = ObjectivePreset.gspo.objective
  (gspo.clipLow, gspo.clipHigh) = (0.2, 0.2)
  #expect(abs(fixture.loss(gspo, at: fixture.logits) + 0.124346924) < 1e-9)
  let ofSequences = fixture.gradient(gspo)[3]
  #expect(distance(ofSequences, [-0.107063, 0.211385, -0.064937, -0.039386]) < 1e-5)

  var cispo = PolicyObjective()
  cispo.surrogate = .cispo
  #expect(abs(fixture.loss(cispo, at: fixture.logits) + 0.380570694) < 1e-9)
  let unsilenced = fixture.gradient(cispo)[3]
  #expect(distance(unsilenced, [-0.098805, 0.195081, -0.059928, -0.036348]) < 1e-5)

  objective.klCoefficient = 0.1
  #expect(abs(fixture.loss(objective, at: fixture.logits) + 0.054691651) < 1e-9)
  let regularised = fixture.gradient(objective)[3]
  #expect(distance(regularised, [0.007322, -0.014457, 0.004441, 0.002694]) < 1e-4)
}
