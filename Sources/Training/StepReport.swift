import Foundation
import Metrics
import Objectives
import Models
import Optimizers
import Trajectories

/// What one step gave: its figures and everything that was sampled.
public struct StepReport {
  public let step: Int
  public var metrics = StepMetrics()
  public var groups: [RewardedGroup] = []
  public var batch: TokenBatch?

  init(step: Int) { self.step = step }
}

extension StepReport {
  /// That verifiers failed on completions of the step, with one of the reasons; `nil` where none
  /// did.
  public var failureNote: String? {
    let judgements = groups.flatMap(\.judgements)
    let failed = judgements.filter { $0.verdict == .failed }
    return failed.first.map { first in
      """
      step \(step): the verifiers failed on \(failed.count) of \(judgements.count) completions, \
      which get no reward: \(first.reason)
      """
    }
  }
}

/// Seconds since it was made, in laps.
struct Stopwatch {
  private let begin = ContinuousClock.now
  private var last = ContinuousClock.now

  /// Seconds since the last lap.
  mutating func lap() -> Double {
    let now = ContinuousClock.now
    defer { last = now }
    return (now - last) / .seconds(1)
  }

  var total: Double { (ContinuousClock.now - begin) / .seconds(1) }
}

/// A step whose loss or gradient is not finite: it never reached the weights.
public struct RefusedStep: Error, CustomStringConvertible {
  public let step: Int
  /// What was being trained on, so that it can be replayed.
  public let batch: TokenBatch
  /// Names the tensor and element, or the sequence and token.
  public let reason: String

  public var description: String { "step \(step) is refused: \(reason)" }
}

/// Turns numbers that are not finite into a ``RefusedStep`` that carries the batch.
func refusing<T>(_ step: Int, _ batch: TokenBatch, _ body: () throws -> T) throws -> T {
  func refused(_ error: any Error) -> RefusedStep {
    RefusedStep(step: step, batch: batch, reason: "\(error)")
  }
  do {
    return try body()
  } catch let error as NonFiniteScore {
    throw refused(error)
  } catch let error as ObjectiveError {
    throw refused(error)
  } catch let error as OptimizerError {
    throw refused(error)
  }
}

extension GRPOTrainer {
  /// What can be said of a rollout before it is trained on.
  func rolloutMetrics(_ groups: [RewardedGroup]) -> StepMetrics {
    var metrics = StepMetrics()
    let trajectories = groups.flatMap(\.group.trajectories)
    let rewards = groups.flatMap { $0.rewards.compactMap(\.self) }
    let count = Double(max(trajectories.count, 1))
    let lengths = trajectories.map { Double($0.tokens.count) }
    metrics["reward/mean"] =
      rewards.isEmpty ? 0 : Double(rewards.reduce(0, +)) / Double(rewards.count)
    let tied = groups.count { !DynamicSampling.keeps($0.rewards) }
    metrics["reward/tied"] = Double(tied) / Double(max(groups.count, 1))
    metrics["rollout/tokens"] = lengths.reduce(0, +)
    metrics["rollout/length_mean"] = lengths.reduce(0, +) / count
    metrics["rollout/length_max"] = lengths.max() ?? 0
    metrics["rollout/truncated"] = Double(trajectories.count { $0.stop == .length }) / count
    return metrics
  }
}
