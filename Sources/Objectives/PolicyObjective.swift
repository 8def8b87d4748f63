import Metrics
import Trajectories

/// The policy-gradient loss of GRPO and its relatives: a clipped surrogate on each sampled token,
/// if asked a divergence from a reference policy, and an aggregation over the optimizer step.
///
///     loss = sum_t W_t phi_t,   phi = max(-A r, -A clip(r, 1 - low, 1 + high)) + beta KL
///     r = exp(logprob - old logprob)
///
/// `W` comes from the masks of the whole step (``StepDenominators``), so a step may be evaluated in
/// pieces of whole sequences.
public struct PolicyObjective: Sendable, Equatable {
  /// The ratio's room below 1.
  public var clipLow = 0.2
  /// The ratio's room above 1.
  public var clipHigh = 0.28
  /// Bounds the loss of a token with a negative advantage by that of this ratio, above 1; `nil`
  /// leaves it unbounded.
  public var dualClip: Double?
  public var aggregation = Aggregation.tokenMean
  /// The constant of ``Aggregation/sumNorm`` and ``Aggregation/seqMeanSumNorm``, in tokens: the
  /// longest completion allowed.
  public var norm: Double?
  public var emptySequences = EmptySequences.exclude
  /// `beta`; 0 is the same to the bit as no reference policy.
  public var klCoefficient = 0.0
  public var klEstimator = KLEstimator.k3

  public init() {}

  /// Whether the batch has to have ``TokenBatch/referenceLogprobs``.
  public var needsReference: Bool { klCoefficient != 0 }

  /// The loss of a step, or of some of its sequences, and its slopes.
  ///
  /// - Parameters:
  ///   - batch: whole sequences.
  ///   - denominators: of the whole step; `nil` says that `batch` is the whole step.
  /// - Throws: ``ObjectiveError/nonFinite(column:value:sequence:token:)`` if a number of a trained
  ///   token is not finite.
  public func evaluate(
    _ batch: TokenBatch, denominators: StepDenominators? = nil
  ) throws(ObjectiveError) -> ObjectiveResult {
    let columns = TokenColumns(batch)
    try columns.requireFinite()
    let terms = terms(columns, denominators: denominators ?? StepDenominators(of: batch))
    return ObjectiveResult(columns: columns, terms: terms)
  }

  /// What each token contributes, in double.
  public func terms(_ columns: TokenColumns, denominators: StepDenominators) -> TokenTerms {
    precondition(
      !needsReference || columns.referenceLogprobs != nil,
      "a KL coefficient of \(klCoefficient) needs the reference policy's log-probabilities")
    precondition(
      !aggregation.needsNorm || norm != nil, "\(aggregation.rawValue) without its norm")
    let surrogate = ClippedSurrogate(low: clipLow, high: clipHigh, dualClip: dualClip)
    let logRatios = logRatios(columns)
    var terms = TokenTerms(
      coefficients: coefficients(
        offsets: columns.offsets, mask: columns.mask, denominators: denominators))
    for t in 0..<columns.count where columns.mask[t] != 0 {
      let base = surrogate(logRatio: logRatios[t], advantage: columns.advantages[t])
      terms.ratio[t] = base.ratio
      terms.isClipped[t] = base.isClipped
      terms.isDualClipped[t] = base.isDualClipped
      terms.loss[t] = base.loss
      terms.slope[t] = base.slope
      guard let reference = columns.referenceLogprobs else { continue }
      let divergence = klEstimator.estimate(columns.logprobs[t] - reference[t])
      terms.kl[t] = divergence.value
      if klCoefficient != 0 {
        terms.loss[t] += klCoefficient * divergence.value
        terms.slope[t] += klCoefficient * divergence.slope
      }
    }
    return terms
  }

  /// `[N]` the logarithm of each token's importance ratio. Its derivative in the token's own
  /// log-probability is 1 and in every other's 0, which is what lets `terms` take the surrogate's
  /// slope for the token's.
  func logRatios(_ columns: TokenColumns) -> [Double] {
    zip(columns.logprobs, columns.oldLogprobs).map { $0 - $1 }
  }
}

/// What each token contributes to the loss, `[N]` each; zero where the mask is.
public struct TokenTerms: Sendable {
  /// `W`
  public var coefficients: [Double]
  /// `r`, its logarithm held within 20.
  public var ratio: [Double]
  public var isClipped: [Bool]
  public var isDualClipped: [Bool]
  /// The estimated divergence from the reference policy, nats; zero without one.
  public var kl: [Double]
  /// `phi`
  public var loss: [Double]
  /// `d phi / d logprob`
  public var slope: [Double]

  init(coefficients: [Double]) {
    let zeros = [Double](repeating: 0, count: coefficients.count)
    self.coefficients = coefficients
    ratio = zeros
    isClipped = Array(repeating: false, count: coefficients.count)
    isDualClipped = isClipped
    kl = zeros
    loss = zeros
    slope = zeros
  }

  /// `sum W phi`, in the order of the tokens.
  public var total: Double {
    var total = 0.0
    for t in loss.indices { total += coefficients[t] * loss[t] }
    return total
  }

  /// `[N]` `d loss / d logprob`.
  public var dLogprob: [Double] { zip(coefficients, slope).map { $0 == 0 ? 0 : $0 * $1 } }
}

/// The loss of a batch and its slopes, from which the backward pass starts.
public struct ObjectiveResult: Sendable {
  /// This batch's share of the step's loss; the shares of a step's pieces add up to it.
  public var loss: Double
  /// `[N]` `d loss / d logprob`, exactly zero where the mask is.
  public var dLogprob: [Float]
  /// `[N]` `d loss / d entropy`.
  public var dEntropy: [Float]
  /// Sums over the batch's trained tokens; those of a step's pieces merge.
  public var diagnostics: ObjectiveDiagnostics

  /// No token of the batch is trained on: loss and slopes are zero.
  public var isEmpty: Bool { diagnostics.tokens == 0 }

  /// `policy/...` of this batch alone.
  public var metrics: StepMetrics { diagnostics.metrics }

  init(columns: TokenColumns, terms: TokenTerms) {
    loss = terms.total
    dLogprob = terms.dLogprob.map(Float.init)
    dEntropy = Array(repeating: 0, count: columns.count)
    diagnostics = ObjectiveDiagnostics(columns: columns, terms: terms)
  }
}
