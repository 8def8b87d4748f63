import Checkpoints
import Detectors
import Foundation
import JSON
import Metrics
@testable import Models
import Rollouts
import Synchronization
import Testing
import Trajectories
import Verifiers

@testable import Training

/// What detectors are shown, and what becomes of what they propose.
@Suite struct DetectionTests {
  /// Everything that one can ask for.
  private var everything: DetectorNeeds {
    var needs = DetectorNeeds()
    needs.events = Set(DetectionEvent.allCases)
    (needs.tokens, needs.outcomes, needs.norms, needs.views) = (true, true, true, true)
    (needs.attention, needs.logits, needs.logitChange) = (true, true, true)
    (needs.seesRows, needs.observed, needs.rows, needs.spike) = (true, 2, 10, 50)
    return needs
  }

  /// What else an update depends on.
  private func memory(_ trainer: GRPOTrainer) -> [UInt32] {
    trainer.optimizer.state.flatMap { $0.values.array.map(\.bitPattern) }
      + [UInt32(trainer.optimizer.step)]
  }

  // MARK: Watching

  @Test(arguments: [1, 2])
  func watchingChangesNoBit(epochs: Int) throws {
    var task = try ToyTask()
    task.settings.updates.epochs = epochs
    func train(_ detector: Script?) throws -> GRPOTrainer {
      let watch = try detector.map { try Watch($0) } ?? Watch(.none)
      let trainer = try task.trainer(nil, [Tilt()], watch: watch)
      for step in 1...3 { _ = try trainer.step(step) }
      return trainer
    }
    let plain = try train(nil)
    let script = Script(needs: everything)
    let watched = try train(script)
    #expect(script.lookCount == 3 * (1 + 2 * epochs + 1))
    #expect((watched.model.weightBits == plain.model.weightBits) as Bool)
    #expect((memory(watched) == memory(plain)) as Bool)
  }

  @Test func eachEventHasWhatWasAskedFor() throws {
    let seen = Mutex<[DetectionEvent: [String]]>([:])
    let task = try ToyTask()
    let script = Script(needs: everything) { observation in
      var parts: [String] = []
      if let tokens = observation.tokens {
        parts.append("tokens")
        #expect(observation.coefficients.count == tokens.count)
        #expect(observation.observed?.values[3] == tokens.oldLogprobs[1] * 2)
      }
      if let outcomes = observation.outcomes {
        parts.append("outcomes")
        #expect(outcomes.rewards.count == 12 && outcomes.groups.max() == 2)
      }
      if let tensor = observation.tensors.first {
        parts.append("tensors")
        #expect(tensor.weightNorm > 0 && tensor.weights?.count == tensor.shape.reduce(1, *))
        #expect((tensor.gradient != nil) == (observation.event == .gradients))
        #expect((tensor.previous != nil) == (observation.event == .update))
        if observation.event == .update {
          let change = zip(tensor.weights!, tensor.previous!).reduce(0.0) {
            $0 + pow(Double($1.0) - Double($1.1), 2)
          }
          #expect(abs(tensor.updateNorm - change.squareRoot()) < 1e-9 && tensor.updateNorm > 0)
        }
      }
      if !observation.heads.isEmpty { parts.append("heads") }
      if let row = observation.logits.first {
        parts.append(row.change == nil ? "logits" : "logits and change")
        #expect(observation.logits.count == 10 && row.logits.count == ToyTask.allowed)
      }
      if observation.metrics["reward/mean"] != nil { parts.append("metrics") }
      seen.withLock { $0[observation.event] = parts }
      return .none
    }
    // The checkpoint has weights without figures.
    let trainer = try task.trainer(watch: Watch(script))
    _ = try trainer.step(1)
    #expect(
      seen.withLock(\.self) == [
        .rollout: ["tokens", "outcomes", "metrics"],
        .gradients: ["tokens", "tensors", "logits", "metrics"],
        .update: ["tensors", "logits and change", "metrics"],
        .step: ["heads", "metrics"],
      ])
  }

  @Test func metricsAloneCostNoPassAndNoLook() throws {
    let task = try ToyTask()
    func passes(_ watch: Watch) throws -> Int {
      let trainer = try task.trainer(watch: watch)
      _ = try trainer.step(1)
      return trainer.model.passCount
    }
    let script = Script(at: [.rollout, .gradients, .step]) { observation in
      #expect(observation.tokens == nil && observation.tensors.isEmpty)
      return .none
    }
    #expect(try passes(Watch(script)) == passes(Watch(.none)))
    let now = try passes(Watch(Script(needs: everything)))
    #expect(try now > passes(Watch(.none)))
  }

  @Test func aDetectorLooksAtItsOwnPace() throws {
    var task = try ToyTask(steps: 8)
    task.settings.optimizer.learningRate = 0.001
    let script = Script(at: [.gradients])
    let trainer = try task.trainer(
      watch: Watch(DetectorSet([.init(script, every: 3)])))
    for step in 1...8 { _ = try trainer.step(step) }
    #expect(script.lookCount == 3)  // steps 1, 4 and 7
  }

  /// The change of logits that detectors see is that of the weights.
  @Test func theChangeOfLogitsIsTheUpdates() throws {
    var task = try ToyTask()
    task.settings.optimizer.learningRate = 1e-5
    let seen = Mutex<(index: [Int], change: [[Float]], logits: [[Float]])>(([], [], []))
    let script = Script(needs: everything) { observation in
      guard observation.event == .update else { return .none }
      seen.withLock {
        $0 = (
          observation.logits.map(\.index), observation.logits.map { Array($0.change!) },
          observation.logits.map { Array($0.logits) }
        )
      }
      return .none
    }
    let trainer = try task.trainer(watch: Watch(script))
    let before = try task.model()
    let batch = try #require(try trainer.step(1).batch)
    let sample = LogitSample(batch, rows: 10, policy: trainer.policy)
    let (index, change, logits) = seen.withLock(\.self)
    #expect(index == sample.tokens)
    let (old, new) = (before.logits(of: sample.chosen), trainer.model.logits(of: sample.chosen))
    for row in index.indices {
      for id in 0..<ToyTask.allowed {
        // The middle of two passes on either side of them.
        #expect(abs(logits[row][id] - old[row, id]) < 1e-4)
        #expect(abs(change[row][id] - (new[row, id] - old[row, id])) < 2e-5)
      }
      #expect(change[row].contains { abs($0) > 1e-4 })
    }
  }

  // MARK: Actions

  @Test func byDefaultDetectorsOnlyWarn() throws {
    let task = try ToyTask()
    let plain = try task.trainer()
    _ = try plain.step(1)
    for action: DetectorAction in [
      .scaleRate(factor: 0.1, steps: 9), .shorten(factor: 0.1), .skipStep, .rollBack(factor: 0.5),
      .stop,
    ] {
      let watch = Watch(
        try DetectorSet([.init(Script(at: Set(DetectionEvent.allCases)) { _ in action })]))
      let trainer = try task.trainer(watch: watch)
      let report = try trainer.step(1)
      #expect((trainer.model.weightBits == plain.model.weightBits) as Bool)
      #expect(report.metrics["script/warned"] == 1 && report.metrics["detector/action"] == 1)
      #expect(watch.detections.allSatisfy { $0.finding.action == action && $0.done == .warn })
    }
  }

  @Test(arguments: [DetectionEvent.rollout, .gradients, .update])
  func aSkippedUpdateNeverHappened(event: DetectionEvent) throws {
    let task = try ToyTask()
    let tilt = Tilt()
    let script = Script(at: [event]) { $0.step == 2 ? .skipStep : .none }
    let trainer = try task.trainer(nil, [tilt], watch: Watch(script, limit: .skipStep))
    _ = try trainer.step(1)
    let before = (trainer.model.weightBits, memory(trainer), tilt.remembered)
    let report = try trainer.step(2)
    #expect((trainer.model.weightBits == before.0) as Bool)
    #expect((memory(trainer) == before.1) as Bool)
    #expect(tilt.remembered == before.2)
    #expect(report.metrics["detector/action"] == 5)
    #expect((report.metrics["optimizer/skipped_detector"] ?? 0) == (event == .rollout ? 0 : 1))
    // The run goes on with other prompts.
    _ = try trainer.step(3)
    #expect((trainer.model.weightBits != before.0) as Bool)
    #expect(trainer.promptsDrawn == 9)
  }

  @Test func aShortenedUpdateGoesPartOfTheWay() throws {
    let task = try ToyTask()
    let whole = try task.trainer()
    let start = whole.model.parameters.map { $0.value.array }
    _ = try whole.step(1)
    let script = Script(at: [.update]) { _ in .shorten(factor: 0.25) }
    let part = try task.trainer(watch: Watch(script))
    let report = try part.step(1)
    #expect(report.metrics["detector/shortened"] == 0.25)
    #expect((memory(part) == memory(whole)) as Bool)
    for (index, parameter) in part.model.parameters.enumerated() {
      let far = whole.model.parameters[index].value.array
      for i in far.indices {
        let expected = start[index][i] + 0.25 * (far[i] - start[index][i])
        #expect(abs(parameter.value[i] - expected) <= 1e-6 * max(1, abs(expected)))
      }
    }
    // Gradients and update both: factors multiply.
    let twice = try task.trainer(
      watch: Watch(Script(at: [.gradients, .update]) { _ in .shorten(factor: 0.5) }))
    #expect(try twice.step(1).metrics["detector/shortened"] == 0.25)
    #expect((twice.model.weightBits == part.model.weightBits) as Bool)
  }

  @Test func droppedSequencesAreNotLearnedFrom() throws {
    let task = try ToyTask()
    let dropped = (0..<12).map { $0 % 3 == 0 }
    let seen = Mutex<[UInt8]>([])
    var needs = DetectorNeeds()
    (needs.events, needs.tokens) = ([.rollout, .gradients], true)
    let script = Script(needs: needs) { observation in
      if observation.event == .rollout { return .dropSequences(dropped) }
      seen.withLock { $0 = observation.tokens!.mask }
      return .none
    }
    let trainer = try task.trainer(watch: Watch(script))
    let report = try trainer.step(1)
    let batch = try #require(report.batch)
    for sequence in 0..<12 {
      #expect(
        batch.range(sequence).allSatisfy { (batch.mask[$0] == 0) == dropped[sequence] })
    }
    #expect(seen.withLock(\.self) == batch.mask)
    #expect(report.metrics[.trainedTokens] == Double(batch.mask.count { $0 != 0 }))
    #expect(report.metrics["detector/dropped"] == 4)
  }

  @Test func aScaledRateComesBack() throws {
    var task = try ToyTask(steps: 6)
    task.settings.optimizer.learningRate = 0.01
    let script = Script(at: [.gradients]) {
      $0.step == 2 ? .scaleRate(factor: 0.5, steps: 2) : .none
    }
    let trainer = try task.trainer(watch: Watch(script))
    let rates = try (1...5).map { try trainer.step($0).metrics["optimizer/learning_rate"]! }
    for (rate, scale) in zip(rates, [1, 0.5, 0.75, 1, 1]) {
      #expect(abs(rate - 0.01 * scale) < 1e-12)
    }
  }

  // MARK: Going back

  @Test(arguments: [DetectionEvent.rollout, .gradients, .update, .step])
  func goingBackIsToTheBit(event: DetectionEvent) throws {
    var task = try ToyTask(steps: 9)
    task.settings.updates.epochs = 2
    let tilt = Tilt()
    let script = Script(at: [event]) { $0.step == 5 ? .rollBack(factor: 0.5) : .none }
    let trainer = try task.trainer(nil, [tilt], watch: Watch(script))
    for step in 1...4 { _ = try trainer.step(step) }
    let good = (
      trainer.model.weightBits, memory(trainer), tilt.remembered, script.lookCount,
      trainer.promptsDrawn
    )
    let report = try trainer.step(5)
    #expect(report.metrics["detector/action"] == 6)
    #expect(report.metrics["detector/rolled_back_to"] == 4)
    #expect((trainer.model.weightBits == good.0) as Bool)
    #expect((memory(trainer) == good.1) as Bool)
    #expect(tilt.remembered == good.2)
    #expect(script.lookCount == good.3)
    #expect(trainer.promptsDrawn == good.4)
    // The compute copy too: what is sampled next is the good policy's.
    let fresh = try task.trainer()
    for (slot, parameter) in zip(fresh.model.parameters, trainer.model.parameters) {
      slot.value.pointer.update(from: parameter.value.pointer, count: slot.value.count)
    }
    fresh.model.refreshComputeCopy()
    let batch = try #require(report.batch)
    #expect(try fresh.policy.score(batch).logprobs == trainer.policy.score(batch).logprobs)
    // The step's prompts are left out, the others are drawn.
    let next = try trainer.step(6)
    #expect(next.groups.map(\.group.prompt.id) == ["p15", "p16", "p17"])
    #expect(next.metrics["optimizer/learning_rate"] == 0.01)
  }

  @Test func afterThreeRollBacksTheRunEnds() throws {
    let task = try ToyTask(steps: 9)
    let script = Script(at: [.gradients]) { _ in .rollBack(factor: 0.5) }
    let watch = try Watch(script)
    let trainer = try task.trainer(watch: watch)
    let start = trainer.model.weightBits
    for step in 1...4 {
      _ = try trainer.step(step)
      #expect(watch.action.kind == (step < 4 ? .rollBack : .stop))
    }
    #expect((trainer.model.weightBits == start) as Bool)
    #expect(watch.ledger.rateScale(at: 5) == 0.125)
  }

  @Test func aNumberThatIsNotFiniteCanSendTheRunBack() throws {
    let task = try ToyTask()
    let script = Script(at: [.step]) {
      $0.metrics["optimizer/refused"] == 1 ? .rollBack(factor: 1) : .none
    }
    let trainer = try task.trainer(watch: Watch(script))
    _ = try trainer.step(1)
    _ = try trainer.step(2)
    let good = trainer.model.weightBits
    trainer.model.parameters[0].value[3] = .nan
    trainer.model.refreshComputeCopy()
    #expect(throws: RefusedStep.self) { try trainer.step(3) }
    let isBack = trainer.model.weightBits == good
    #expect(isBack)
    _ = try trainer.step(4)
    // Without a detector the run ends there.
    let plain = try task.trainer()
    plain.model.parameters[0].value[3] = .nan
    plain.model.refreshComputeCopy()
    #expect(throws: RolloutError.self) { try plain.step(1) }
  }

  @Test func aDetectorThatFailsEndsTheRunOnlyWhereItMayAct() throws {
    struct Broken: Error, CustomStringConvertible { let description = "no memory of it" }
    let task = try ToyTask()
    let script = Script(at: [.rollout]) { _ in throw Broken() }
    let watch = try Watch(script, limit: .warn)
    let trainer = try task.trainer(watch: watch)
    _ = try trainer.step(1)
    #expect(
      watch.detections.first?.message
        == "step 1: script: script: it failed at the rollout: no memory of it; it is asked no more (warning)"
    )
    _ = try trainer.step(2)
    #expect(script.lookCount == 1)
    #expect(throws: DetectorError.self) {
      try task.trainer(watch: Watch(script, limit: .skipStep)).step(1)
    }
  }
}
