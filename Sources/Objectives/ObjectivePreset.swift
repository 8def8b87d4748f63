/// The named members of the family, as settings of one ``PolicyObjective``.
///
/// What a preset does not name keeps its default: ratios of tokens, clip 0.2 and 0.28, mean over
/// tokens, standardized advantages, no reference policy, no dual clip.
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
  /// Zheng et al. 2025, "Group Sequence Policy Optimization" (arXiv:2507.18071): the geometric
  /// mean of a sequence's ratios, within 3e-4 below and 4e-4 above 1.
  case gspo
  /// MiniMax 2025, "MiniMax-M1" (arXiv:2506.13585): every token keeps its gradient, weighed by a
  /// ratio of at most 5 (TRL's recommendation).
  case cispo
  /// Ahmadian et al. 2024, "Back to Basics" (arXiv:2402.14740), with TRL's values: the ratio of
  /// whole sequences, the others of the group as baseline, 0.05 of the divergence from the
  /// reference policy taken off the reward.
  case rloo
  /// Hu et al. 2025, "REINFORCE++" (arXiv:2501.03262): returns whitened over the step's tokens; a
  /// divergence from a reference policy, where one is asked for, is taken off each token's reward.
  case reinforcePlusPlus = "reinforce_pp"
  /// The same paper's variant for groups: less the mean of the group, then whitened.
  case reinforcePlusPlusBaseline = "reinforce_pp_baseline"

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
    case .gspo:
      objective.ratio = .sequenceMean
      (objective.clipLow, objective.clipHigh) = (3e-4, 4e-4)
      objective.aggregation = .seqMeanTokenMean
    case .cispo:
      objective.surrogate = .cispo
      (objective.clipLow, objective.clipHigh) = (1, 4)
    case .rloo:
      objective.ratio = .sequenceProduct
      objective.clipHigh = 0.2
      objective.aggregation = .seqMeanTokenMean
      objective.klCoefficient = 0.05
      (objective.klEstimator, objective.klPlacement) = (.k1, .reward)
    case .reinforcePlusPlus, .reinforcePlusPlusBaseline:
      objective.clipHigh = 0.2
      (objective.klEstimator, objective.klPlacement) = (.k1, .reward)
    }
    return objective
  }

  public var advantages: AdvantageEstimator {
    switch self {
    case .grpo, .dapo, .gspo, .cispo: .standardized
    case .drGRPO: .centered
    case .rloo: .leaveOneOut
    case .reinforcePlusPlus: .reinforcePlusPlus
    case .reinforcePlusPlusBaseline: .reinforcePlusPlusBaseline
    }
  }

  /// Whether groups that teach nothing are replaced by others.
  public var usesDynamicSampling: Bool { self == .dapo }
}
