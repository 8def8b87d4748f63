import Testing

@testable import Objectives

private func coefficients(
  _ aggregation: Aggregation, empty: EmptySequences = .exclude, mask: [UInt8]
) -> [Double] {
  var objective = PolicyObjective()
  objective.aggregation = aggregation
  objective.emptySequences = empty
  objective.norm = 5
  let offsets = [0, 3, 5, 6]
  return objective.coefficients(
    offsets: offsets, mask: mask,
    denominators: StepDenominators(offsets: offsets, mask: mask))
}

/// The coefficients with these denominators; 0 for no coefficient.
private func reciprocals(_ denominators: [Double]) -> [Double] {
  denominators.map { $0 == 0 ? 0 : 1 / $0 }
}

/// Three sequences with 2, 0 and 1 trained tokens.
private let mask: [UInt8] = [1, 0, 1, 0, 0, 1]

@Test func coefficientsAreThoseOfTheTable() {
  #expect(coefficients(.tokenMean, mask: mask) == reciprocals([3, 0, 3, 0, 0, 3]))
  #expect(coefficients(.seqMeanTokenMean, mask: mask) == reciprocals([4, 0, 4, 0, 0, 2]))
  #expect(coefficients(.seqMeanTokenSum, mask: mask) == reciprocals([2, 0, 2, 0, 0, 2]))
  #expect(coefficients(.sumNorm, mask: mask) == reciprocals([5, 0, 5, 0, 0, 5]))
  #expect(coefficients(.seqMeanSumNorm, mask: mask) == reciprocals([15, 0, 15, 0, 0, 15]))
}

@Test func includedEmptySequencesCountInTheMean() {
  let sums = coefficients(.seqMeanTokenSum, empty: .include, mask: mask)
  #expect(sums == reciprocals([3, 0, 3, 0, 0, 3]))
  let means = coefficients(.seqMeanTokenMean, empty: .include, mask: mask)
  #expect(means == reciprocals([6, 0, 6, 0, 0, 3]))
}

@Test(arguments: Aggregation.allCases)
func aStepWithoutTrainedTokensIsZero(_ aggregation: Aggregation) {
  #expect(coefficients(aggregation, mask: [0, 0, 0, 0, 0, 0]).allSatisfy { $0 == 0 })
}

@Test(arguments: Aggregation.allCases, EmptySequences.allCases)
func microBatchesAddUpToTheStep(_ aggregation: Aggregation, _ empty: EmptySequences) {
  var objective = PolicyObjective()
  objective.aggregation = aggregation
  objective.emptySequences = empty
  objective.norm = 9
  objective.klCoefficient = 0.05
  objective.dualClip = 3
  var fixture = Fixture(lengths: [3, 8, 2, 5, 1, 6, 4, 7], seed: 5)
  for t in fixture.columns.offsets[2]..<fixture.columns.offsets[3] { fixture.columns.mask[t] = 0 }
  let columns = fixture.columns
  let denominators = StepDenominators(offsets: columns.offsets, mask: columns.mask)
  let whole = objective.terms(columns, denominators: denominators)
  for pieces in [1, 2, 4] {
    let size = 8 / pieces
    let parts = (0..<pieces).map { piece in
      objective.terms(
        fixture.sequences(piece * size..<(piece + 1) * size), denominators: denominators)
    }
    #expect(parts.flatMap(\.dLogprob) == whole.dLogprob)
    #expect(abs(parts.reduce(0) { $0 + $1.total } - whole.total) < 1e-12 * abs(whole.total))
  }
}

@Test(arguments: [Aggregation.tokenMean, .seqMeanTokenMean, .seqMeanTokenSum, .seqMeanSumNorm])
func theBatchTwiceHasTheSameLoss(_ aggregation: Aggregation) {
  var objective = PolicyObjective()
  objective.aggregation = aggregation
  objective.norm = 9
  let once = Fixture(lengths: [3, 5], seed: 8)
  var twice = once
  let columns = once.columns
  twice.logits += once.logits
  twice.tokens += once.tokens
  twice.columns = TokenColumns(
    offsets: columns.offsets + columns.offsets.dropFirst().map { $0 + columns.count },
    mask: columns.mask + columns.mask, advantages: columns.advantages + columns.advantages,
    logprobs: columns.logprobs + columns.logprobs,
    oldLogprobs: columns.oldLogprobs + columns.oldLogprobs)
  let loss = once.loss(objective, at: once.logits)
  #expect(abs(twice.loss(objective, at: twice.logits) - loss) < 1e-14)
}

@Test func permutingTheSequencesPermutesTheSlopes() {
  let objective = ObjectivePreset.grpo.objective
  let fixture = Fixture(lengths: [4, 4, 4], seed: 2)
  let columns = fixture.columns
  let order = [8..<12, 0..<4, 4..<8]
  func permuted<T>(_ column: [T]) -> [T] { order.flatMap { column[$0] } }
  let other = TokenColumns(
    offsets: columns.offsets, mask: permuted(columns.mask),
    advantages: permuted(columns.advantages), logprobs: permuted(columns.logprobs),
    oldLogprobs: permuted(columns.oldLogprobs))
  let denominators = StepDenominators(offsets: columns.offsets, mask: columns.mask)
  #expect(denominators == StepDenominators(offsets: other.offsets, mask: other.mask))
  let slopes = objective.terms(columns, denominators: denominators).dLogprob
  #expect(objective.terms(other, denominators: denominators).dLogprob == permuted(slopes))
}

@Test func aCoefficientOfZeroIsTheTermsAbsenceToTheBit() {
  var with = PolicyObjective()
  with.klCoefficient = 0
  with.klEstimator = .k1
  let fixture = Fixture(lengths: [6, 6], seed: 4)
  var bare = fixture.columns
  bare.referenceLogprobs = nil
  let denominators = StepDenominators(offsets: bare.offsets, mask: bare.mask)
  let a = with.terms(fixture.columns, denominators: denominators)
  let b = PolicyObjective().terms(bare, denominators: denominators)
  #expect(a.total.bitPattern == b.total.bitPattern)
  #expect(a.dLogprob.map(\.bitPattern) == b.dLogprob.map(\.bitPattern))
}
