/// Turns the rewards of groups into advantages.
///
/// A group is several completions of one prompt, so their mean reward is a baseline that costs no
/// value network. Deviations divide by one less than the number of rewards. A reward is `nil`
/// where the verifier failed: it has no part in the statistics, and its advantage is 0. A group
/// whose rewards are all equal, or that has fewer than two, is exactly 0 throughout and teaches
/// nothing, except where rewards have no baseline (``reinforcePlusPlus``).
public enum AdvantageEstimator: String, Codable, Sendable, CaseIterable {
  /// `r - mean(r)`. Liu et al. 2025, "Understanding R1-Zero-Like Training" (arXiv:2503.20783).
  case centered
  /// `(r - mean(r)) / (std(r) + 1e-4)`. Shao et al. 2024, "DeepSeekMath" (arXiv:2402.03300),
  /// section 4.1, with TRL's epsilon.
  case standardized
  /// The same with verl's epsilon, 1e-6; a completion alone in its group keeps its reward,
  /// `r / (1 + 1e-6)`, as there.
  case standardizedVerl = "standardized_verl"
  /// `(r - mean(r)) / (std(all rewards of the step) + 1e-4)`: TRL's `scale_rewards="batch"`.
  case batchStandardized = "batch_standardized"
  /// `r - mean(r of the others) = (r - mean(r)) n / (n - 1)`. Ahmadian et al. 2024, "Back to
  /// Basics" (arXiv:2402.14740), RLOO.
  case leaveOneOut = "leave_one_out"
  /// The token's discounted return, whitened over the trained tokens of the step. Hu et al. 2025,
  /// "REINFORCE++" (arXiv:2501.03262), as verl has it.
  case reinforcePlusPlus = "reinforce_pp"
  /// ``centered``, whitened over the trained tokens of the step; the same paper's baseline.
  case reinforcePlusPlusBaseline = "reinforce_pp_baseline"

  /// What is added to a deviation before it divides.
  public var epsilon: Double {
    switch self {
    case .standardized, .batchStandardized: 1e-4
    case .standardizedVerl: 1e-6
    case .centered, .leaveOneOut, .reinforcePlusPlus, .reinforcePlusPlusBaseline: 0
    }
  }

  /// Whether a deviation of rewards divides.
  var standardizes: Bool { epsilon > 0 }

  /// Whether a completion is compared with others of its prompt.
  public var needsGroups: Bool { self != .reinforcePlusPlus }

  /// Whether the advantages of tokens are brought to mean 0 and deviation 1 over the step.
  var whitens: Bool { self == .reinforcePlusPlus || self == .reinforcePlusPlusBaseline }

  /// The advantages of completions, before whitening.
  ///
  /// - Parameters:
  ///   - groups: `[groups][G]` rewards of a whole step.
  ///   - epsilon: another than ``epsilon-swift.property``.
  ///   - deviationFloor: the least deviation that divides.
  /// - Returns: `[groups][G]`.
  public func advantages(
    of groups: [[Float?]], epsilon: Double? = nil, deviationFloor: Double = 0
  ) -> [[Float]] {
    let rewards = groups.map { $0.map { $0.map(Double.init) } }
    return advantages(of: rewards, epsilon: epsilon, deviationFloor: deviationFloor)
      .map { $0.map(Float.init) }
  }

  /// The same in double.
  public func advantages(
    of groups: [[Double?]], epsilon: Double? = nil, deviationFloor: Double = 0
  ) -> [[Double]] {
    let epsilon = epsilon ?? self.epsilon
    let batch = self == .batchStandardized ? Moments(groups.joined()) : nil
    return groups.map { rewards in
      if self == .reinforcePlusPlus { return rewards.map { $0 ?? 0 } }
      let moments = Moments(rewards)
      if self == .standardizedVerl, rewards.count == 1 {
        return [(rewards[0] ?? 0) / (1 + epsilon)]
      }
      guard !moments.isConstant else { return Array(repeating: 0, count: rewards.count) }
      let scale =
        switch self {
        case .centered, .reinforcePlusPlus, .reinforcePlusPlusBaseline: 1.0
        case .leaveOneOut: Double(moments.count - 1) / Double(moments.count)
        case .standardized, .standardizedVerl: max(moments.deviation, deviationFloor) + epsilon
        case .batchStandardized: max(batch!.deviation, deviationFloor) + epsilon
        }
      return rewards.map { reward in reward.map { ($0 - moments.mean) / scale } ?? 0 }
    }
  }
}

/// Mean and deviation of the rewards that are there.
struct Moments {
  let count: Int
  let mean: Double
  /// With one less than the count in the denominator; zero for fewer than two.
  let deviation: Double
  /// No two differ.
  let isConstant: Bool

  init(_ rewards: some Sequence<Double?>) {
    let known = rewards.compactMap(\.self)
    let mean = known.isEmpty ? 0 : known.reduce(0, +) / Double(known.count)
    let squares = known.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    count = known.count
    self.mean = mean
    deviation = known.count < 2 ? 0 : (squares / Double(known.count - 1)).squareRoot()
    isConstant = known.allSatisfy { $0 == known[0] }
  }
}
