import Checkpoints
import Detectors
import Foundation
import JSON
import Metrics
import Models
import Testing

@testable import Training

/// Detectors through the loop: records, checkpoints, ends.
@Suite struct WatchedRunTests {
  private final class Silent: MetricRecorder {
    func record(_ metrics: StepMetrics, step: Int) {}
  }

  private func run(_ trainer: GRPOTrainer, _ folder: RunFolder, saveEvery: Int = 2) -> TrainingRun {
    TrainingRun(
      trainer: trainer, folder: folder, display: Silent(), saveEvery: saveEvery, keeping: 9,
      writeModel: { try trainer.model.write(to: $0, as: .float32, generation: nil) })
  }

  private func withFolder(_ body: (RunFolder) throws -> Void) throws {
    let url = FileManager.default.temporaryDirectory.appending(path: "temper-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: url) }
    try body(RunFolder(creating: url))
  }

  @Test func findingsAreRecorded() throws {
    try withFolder { files in
      let task = try ToyTask(steps: 3)
      let script = Script(at: [.gradients, .checkpoint]) {
        $0.step == 2 ? .scaleRate(factor: 0.5, steps: 4) : .none
      }
      _ = try run(task.trainer(watch: Watch(script, limit: .scaleRate)), files).run(
        after: 0, total: 3, isInterrupted: { false })
      let lines = try JSONLines(of: files.detections).map { try $1.get() }
      #expect(lines.map { $0["event"].string } == ["gradients", "checkpoint"])
      #expect(lines[0]["step"].int == 2 && lines[0]["detector"].string == "script")
      #expect(lines[0]["done"]["action"].string == "scale_rate")
      #expect(lines[0]["done"]["factor"].double == 0.5)
      #expect(lines[0]["reason"].string == "as the script says")
      #expect(lines[0]["figures"]["script/looks"].double == 2)
      let metrics = try JSONLines(of: files.metrics).map { try $1.get() }
      #expect(metrics.map { $0["detector/action"].double } == [0, 2, 0])
      #expect(metrics.map { $0["script/warned"].double } == [0, 1, 0])
    }
  }

  @Test func aResumedRunIsTheUninterruptedOne() throws {
    try withFolder { files in
      let task = try ToyTask(steps: 6)
      func script() -> Script {
        var needs = DetectorNeeds()
        (needs.events, needs.attention) = ([.gradients, .step], true)
        return Script(needs: needs) { observation in
          #expect(observation.event == .gradients || observation.heads.count == 8)
          switch (observation.step, observation.event) {
          case (2, .gradients): return .scaleRate(factor: 0.5, steps: 6)
          case (3, .gradients): return .rollBack(factor: 0.5)
          default: return .none
          }
        }
      }
      let one = script()
      let whole = try task.trainer(watch: Watch(one))
      _ = try run(whole, files).run(after: 0, total: 6, isInterrupted: { false })

      let checkpoint = try files.checkpoints().checkpoint(at: 4)
      #expect(
        try Manifest(of: checkpoint.folder).entries.contains { $0.path == "detectors/script" })
      let two = script()
      let resumed = try task.trainer(
        task.model(from: checkpoint.model), watch: Watch(two))
      try TrainingState.restore(resumed, from: checkpoint)
      #expect(resumed.watch.probe.sequences == whole.watch.probe.sequences)
      for step in 5...6 { _ = try resumed.step(step) }
      #expect(resumed.model.weightBits == whole.model.weightBits)
      #expect(one.lookCount == two.lookCount)
      #expect(resumed.watch.ledger == whole.watch.ledger)

      let other = try task.trainer(task.model(from: checkpoint.model))
      #expect(throws: StateError.self) { try TrainingState.restore(other, from: checkpoint) }
    }
  }

  /// Without states in memory the last checkpoint takes their place.
  @Test func theRunGoesBackToTheLastCheckpoint() throws {
    try withFolder { files in
      let task = try ToyTask(steps: 4)
      let script = Script(at: [.gradients]) { $0.step == 4 ? .rollBack(factor: 0.5) : .none }
      let trainer = try task.trainer(nil, [Tilt()], watch: Watch(script, snapshotEvery: 0))
      _ = try run(trainer, files).run(after: 0, total: 4, isInterrupted: { false })
      let checkpoint = try files.checkpoints().checkpoint(at: 2)
      #expect(try task.model(from: checkpoint.model).weightBits == trainer.model.weightBits)
      #expect(trainer.promptsDrawn == 6 && trainer.optimizer.step == 2)
      #expect(trainer.watch.ledger.rateScale(at: 5) == 0.5)
    }
  }

  @Test func aStoppedRunLeavesTheLastGoodState() throws {
    try withFolder { files in
      let task = try ToyTask(steps: 6)
      let script = Script(at: [.step]) { $0.step == 5 ? .stop : .none }
      let trainer = try task.trainer(watch: Watch(script))
      let stopped = #expect(throws: StoppedRun.self) {
        try run(trainer, files, saveEvery: 4).run(after: 0, total: 6, isInterrupted: { false })
      }
      #expect(stopped?.step == 5 && stopped?.goodStep == 4 && stopped?.detector == "script")
      let last = try files.checkpoints().newest().checkpoint
      #expect(last.step == 5)
      let good = try files.checkpoints().checkpoint(at: 4)
      #expect(
        try task.model(from: last.model).weightBits == task.model(from: good.model).weightBits)
      let metrics = try JSONLines(of: files.metrics).map { try $1.get() }
      #expect(metrics.last?["detector/action"].double == 7)
    }
  }

  @Test func withNothingToGoBackToTheRunEnds() throws {
    try withFolder { files in
      let script = Script(at: [.gradients]) { _ in .rollBack(factor: 0.5) }
      let trainer = try ToyTask(steps: 2).trainer(watch: Watch(script, snapshotEvery: 0))
      let stopped = #expect(throws: StoppedRun.self) {
        try run(trainer, files).run(after: 0, total: 2, isInterrupted: { false })
      }
      #expect(stopped?.goodStep == nil)
    }
  }
}
