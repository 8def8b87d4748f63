import Checkpoints
import Foundation
import JSON
import Metrics

/// The loop around a trainer: records, checkpoints, refusals, and an end at any time.
public final class TrainingRun {
  public enum Outcome: Equatable {
    case finished
    /// Stopped on request after that many steps; a checkpoint was saved.
    case interrupted(step: Int)
  }

  /// How often in a row a step may be refused before the run ends.
  static let maximumRefusals = 3

  let trainer: any Trainer
  let folder: RunFolder
  /// Shows metrics to people; the file has its own recorder.
  let display: any MetricRecorder
  let store: CheckpointStore
  /// Steps between checkpoints; the last step always has one.
  let saveEvery: Int
  let writeModel: (URL) throws -> Void
  let onStep: (inout StepReport) throws -> Void
  let onRefusal: (RefusedStep) -> Void

  /// - Parameters:
  ///   - writeModel: writes the model's folder, weights in float32.
  ///   - onStep: sees each step that was done, before its checkpoint, and may add metrics.
  ///   - onRefusal: sees each step that was refused.
  public init(
    trainer: any Trainer, folder: RunFolder, display: any MetricRecorder, saveEvery: Int,
    keeping: Int, writeModel: @escaping (URL) throws -> Void,
    onStep: @escaping (inout StepReport) throws -> Void = { _ in },
    onRefusal: @escaping (RefusedStep) -> Void = { _ in }
  ) {
    self.trainer = trainer
    self.folder = folder
    self.display = display
    self.saveEvery = saveEvery
    self.writeModel = writeModel
    self.onStep = onStep
    self.onRefusal = onRefusal
    store = folder.checkpoints(keeping: keeping)
  }

  /// Puts the trainer back to where a checkpoint was written.
  ///
  /// - Parameter checkpoint: its model is the trainer's model; `nil` where none was saved yet.
  public func resume(from checkpoint: Checkpoint?) throws {
    if let checkpoint { try TrainingState.restore(trainer, from: checkpoint) }
    try folder.supersede(after: checkpoint?.step ?? 0)
  }

  /// Does steps `done + 1 ... total`.
  ///
  /// - Parameter isInterrupted: asked between steps.
  public func run(after done: Int, total: Int, isInterrupted: () -> Bool) throws -> Outcome {
    // Opened here: resuming puts another file in the place of the one there was.
    let recorders: [any MetricRecorder] = [
      display, try JSONLinesRecorder(appendingTo: folder.metrics),
    ]
    var refusals = 0
    var step = done
    while step < total {
      step += 1
      do {
        var report = try trainer.step(step)
        refusals = 0
        try onStep(&report)
        for recorder in recorders { try recorder.record(report.metrics, step: step) }
      } catch let refused as RefusedStep {
        refusals += 1
        onRefusal(refused)
        try keep(refused)
        for recorder in recorders { try recorder.record(["optimizer/refused": 1], step: step) }
        guard refusals < Self.maximumRefusals else { throw refused }
      }
      let stopping = isInterrupted() && step < total
      if stopping || step == total || step % saveEvery == 0 { try save(step) }
      if stopping { return .interrupted(step: step) }
    }
    return .finished
  }

  private func save(_ step: Int) throws {
    try store.save(step: step) { folder in
      try TrainingState.write(trainer, step: step, into: folder, writeModel: writeModel)
    }
  }

  /// Keeps what a refused step was about to learn from.
  private func keep(_ refused: RefusedStep) throws {
    let file = folder.failures.appending(path: "step-\(refused.step).json")
    try FileManager.default.createDirectory(
      at: folder.failures, withIntermediateDirectories: true)
    try AtomicFile.write(refused.record.serialized() + "\n", to: file)
  }
}
