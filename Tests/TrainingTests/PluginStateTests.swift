import Checkpoints
import EntropyControl
import Foundation
import Metrics
import Models
import Testing

@testable import Training

/// What plugins remember goes through checkpoints.
@Suite struct PluginStateTests {
  private final class Silent: MetricRecorder {
    func record(_ metrics: StepMetrics, step: Int) {}
  }

  private func run(_ trainer: GRPOTrainer, _ folder: RunFolder) -> TrainingRun {
    TrainingRun(
      trainer: trainer, folder: folder, display: Silent(), saveEvery: 2, keeping: 9,
      writeModel: { try trainer.model.write(to: $0, as: .float32, generation: nil) })
  }

  private func folder() -> URL {
    FileManager.default.temporaryDirectory.appending(path: "temper-\(UUID().uuidString)")
  }

  @Test func aResumedRunIsTheUninterruptedOne() throws {
    var task = try ToyTask(steps: 5)
    task.settings.updates.epochs = 2
    let (url, tilt) = (folder(), Tilt())
    defer { try? FileManager.default.removeItem(at: url) }
    let whole = try task.trainer(nil, [tilt])
    let files = try RunFolder(creating: url)
    _ = try run(whole, files).run(after: 0, total: 5, isInterrupted: { false })
    #expect(tilt.remembered.steps == 10)

    let checkpoint = try files.checkpoints().checkpoint(at: 2)
    let manifest = try Manifest(of: checkpoint.folder)
    #expect(manifest.entries.contains { $0.path == "plugins/tilt" })
    let again = Tilt()
    let resumed = try task.trainer(task.model(from: checkpoint.model), [again])
    try TrainingState.restore(resumed, from: checkpoint)
    #expect(again.remembered.steps == 4)
    for step in 3...5 { _ = try resumed.step(step) }
    #expect(resumed.model.weightBits == whole.model.weightBits)
    #expect(again.remembered == tilt.remembered)

    // Without its memory the run would go elsewhere.
    let blank = try task.trainer(task.model(from: checkpoint.model), [Tilt()])
    try TrainingState.restore(blank, from: checkpoint)
    try blank.interventions.members[0].restoreState(JSONEncoder().encode(Tilt.Memory()))
    for step in 3...5 { _ = try blank.step(step) }
    #expect(blank.model.weightBits != whole.model.weightBits)
  }

  @Test func aCheckpointOfOtherPluginsIsRefused() throws {
    let task = try ToyTask(steps: 1)
    let url = folder()
    defer { try? FileManager.default.removeItem(at: url) }
    let files = try RunFolder(creating: url)
    _ = try run(task.trainer(nil, [Tilt("one"), Tilt("two")]), files).run(
      after: 0, total: 1, isInterrupted: { false })
    let checkpoint = try files.checkpoints().checkpoint(at: 1)
    for (others, named) in [([Tilt("two")], "two"), ([], "none")] {
      let trainer = try task.trainer(task.model(from: checkpoint.model), others)
      let error = #expect(throws: StateError.self) {
        try TrainingState.restore(trainer, from: checkpoint)
      }
      #expect(
        error?.description.contains("plugins one, two, and this one has \(named)") == true)
    }
    // What a plugin cannot read is named with its file.
    try Data("?".utf8).write(to: checkpoint.folder.appending(path: "plugins/two"))
    let trainer = try task.trainer(
      task.model(from: checkpoint.model), [Tilt("one"), Tilt("two")])
    let error = #expect(throws: StateError.self) {
      try TrainingState.restore(trainer, from: checkpoint)
    }
    #expect(error?.description.contains("plugins/two: the plugin cannot go on from it") == true)
  }
}
