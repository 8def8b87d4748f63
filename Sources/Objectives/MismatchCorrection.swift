import Foundation

/// Weighs tokens by how much likelier the old policy makes them than the law that they were drawn
/// from: another engine's, or the policy's with its unlikely symbols cut off.
///
/// The weight is constant and multiplies the surrogate alone. With `d = old logprob - behaviour
/// logprob`, held within 20, it is `exp(d)` cut to the bounds or, where it leaves them, 0. Yao et
/// al. 2025, "Your Efficient RL Framework Secretly Brings You Off-Policy RL Training" (truncated
/// importance sampling), as verl and TRL have it.
public struct MismatchCorrection: Sendable, Equatable {
  public enum Mode: String, Codable, Sendable, CaseIterable {
    /// Every weight is 1.
    case none
    /// `min(exp(d_t), maximum)`, and at least the minimum.
    case tokenTruncate = "token_truncate"
    /// `exp(d_t)` within the bounds, else 0.
    case tokenMask = "token_mask"
    /// The same two with `exp(sum_t d_t)` for every token of a sequence.
    case sequenceTruncate = "sequence_truncate"
    case sequenceMask = "sequence_mask"

    var isOfSequences: Bool { self == .sequenceTruncate || self == .sequenceMask }
    var masks: Bool { self == .tokenMask || self == .sequenceMask }
  }

  public var mode = Mode.none
  /// The largest weight; `nil` for no bound.
  public var maximum: Double? = 2
  /// The smallest; `nil` for no bound.
  public var minimum: Double?

  public init() {}

  /// `[N]`; 1 where a token is not trained on.
  func weights(_ columns: TokenColumns) -> [Double] {
    var weights = [Double](repeating: 1, count: columns.count)
    guard mode != .none else { return weights }
    guard let behaviour = columns.behaviourLogprobs else {
      preconditionFailure("mismatch weights need the behaviour log-probabilities")
    }
    let gaps = zip(columns.oldLogprobs, behaviour).map { $0 - $1 }
    for s in 0..<columns.offsets.count - 1 {
      let trained = (columns.offsets[s]..<columns.offsets[s + 1]).filter { columns.mask[$0] != 0 }
      let sum = mode.isOfSequences ? trained.reduce(0) { $0 + gaps[$1] } : 0
      for t in trained { weights[t] = weight(mode.isOfSequences ? sum : gaps[t]) }
    }
    return weights
  }

  private func weight(_ logWeight: Double) -> Double {
    let weight = exp(min(max(logWeight, -20), 20))
    let (low, high) = (minimum ?? 0, maximum ?? .infinity)
    if mode.masks { return weight >= low && weight <= high ? weight : 0 }
    return min(max(weight, low), high)
  }
}
