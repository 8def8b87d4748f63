import Checkpoints
import Detectors
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
  let onDetection: (Detection) -> Void

  /// - Parameters:
  ///   - writeModel: writes the model's folder, weights in float32.
  ///   - onStep: sees each step that was done, before its checkpoint, and may add metrics.
  ///   - onRefusal: sees each step that was refused.
  ///   - onDetection: sees what detectors find.
  public init(
    trainer: any Trainer, folder: RunFolder, display: any MetricRecorder, saveEvery: Int,
    keeping: Int, writeModel: @escaping (URL) throws -> Void,
    onStep: @escaping (inout StepReport) throws -> Void = { _ in },
    onRefusal: @escaping (RefusedStep) -> Void = { _ in },
    onDetection: @escaping (Detection) -> Void = { _ in }
  ) {
    self.trainer = trainer
    self.folder = folder
    self.display = display
    self.saveEvery = saveEvery
    self.writeModel = writeModel
    self.onStep = onStep
    self.onRefusal = onRefusal
    self.onDetection = onDetection
    store = folder.checkpoints(keeping: keeping)
    trainer.watch.lastCheckpoint = { [store, unowned trainer] in
      guard !store.all().isEmpty else { return nil }
      let last = try store.newest().checkpoint
      try TrainingState.goBack(trainer, to: last)
      return last.step
    }
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
  /// - Throws: ``StoppedRun`` where a detector ends it, ``RefusedStep`` after too many in a row.
  public func run(after done: Int, total: Int, isInterrupted: () -> Bool) throws -> Outcome {
    // Opened here: resuming puts another file in the place of the one there was.
    let recorders: [any MetricRecorder] = [
      display, try JSONLinesRecorder(appendingTo: folder.metrics),
    ]
    var refusals = 0
    var step = done
    while step < total {
      step += 1
      var metrics: StepMetrics
      do {
        var report = try trainer.step(step)
        refusals = 0
        try onStep(&report)
        metrics = report.metrics
      } catch let refused as RefusedStep {
        refusals += trainer.watch.wentBack == nil ? 1 : 0
        onRefusal(refused)
        try keep(refused)
        metrics = ["optimizer/refused": 1]
        if refusals == Self.maximumRefusals {
          try record(&metrics, step, recorders)
          throw refused
        }
      }
      let stopping = isInterrupted() && step < total
      let saves = stopping || step == total || step % saveEvery == 0
      if saves { try trainer.look(.checkpoint, step: step, metrics: metrics) }
      try record(&metrics, step, recorders)
      if trainer.watch.action.kind == .stop { throw try stopped(step) }
      if saves { try save(step) }
      if stopping { return .interrupted(step: step) }
    }
    return .finished
  }

  private func record(
    _ metrics: inout StepMetrics, _ step: Int, _ recorders: [any MetricRecorder]
  ) throws {
    trainer.watch.report(into: &metrics)
    for recorder in recorders { try recorder.record(metrics, step: step) }
    try recordDetections()
  }

  private func recordDetections() throws {
    let found = trainer.watch.detections.filter { !$0.isNothing }
    try folder.append(found.map(\.record), to: folder.detections)
    for detection in found { onDetection(detection) }
  }

  /// Leaves the last good state behind.
  private func stopped(_ step: Int) throws -> StoppedRun {
    let reasons = trainer.watch.detections.filter { $0.done.kind >= .rollBack }
    if trainer.watch.wentBack != nil { try save(step) }
    return StoppedRun(
      step: step, detector: reasons.last?.detector ?? "detector",
      reason: reasons.last?.finding.reason ?? "", goodStep: trainer.watch.wentBack)
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
