import Glibc
import TemperPlugin

/// The rewards of one prompt's completions, and how near they stand to a cliff.
///
/// "The Policy Cliff" (arXiv:2507.20150): where several completions are optimal, the best policy is
/// no continuous function of the rewards.
struct RewardGroup {
  /// Of the sequences whose verifier did not fail.
  let members: [Int]
  let rewards: [Double]
  let isTied: Bool
  /// The first is right.
  let isRight: Bool
  /// `[n]` within the tolerance of the largest.
  let isOptimal: [Bool]
  /// The largest reward over the best that is not optimal; 0 where all are.
  let gap: Double
  /// The largest |advantage| after division by the standard deviation (n - 1, plus 1e-4), over the
  /// span of the rewards; 0 for a tied group.
  let amplification: Double

  /// `nil` of no reward.
  init?(
    _ members: [Int], _ outcomes: Outcomes, _ configuration: RewardDetector.Configuration
  ) {
    let known = members.filter { outcomes.reward($0) != nil }
    let rewards = known.map { outcomes.reward($0)! }
    guard let most = rewards.max(), let least = rewards.min(), let mean = rewards.mean else {
      return nil
    }
    (self.members, self.rewards) = (known, rewards)
    isTied = most - least < configuration.degenerate
    isRight = outcomes.verdict(known[0]) == .right
    isOptimal = Self.optima(rewards, configuration.tolerance)
    gap = zip(rewards, isOptimal).filter { !$0.1 }.map(\.0).max().map { most - $0 } ?? 0
    guard !isTied, rewards.count > 1 else {
      amplification = 0
      return
    }
    let squares = rewards.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    let deviation = (squares / Double(rewards.count - 1)).squareRoot() + 1e-4
    amplification = max(most - mean, mean - least) / deviation / (most - least)
  }

  static func optima(_ rewards: [Double], _ tolerance: Double) -> [Bool] {
    let most = rewards.max() ?? 0
    return rewards.map { $0 >= most - tolerance }
  }

  /// `softmax(R / alpha)`: the best policy over the group with an entropy bonus of `alpha`.
  static func softPolicy(_ rewards: [Double], temperature: Double) -> [Double] {
    let most = rewards.max() ?? 0
    let weights = rewards.map { exp(($0 - most) / temperature) }
    let sum = weights.reduce(0, +)
    return weights.map { $0 / sum }
  }
}

extension RewardDetector {
  /// What objectives.md calls the policy cliff: over groups, the mean of each figure.
  func recordCliff(_ groups: [RewardGroup], _ outcomes: Outcomes, step: Int) {
    guard !groups.isEmpty else { return }
    func mean(_ name: String, _ value: (RewardGroup) -> Double) {
      host.record(name, groups.map(value).mean!)
    }
    mean("tie_rate_all") { $0.isTied ? 1 : 0 }
    mean("tied_optimal") { Double($0.isOptimal.count(where: \.self)) }
    mean("gap") { $0.gap }
    mean("distinct_optima") { group in
      Double(Set(group.optimalMembers.map { outcomes.text($0).utf8.filter(\.isTextual) }).count)
    }
    mean("unique") { group in
      Double(Set(group.members.map { outcomes.text($0) }).count) / Double(group.members.count)
    }
    mean("soft_optimal") { group in
      zip(group.soft(configuration.temperature), group.isOptimal).reduce(0) {
        $1.1 ? $0 + $1.0 : $0
      }
    }
    mean("soft_entropy") { group in
      group.soft(configuration.temperature).reduce(0) { $1 > 0 ? $0 - $1 * log($1) : $0 }
    }
    // |R1 - R2| / (2 alpha) bounds the total variation of soft policies.
    host.record("lipschitz", 1 / (2 * configuration.temperature))
    recordPerturbed(groups, step: step)
    recordComponents(groups, outcomes)
  }

  /// Scores again with a little noise, and counts what turns over.
  private func recordPerturbed(_ groups: [RewardGroup], step: Int) {
    let alpha = configuration.temperature
    var (flips, signs, samples, farthest) = (0, 0, 0, 0.0)
    for (index, group) in groups.enumerated() {
      let place = UInt64(index) << 32
      let uniform = group.rewards.indices.map {
        2 * host.uniform(UInt64(step), place + UInt64(4 * $0)) - 1
      }
      let normal = group.rewards.indices.map {
        host.normal(UInt64(step), place + UInt64(4 * $0 + 1))
      }
      let moved = zip(group.rewards, uniform).map { $0 + configuration.epsilon * $1 }
      if RewardGroup.optima(moved, configuration.tolerance) != group.isOptimal { flips += 1 }
      farthest = max(
        farthest,
        zip(group.soft(alpha), RewardGroup.softPolicy(moved, temperature: alpha))
          .reduce(0) { $0 + abs($1.0 - $1.1) } / 2)
      let noisy = zip(group.rewards, normal).map { $0 + configuration.epsilon * $1 }
      let (before, after) = (group.rewards.mean!, noisy.mean!)
      for (a, b) in zip(group.rewards, noisy) {
        samples += 1
        if (a - before) * (b - after) < 0 { signs += 1 }
      }
    }
    host.record("flip_rate", Double(flips) / Double(groups.count))
    host.record("sign_flips", Double(signs) / Double(max(samples, 1)))
    host.record("tv_soft", farthest)
    host.record("tv_bound", configuration.epsilon / (2 * alpha))
  }

  /// How two verifiers' rewards stand to each other.
  private func recordComponents(_ groups: [RewardGroup], _ outcomes: Outcomes) {
    if let name = configuration.heldBack,
      let score = RewardComponents(outcomes).values(of: name)
    {
      host.record(
        "missing_reward_gap",
        groups.map { group in
          let scores = group.optimalMembers.map { score[$0] }.filter(\.isFinite)
          return (scores.max() ?? 0) - (scores.min() ?? 0)
        }.mean!)
    }
    guard outcomes.components.count > 1 else { return }
    let components = RewardComponents(outcomes)
    host.record("reward_conflict", components.conflict(groups.map(\.members)))
    host.record(
      "weight_sensitivity",
      components.sensitivity(
        groups.map(\.members), shift: configuration.epsilon, tolerance: configuration.tolerance))
  }
}

extension RewardGroup {
  fileprivate var optimalMembers: [Int] {
    zip(members, isOptimal).filter(\.1).map(\.0)
  }

  fileprivate func soft(_ temperature: Double) -> [Double] {
    Self.softPolicy(rewards, temperature: temperature)
  }
}

extension UInt8 {
  /// Neither a space nor a mark of punctuation that says nothing: what is not ASCII counts.
  fileprivate var isTextual: Bool {
    switch self {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "a")...UInt8(ascii: "z"), 128...:
      true
    default: "+-*/=.,".utf8.contains(self)
    }
  }
}

extension Host {
  /// In 0..<1.
  fileprivate func uniform(_ stream: UInt64, _ counter: UInt64) -> Double {
    Double(randomBits(stream: stream, counter: counter) >> 11) * 0x1p-53
  }

  fileprivate func normal(_ stream: UInt64, _ counter: UInt64) -> Double {
    gaussian(uniform(stream, counter), uniform(stream, counter + 1))
  }
}

/// Box and Muller's, of two uniform numbers.
private func gaussian(_ u: Double, _ v: Double) -> Double {
  (-2 * log(1 - u)).squareRoot() * cos(2 * .pi * v)
}
