import Metrics

extension MetricName {
  public static let policyLoss: Self = "policy/loss"
  /// Share of trained tokens whose ratio is held at its upper bound, and at its lower.
  public static let clipFractionHigh: Self = "policy/clip_fraction_high"
  public static let clipFractionLow: Self = "policy/clip_fraction_low"
  public static let dualClipFraction: Self = "policy/dual_clip_fraction"
  /// Mean of `old logprob - logprob`, nats.
  public static let approximateKL: Self = "policy/approx_kl"
  /// Largest `|logprob - old logprob|`, nats.
  public static let maximumLogRatio: Self = "policy/max_log_ratio"
  /// Largest `|old logprob - behaviour logprob|`, nats.
  public static let maximumBehaviourGap: Self = "policy/max_behaviour_gap"
  /// Mean entropy of the policy as it is now, nats.
  public static let policyEntropy: Self = "policy/entropy"
  /// Mean estimated divergence from the reference policy, nats.
  public static let referenceKL: Self = "policy/kl_reference"
  /// Mean of what multiplies the surrogate of a trained token; where any of it is not 1.
  public static let surrogateWeight: Self = "policy/surrogate_weight"
  public static let trainedTokens: Self = "policy/tokens"
}

/// Sums over trained tokens, from which a step's diagnostics are made however it was cut.
public struct ObjectiveDiagnostics: Sendable, Equatable {
  public private(set) var tokens = 0
  private var loss = 0.0
  private var clippedHigh = 0
  private var clippedLow = 0
  private var dualClipped = 0
  private var weight = 0.0
  private var isWeighted = false
  private var logRatio = 0.0
  private var largestLogRatio = 0.0
  private var largestBehaviourGap: Double?
  private var entropy: Double?
  private var referenceKL: Double?

  /// Of no tokens; the start of a merge.
  public init() {}

  init(columns: TokenColumns, terms: TokenTerms, loss: Double) {
    self.loss = loss
    for t in 0..<columns.count where columns.mask[t] != 0 {
      tokens += 1
      clippedHigh += terms.isClipped[t] && terms.ratio[t] > 1 ? 1 : 0
      clippedLow += terms.isClipped[t] && terms.ratio[t] < 1 ? 1 : 0
      dualClipped += terms.isDualClipped[t] ? 1 : 0
      weight += terms.weight[t]
      isWeighted = isWeighted || terms.weight[t] != 1
      let difference = columns.logprobs[t] - columns.oldLogprobs[t]
      logRatio += difference
      largestLogRatio = max(largestLogRatio, abs(difference))
      if let behaviour = columns.behaviourLogprobs {
        let gap = abs(columns.oldLogprobs[t] - behaviour[t])
        largestBehaviourGap = max(largestBehaviourGap ?? 0, gap)
      }
      if let entropies = columns.entropies { entropy = (entropy ?? 0) + entropies[t] }
      if columns.referenceLogprobs != nil { referenceKL = (referenceKL ?? 0) + terms.kl[t] }
    }
  }

  /// Adds another piece of the same step.
  public mutating func merge(_ other: ObjectiveDiagnostics) {
    func combined(
      _ a: Double?, _ b: Double?, _ combine: (Double, Double) -> Double
    ) -> Double? {
      guard let a, let b else { return a ?? b }
      return combine(a, b)
    }
    tokens += other.tokens
    loss += other.loss
    clippedHigh += other.clippedHigh
    clippedLow += other.clippedLow
    dualClipped += other.dualClipped
    weight += other.weight
    isWeighted = isWeighted || other.isWeighted
    logRatio += other.logRatio
    largestLogRatio = max(largestLogRatio, other.largestLogRatio)
    largestBehaviourGap = combined(largestBehaviourGap, other.largestBehaviourGap, max)
    entropy = combined(entropy, other.entropy, +)
    referenceKL = combined(referenceKL, other.referenceKL, +)
  }

  /// Loss and token count; the means too, where there is a token to take them over.
  public var metrics: StepMetrics {
    var metrics = StepMetrics()
    metrics[.policyLoss] = loss
    metrics[.trainedTokens] = Double(tokens)
    guard tokens > 0 else { return metrics }
    let count = Double(tokens)
    metrics[.policyEntropy] = entropy.map { $0 / count }
    metrics[.approximateKL] = -logRatio / count
    metrics[.maximumLogRatio] = largestLogRatio
    metrics[.clipFractionHigh] = Double(clippedHigh) / count
    metrics[.clipFractionLow] = Double(clippedLow) / count
    metrics[.dualClipFraction] = Double(dualClipped) / count
    metrics[.surrogateWeight] = isWeighted ? weight / count : nil
    metrics[.maximumBehaviourGap] = largestBehaviourGap
    metrics[.referenceKL] = referenceKL.map { $0 / count }
    return metrics
  }
}
