import Trajectories

/// The policy-gradient loss of GRPO and its relatives: a surrogate on each sampled token, if asked
/// a divergence from a reference policy, and an aggregation over the optimizer step.
///
///     loss = sum_t W_t phi_t,   phi = max(-A r, -A clip(r, 1 - low, 1 + high)) + beta KL
///     r = exp(logprob - old logprob)
///
/// ``surrogate`` and ``ratio`` put others in place of the maximum and of `r`. `W` comes from the
/// masks of the whole step (``StepDenominators``), so a step may be evaluated in pieces of whole
/// sequences.
public struct PolicyObjective: Sendable, Equatable {
  public var surrogate = SurrogateForm.clip
  public var ratio = ImportanceRatio.token
  /// The ratio's room below 1.
  public var clipLow = 0.2
  /// The ratio's room above 1.
  public var clipHigh = 0.28
  /// Bounds the loss of a token with a negative advantage by that of this ratio, above 1; `nil`
  /// leaves it unbounded.
  public var dualClip: Double?
  /// Bounds the ratio of the unclipped branch, above 1; `nil` leaves it unbounded. It bounds the
  /// loss of a negative advantage too, at a ratio that is beyond the clip bounds. TRL's `delta`.
  public var delta: Double?
  public var aggregation = Aggregation.tokenMean
  /// The constant of ``Aggregation/sumNorm`` and ``Aggregation/seqMeanSumNorm``, in tokens: the
  /// longest completion allowed.
  public var norm: Double?
  public var emptySequences = EmptySequences.exclude
  /// `beta`; 0 is the same to the bit as no reference policy.
  public var klCoefficient = 0.0
  public var klEstimator = KLEstimator.k3
  public var klPlacement = KLPlacement.loss
  /// Weights for tokens that were not drawn from the old policy.
  public var mismatch = MismatchCorrection()

  public init() {}

  /// Whether the batch has to have ``TokenBatch/referenceLogprobs``.
  public var needsReference: Bool { klCoefficient != 0 }

  /// Whether phi is another than the clipped surrogate of token ratios, so that no intervention may
  /// put its own in place of it.
  public var replacesBase: Bool { surrogate != .clip || ratio != .token }

  /// The loss of a step, or of some of its sequences, and its slopes.
  ///
  /// - Parameters:
  ///   - batch: whole sequences.
  ///   - shaping: what interventions made of ``shaping(count:)``, for the tokens of `batch`. Its
  ///     scalar loss is added whole: of the pieces of a step, one has it.
  ///   - additions: what they add to each token of `batch`.
  ///   - denominators: of the whole step; `nil` says that `batch` is the whole step.
  /// - Throws: ``ObjectiveError/nonFinite(column:value:sequence:token:)`` if a number of a trained
  ///   token is not finite.
  public func evaluate(
    _ batch: TokenBatch, shaping: Shaping? = nil, additions: TokenAdditions? = nil,
    denominators: StepDenominators? = nil
  ) throws(ObjectiveError) -> ObjectiveResult {
    let columns = TokenColumns(batch)
    try columns.requireFinite()
    let terms = terms(
      columns,
      shaping: TokenShaping(
        of: self, count: batch.count, shaping: shaping, additions: additions),
      denominators: denominators ?? StepDenominators(of: batch))
    return ObjectiveResult(
      columns: columns, terms: terms, scalarLoss: shaping?.scalarLoss ?? 0)
  }

  /// What each token contributes, in double.
  ///
  /// - Parameter shaping: `nil` for the objective's own bounds and coefficients.
  public func terms(
    _ columns: TokenColumns, shaping: TokenShaping? = nil, denominators: StepDenominators
  ) -> TokenTerms {
    let shaping = shaping ?? TokenShaping(of: self, count: columns.count)
    precondition(
      !aggregation.needsNorm || norm != nil, "\(aggregation.rawValue) without its norm")
    var terms = TokenTerms(
      coefficients: coefficients(
        offsets: columns.offsets, mask: columns.mask, denominators: denominators),
      weight: zip(mismatch.weights(columns), shaping.weights).map(*))
    addSurrogate(to: &terms, columns, shaping)
    addDivergence(to: &terms, columns, coefficient: shaping.klCoefficient)
    addEntropy(to: &terms, columns, coefficient: shaping.entropyCoefficient)
    if let additions = shaping.additions { add(additions, to: &terms, columns.mask) }
    return terms
  }

  private func addSurrogate(
    to terms: inout TokenTerms, _ columns: TokenColumns, _ shaping: TokenShaping
  ) {
    let logRatios = ratio.logRatios(columns)
    for t in 0..<columns.count where columns.mask[t] != 0 {
      let surrogate = Surrogate(
        form: surrogate, low: shaping.clipLow[t], high: shaping.clipHigh[t],
        dualClip: shaping.dualClip[t], delta: delta ?? .infinity,
        logRatioBounds: ratio.logRatioBounds)
      let base = surrogate(
        logRatio: logRatios[t], logprob: columns.logprobs[t], advantage: columns.advantages[t])
      terms.ratio[t] = base.ratio
      terms.isClipped[t] = base.isClipped
      terms.isDualClipped[t] = base.isDualClipped
      terms.loss[t] = terms.weight[t] * base.loss
      terms.slope[t] = terms.weight[t] * base.slope
    }
    terms.slope = ratio.slopes(inLogprobs: terms.slope, columns)
  }

  private func addDivergence(
    to terms: inout TokenTerms, _ columns: TokenColumns, coefficient: Double
  ) {
    guard let reference = columns.referenceLogprobs else {
      precondition(
        coefficient == 0,
        "a KL coefficient of \(coefficient) needs the reference policy's log-probabilities")
      return
    }
    for t in 0..<columns.count where columns.mask[t] != 0 {
      let divergence = klEstimator.estimate(columns.logprobs[t] - reference[t])
      terms.kl[t] = divergence.value
      if coefficient != 0 {
        terms.loss[t] += coefficient * divergence.value
        terms.slope[t] += coefficient * divergence.slope
      }
    }
  }

  /// `-c H`
  private func addEntropy(
    to terms: inout TokenTerms, _ columns: TokenColumns, coefficient: Double
  ) {
    guard coefficient != 0 else { return }
    guard let entropies = columns.entropies else {
      preconditionFailure("an entropy coefficient of \(coefficient) needs the entropies")
    }
    for t in 0..<columns.count where columns.mask[t] != 0 {
      terms.loss[t] -= coefficient * entropies[t]
      terms.entropySlope[t] -= coefficient
    }
  }

  private func add(_ additions: TokenAdditions, to terms: inout TokenTerms, _ mask: [UInt8]) {
    func add(_ values: [Float], to sums: inout [Double]) {
      // Zeros are left out so that they do not turn a -0 into a 0.
      for t in mask.indices where mask[t] != 0 && values[t] != 0 { sums[t] += Double(values[t]) }
    }
    add(additions.phi, to: &terms.loss)
    add(additions.dLogprob, to: &terms.slope)
    add(additions.dEntropy, to: &terms.entropySlope)
  }
}
