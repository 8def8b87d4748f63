import Foundation

/// How the divergence from the reference policy is estimated from the sampled token alone, with
/// `x = logprob - reference logprob`. Schulman 2020, "Approximating KL Divergence"
/// (joschu.net/blog/kl-approx.html).
public enum KLEstimator: String, Codable, Sendable, CaseIterable {
  /// `x`. Its expected gradient as a loss is zero on-policy; meant for rewards.
  case k1
  /// `x^2 / 2`, whose gradient is that of the reverse KL.
  case k2
  /// `exp(-x) + x - 1`, never negative. GRPO's (arXiv:2402.03300, equation 4). `-x` is held
  /// within 20 and the value within 10, without a slope where it is held (verl).
  case k3
  /// `|x|`
  case abs
  /// The value of ``k1`` with the slope of ``k2``.
  case k1Straight = "k1+"
  /// The value of ``k3`` with the slope of ``k2``.
  case k3Straight = "k3+"

  /// The estimate in nats and its derivative in the log-probability.
  public func estimate(_ x: Double) -> (value: Double, slope: Double) {
    switch self {
    case .k1: (x, 1)
    case .k2: (x * x / 2, x)
    case .k3: Self.boundedK3(x)
    case .abs: (Swift.abs(x), x > 0 ? 1 : x < 0 ? -1 : x)
    case .k1Straight: (x, x)
    case .k3Straight: (Self.boundedK3(x).value, x)
    }
  }

  private static func boundedK3(_ x: Double) -> (value: Double, slope: Double) {
    let bounded = min(max(x, -20), 20)
    let value = exp(-bounded) + bounded - 1
    guard Swift.abs(x) <= 20, value <= 10 else { return (min(value, 10), 0) }
    return (value, 1 - exp(-x))
  }
}
