/// The named members of the family, as settings of one ``PolicyObjective``.
///
/// What a preset does not name keeps its default: no reference policy, clip 0.2 and 0.28, mean
/// over tokens, no dual clip.
public enum ObjectivePreset: String, Codable, Sendable, CaseIterable {
  /// Shao et al. 2024, "DeepSeekMath" (arXiv:2402.03300): one clip bound, the mean over sequences
  /// of their means over tokens. The paper's reference policy (0.04, k3) is left to
  /// ``PolicyObjective/klCoefficient``.
  case grpo
  /// Liu et al. 2025, "Understanding R1-Zero-Like Training" (arXiv:2503.20783): neither lengths
  /// nor deviations in the denominators. Needs ``PolicyObjective/norm``.
  case drGRPO = "dr_grpo"
  /// Yu et al. 2025, "DAPO" (arXiv:2503.14476): a wider upper bound, the mean over tokens, and
  /// groups whose rewards are all equal sampled anew.
  case dapo

  public var objective: PolicyObjective {
    var objective = PolicyObjective()
    switch self {
    case .grpo:
      objective.clipHigh = 0.2
      objective.aggregation = .seqMeanTokenMean
    case .drGRPO:
      objective.clipHigh = 0.2
      objective.aggregation = .seqMeanSumNorm
    case .dapo:
      break
    }
    return objective
  }

  public var advantages: AdvantageEstimator { self == .drGRPO ? .centered : .standardized }

  /// Whether groups that teach nothing are replaced by others.
  public var usesDynamicSampling: Bool { self == .dapo }
}
