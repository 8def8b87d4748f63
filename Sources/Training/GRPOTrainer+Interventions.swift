import EntropyControl
import Foundation
import Metrics
import Objectives
import Trajectories

/// Interventions at work: timed, and taken back where an update is refused.
extension GRPOTrainer {
  /// Lets interventions change the step `batch` in place, and asks what they add to it.
  func intervene(
    _ position: StepPosition, _ batch: inout TokenBatch, _ objective: PolicyObjective
  ) throws -> (prepared: PreparedStep, additions: TokenAdditions) {
    try clocked {
      let prepared = try interventions.prepare(
        position, &batch, objective.shaping(count: batch.count),
        coefficients: { objective.coefficients($0) })
      return (prepared, try prepared.additions(batch))
    }
  }

  /// Runs an update; where it fails, interventions remember what they did before it, and what they
  /// reported of it is dropped.
  func undoing<T>(_ update: () throws -> T) throws -> T {
    let states = try clocked { try interventions.members.map { try $0.saveState() } }
    do {
      return try update()
    } catch {
      for (member, state) in zip(interventions.members, states) {
        if let state { try member.restoreState(state) }
        _ = (member.takeMetrics(), member.takeColumns())
      }
      throw error
    }
  }

  /// Moves what interventions reported of an update into `metrics` and `report`.
  ///
  /// - Parameter first: where the update's tokens begin in the rollout's.
  func takeReports(_ metrics: inout StepMetrics, _ report: inout StepReport, first: Int) {
    for member in interventions.members {
      metrics.merge(member.takeMetrics())
      for column in member.takeColumns() { report.set(column, first: first) }
    }
  }

  private func clocked<T>(_ body: () throws -> T) rethrows -> T {
    let watch = Stopwatch()
    defer { interventionSeconds += watch.total }
    return try body()
  }
}

extension GRPOSettings {
  /// Where update `update` of the rollout of step `index` stands in the run.
  public func position(rollout index: Int, update: Int) -> StepPosition {
    var position = StepPosition(
      step: (index - 1) * updates.count + update + 1, totalSteps: steps * updates.count,
      rollout: index, update: update)
    position.temperature = Double(rollout.sampling.temperature)
    position.clipLow = objective.clipLow
    position.clipHigh = objective.clipHigh
    position.dualClip = objective.dualClip
    position.clipIsExplicit = clipIsExplicit
    return position
  }
}
