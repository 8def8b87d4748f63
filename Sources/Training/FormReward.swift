import Metrics
import Trajectories

/// Rewards completions for keeping to the form that their prompt's template asks for, beside what
/// the verifiers say of them.
///
/// "Prompt augmentation" (arXiv:2602.03190): R = correctness + form, the form paid for wrong
/// answers too.
public struct FormReward: Sendable {
  let pool: any PromptPool
  let weight: Double
  let isDrawnPerRollout: Bool

  /// - Parameter isDrawnPerRollout: each completion of a group has a template of its own.
  public init(_ pool: any PromptPool, weight: Double, isDrawnPerRollout: Bool) {
    (self.pool, self.weight) = (pool, weight)
    self.isDrawnPerRollout = isDrawnPerRollout
  }

  /// How many prompts a group of `groupSize` completions takes.
  func copies(of groupSize: Int) -> Int { isDrawnPerRollout ? groupSize : 1 }

  /// Adds the form's share to every reward; a sample without one stays without.
  func add(to groups: inout [RewardedGroup], _ metrics: inout StepMetrics) throws {
    var sum = 0.0
    var count = 0.0
    try groups.reward { prompt, trajectory in
      guard let template = prompt.template else { return 0 }
      let score = try pool.formScore(template.index, completion: trajectory.text)
      sum += score
      count += 1
      return weight * score
    }
    if let name = MetricName(rawValue: "\(pool.name)/form"), count > 0 {
      metrics[name] = sum / count
    }
  }
}

extension [RewardedGroup] {
  /// Adds to the reward of every completion that has one.
  mutating func reward(_ addition: (Prompt, Trajectory) throws -> Double) rethrows {
    for index in indices {
      for (place, trajectory) in self[index].group.trajectories.enumerated() {
        let added = try addition(self[index].group.prompt(of: place), trajectory)
        self[index].judgements[place].reward? += Float(added)
      }
    }
  }
}

extension [TrajectoryGroup] {
  /// Groups of one completion each, put together `copies` at a time.
  func joined(by copies: Int) -> [TrajectoryGroup] {
    guard copies > 1 else { return self }
    return stride(from: 0, to: count, by: copies).map {
      TrajectoryGroup(joining: self[$0..<$0 + copies])
    }
  }
}
