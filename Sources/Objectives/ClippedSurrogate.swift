import Foundation

/// The clipped surrogate of one token and its slope.
///
/// Schulman et al. 2017, "Proximal Policy Optimization Algorithms" (arXiv:1707.06347), equation 7,
/// with a bound for either side (DAPO, arXiv:2503.14476, 3.1) and the dual clip of Ye et al. 2019
/// (arXiv:1912.09729), equation 5:
///
///     phi = max(-A r, -A clip(r, 1 - low, 1 + high)),   and where A < 0   phi = min(phi, -A c)
///
/// It speaks of the logarithm of the ratio, not of log-probabilities, so that a ratio of whole
/// sequences can stand in for a token's: only ``PolicyObjective/logRatios(_:)`` knows what the
/// ratio is of.
struct ClippedSurrogate {
  let low: Double
  let high: Double
  let dualClip: Double?

  /// Beyond this the ratio stays where it is and has no slope (verl).
  static let largestLogRatio = 20.0

  struct Value {
    var ratio: Double
    var loss: Double
    /// `d loss / d log-ratio`.
    var slope: Double
    /// The clipped branch is the larger one.
    var isClipped: Bool
    var isDualClipped: Bool
  }

  func callAsFunction(logRatio: Double, advantage: Double) -> Value {
    // Bounds in this order, a NaN passes through both and reaches the loss.
    let bounded = min(max(logRatio, -Self.largestLogRatio), Self.largestLogRatio)
    let ratio = exp(bounded)
    let plain = -advantage * ratio
    let clipped = -advantage * min(max(ratio, 1 - low), 1 + high)
    let isClipped = clipped > plain
    var loss = isClipped ? clipped : plain
    var isDualClipped = false
    if let dualClip, advantage < 0, loss > -advantage * dualClip {
      loss = -advantage * dualClip
      isDualClipped = true
    }
    let isActive = !isClipped && !isDualClipped && abs(logRatio) < Self.largestLogRatio
    return Value(
      ratio: ratio, loss: loss, slope: isActive ? plain : 0, isClipped: isClipped,
      isDualClipped: isDualClipped)
  }
}
