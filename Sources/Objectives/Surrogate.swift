import Foundation

/// What a token's loss is made of: its importance ratio, its advantage and the bounds on the ratio.
public enum SurrogateForm: String, Codable, Sendable, CaseIterable {
  /// `max(-A r, -A clip(r, 1 - low, 1 + high))`. Schulman et al. 2017, "Proximal Policy
  /// Optimization Algorithms" (arXiv:1707.06347), equation 7, with a bound for either side (DAPO,
  /// arXiv:2503.14476, 3.1).
  case clip
  /// `-c A logprob` with `c = clip(r, 1 - low, 1 + high)` held constant, so that no token is
  /// silenced. MiniMax 2025, "MiniMax-M1" (arXiv:2506.13585), CISPO, with verl's two bounds; TRL's
  /// single bound `c = min(r, cap)` is `low = 1, high = cap - 1`.
  case cispo
}

/// The surrogate of one token and its slope.
///
/// It speaks of the logarithm of the ratio, not of log-probabilities, so that a ratio of whole
/// sequences can stand in for a token's: only ``ImportanceRatio`` knows what the ratio is of.
struct Surrogate {
  let form: SurrogateForm
  /// Infinite for no bound, as is `high`.
  let low: Double
  let high: Double
  /// Where `A < 0` the loss is at most `-A dualClip`; infinite for no bound. Ye et al. 2019
  /// (arXiv:1912.09729), equation 5.
  let dualClip: Double
  /// The unclipped branch's ratio is at most this; infinite for no bound. TRL's `delta`.
  let delta: Double
  /// Beyond these the logarithm of the ratio stays where it is and has no slope.
  let logRatioBounds: ClosedRange<Double>

  struct Value {
    var ratio: Double
    var loss: Double
    /// `d loss / d log-ratio`.
    var slope: Double
    /// The ratio is out of its bounds, and they decide the loss.
    var isClipped = false
    var isDualClipped = false
  }

  func callAsFunction(logRatio: Double, logprob: Double, advantage: Double) -> Value {
    // Bounds in this order, a NaN passes through both and reaches the loss.
    let bounded = min(max(logRatio, logRatioBounds.lowerBound), logRatioBounds.upperBound)
    let ratio = exp(bounded)
    let clipped = min(max(ratio, 1 - low), 1 + high)
    switch form {
    case .clip:
      var value = clip(ratio, to: clipped, advantage)
      if bounded <= logRatioBounds.lowerBound || bounded >= logRatioBounds.upperBound {
        value.slope = 0
      }
      return value
    case .cispo:
      let slope = -clipped * advantage
      return Value(
        ratio: ratio, loss: slope * logprob, slope: slope, isClipped: clipped != ratio)
    }
  }

  private func clip(_ ratio: Double, to bounded: Double, _ advantage: Double) -> Value {
    let plain = -advantage * min(ratio, delta)
    let clipped = -advantage * bounded
    var value = Value(ratio: ratio, loss: plain, slope: ratio > delta ? 0 : plain)
    if clipped > plain {
      (value.loss, value.slope, value.isClipped) = (clipped, 0, true)
    }
    if advantage < 0, value.loss > -advantage * dualClip {
      (value.loss, value.slope, value.isDualClipped) = (-advantage * dualClip, 0, true)
    }
    return value
  }
}
