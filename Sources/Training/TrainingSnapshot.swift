import Detectors
import Foundation
import JSON
import Optimizers
import Tensors

/// The state of a run between two steps, in memory: what the run goes back to, to the bit.
///
/// As large as weights and moments together, 12 bytes a parameter.
struct TrainingSnapshot {
  /// The steps done.
  let step: Int
  /// `[parameters]`
  private let weights: [Storage<Float>]
  private let memory: AdamW.Memory
  /// Random counters, the place in the data, coefficients.
  private let state: JSONLiteral
  private let interventions: [Data?]
  private let detectors: [Data?]

  init(_ trainer: any Trainer, step: Int) throws {
    self.step = step
    weights = trainer.optimizer.parameters.map { $0.value.copy() }
    memory = trainer.optimizer.memory
    state = trainer.state
    interventions = try trainer.interventions.members.map { try $0.saveState() }
    detectors = try trainer.watch.detectors.members.map { try $0.detector.saveState() }
  }

  func restore(_ trainer: any Trainer) throws {
    for (slot, weight) in zip(trainer.optimizer.parameters, weights) {
      slot.value.pointer.update(from: weight.pointer, count: weight.count)
    }
    trainer.model.refreshComputeCopy()
    trainer.optimizer.restore(memory)
    try trainer.restore(JSON(parsing: state.serialized()))
    for (member, state) in zip(trainer.interventions.members, interventions) {
      if let state { try member.restoreState(state) }
    }
    for (member, state) in zip(trainer.watch.detectors.members, detectors) {
      if let state { try member.detector.restoreState(state) }
    }
  }
}
