import EntropyControl
import Metrics
import Objectives
import Trajectories

/// What one step gave: its figures and everything that was sampled.
public struct StepReport {
  public let step: Int
  public var metrics = StepMetrics()
  public var groups: [RewardedGroup] = []
  public var batch: TokenBatch?
  /// What interventions reported of each token of the batch; NaN where they did not.
  public var columns: [TokenColumn] = []

  init(step: Int) { self.step = step }

  /// Takes the part of a column that an update gave; a later one holds over those before.
  mutating func set(_ part: TokenColumn, first: Int) {
    let index =
      columns.firstIndex { $0.name == part.name }
      ?? {
        columns.append(
          TokenColumn(part.name, Array(repeating: .nan, count: batch?.count ?? 0)))
        return columns.count - 1
      }()
    var values = columns[index].values
    values.replaceSubrange(first..<first + part.values.count, with: part.values)
    columns[index] = TokenColumn(part.name, values)
  }
}

extension StepReport {
  /// That verifiers, or the environment, failed on completions of the step, with one of the reasons; `nil` where none
  /// did.
  public var failureNote: String? {
    let judgements = groups.flatMap(\.judgements)
    let failed = judgements.filter { $0.verdict == .failed }
    return failed.first.map { first in
      """
      step \(step): \(hasEpisodes ? "the environment" : "the verifiers") failed on \
      \(failed.count) of \(judgements.count) completions, which get no reward: \(first.reason)
      """
    }
  }

  private var hasEpisodes: Bool {
    groups.first?.group.trajectories.first?.episode != nil
  }

  /// What can be said of the rollout before it is trained on.
  var rolloutMetrics: StepMetrics {
    let trajectories = groups.flatMap(\.group.trajectories)
    let rewards = groups.flatMap { $0.rewards.compactMap { $0.map(Double.init) } }
    let lengths = trajectories.map { Double($0.length) }
    let tied = groups.count { !DynamicSampling.keeps($0.rewards) }
    let count = Double(max(trajectories.count, 1))
    return [
      "reward/mean": rewards.isEmpty ? 0 : rewards.reduce(0, +) / Double(rewards.count),
      "reward/tied": Double(tied) / Double(max(groups.count, 1)),
      "rollout/tokens": lengths.reduce(0, +),
      "rollout/length_mean": lengths.reduce(0, +) / count,
      "rollout/length_max": lengths.max() ?? 0,
      "rollout/truncated": Double(trajectories.count(where: \.isTruncated)) / count,
    ]
  }
}
