import JSON
import Testing

@testable import Detectors

/// Which of several proposals is carried out, and what follows from those before.
@Suite struct ActionLedgerTests {
  private func found(
    _ actions: [DetectorAction], at event: DetectionEvent = .gradients, step: Int = 1
  ) -> [Detection] {
    actions.enumerated().map { place, action in
      Detection(
        place: place, detector: "d\(place)", event: event, step: step, update: 0,
        finding: Finding(action))
    }
  }

  private func resolve(
    _ ledger: inout ActionLedger, _ actions: [DetectorAction],
    limits: [DetectorAction.Kind], at event: DetectionEvent = .gradients, step: Int = 1
  ) -> (DetectorAction, [DetectorAction.Kind]) {
    var all = found(actions, at: event, step: step)
    let done = ledger.resolve(&all) { limits[$0] }
    return (done, all.map(\.done.kind))
  }

  @Test func theStrongestAllowedActionIsDone() {
    var ledger = ActionLedger()
    let (action, done) = resolve(
      &ledger, [.scaleRate(factor: 0.5, steps: 9), .stop, .shorten(factor: 0.2), .none],
      limits: [.stop, .warn, .shorten, .stop])
    #expect(action == .shorten(factor: 0.2))
    #expect(done == [.none, .warn, .shorten, .none])
  }

  /// What has no figures of its own can stand for something stronger.
  @Test func aLimitLeavesTheStrongestThatItAllows() {
    let gradients = DetectionEvent.gradients
    #expect(DetectorAction.stop.clamped(to: .skipStep, at: gradients) == .skipStep)
    #expect(DetectorAction.stop.clamped(to: .rollBack, at: gradients) == .rollBack(factor: 0.5))
    #expect(DetectorAction.rollBack(factor: 0.9).clamped(to: .shorten, at: gradients) == .warn)
    #expect(DetectorAction.skipStep.clamped(to: .warn, at: gradients) == .warn)
    #expect(DetectorAction.skipStep.clamped(to: .none, at: gradients) == .none)
  }

  @Test func whatIsTooLateIsAWarning() {
    for (event, action): (DetectionEvent, DetectorAction) in [
      (.step, .skipStep), (.step, .shorten(factor: 0.5)), (.gradients, .dropSequences([true])),
      (.checkpoint, .skipStep),
    ] {
      #expect(action.clamped(to: .stop, at: event) == .warn)
    }
    #expect(DetectorAction.skipStep.clamped(to: .stop, at: .update) == .skipStep)
    #expect(DetectorAction.stop.clamped(to: .skipStep, at: .step) == .warn)
  }

  @Test func equalsAreJoined() {
    var ledger = ActionLedger()
    let shorter = resolve(
      &ledger, [.shorten(factor: 0.5), .shorten(factor: 0.3)], limits: [.stop, .stop])
    #expect(shorter.0 == .shorten(factor: 0.3) && shorter.1 == [.shorten, .shorten])
    let dropped = resolve(
      &ledger, [.dropSequences([true, false, false]), .dropSequences([false, false, true])],
      limits: [.stop, .stop], at: .rollout)
    #expect(dropped.0 == .dropSequences([true, false, true]))
  }

  @Test func scalesMultiplyFadeAndHaveAFloor() {
    var ledger = ActionLedger()
    #expect(ledger.rateScale(at: 1) == 1)
    _ = resolve(&ledger, [.scaleRate(factor: 0.5, steps: 10)], limits: [.stop], step: 10)
    _ = resolve(&ledger, [.scaleRate(factor: 0.2, steps: 4)], limits: [.stop], step: 12)
    #expect(abs(ledger.rateScale(at: 10) - 0.5 * 0.2) > 0.01)  // the second begins at 12
    #expect(abs(ledger.rateScale(at: 12) - 0.6 * 0.2) < 1e-12)
    #expect(abs(ledger.rateScale(at: 14) - 0.7 * 0.6) < 1e-12)
    #expect(abs(ledger.rateScale(at: 16) - 0.8) < 1e-12)
    #expect(ledger.rateScale(at: 20) == 1)
    for step in 30..<40 {
      _ = resolve(&ledger, [.scaleRate(factor: 0.3, steps: 100)], limits: [.stop], step: step)
    }
    #expect(ledger.rateScale(at: 40) == 0.01)
  }

  @Test func manySkipsBecomeARollBack() {
    var ledger = ActionLedger()
    for step in 1...5 {
      #expect(resolve(&ledger, [.skipStep], limits: [.stop], step: step).0 == .skipStep)
    }
    var later = ledger
    #expect(
      resolve(&ledger, [.skipStep], limits: [.stop], step: 20).0 == .rollBack(factor: 0.5))
    #expect(ledger.rollBacks == 1)
    // The count begins anew; and the first of the five is out of sight by step 21.
    #expect(resolve(&ledger, [.skipStep], limits: [.stop], step: 21).0 == .skipStep)
    #expect(resolve(&later, [.skipStep], limits: [.stop], step: 21).0 == .skipStep)
    // Only where it is allowed.
    #expect(resolve(&later, [.skipStep], limits: [.skipStep], step: 22).0 == .skipStep)
  }

  @Test func aFourthRollBackIsTheEnd() {
    var ledger = ActionLedger(mostRollBacks: 3)
    for step in 1...3 {
      #expect(
        resolve(&ledger, [.rollBack(factor: 0.5)], limits: [.rollBack], step: step).0
          == .rollBack(factor: 0.5))
    }
    #expect(ledger.rateScale(at: 9) == 0.125)
    #expect(resolve(&ledger, [.rollBack(factor: 0.5)], limits: [.rollBack], step: 4).0 == .stop)
  }

  @Test func omittedPromptsAreDrawnAround() {
    var ledger = ActionLedger()
    ledger.omit(12..<15)
    ledger.omit(15..<18)
    #expect(ledger.place(of: 3, from: 6) == 6)
    #expect(ledger.place(of: 3, from: 9) == 9)
    #expect(ledger.place(of: 3, from: 10) == 18)
    #expect(ledger.place(of: 3, from: 12) == 18)
    #expect(ledger.place(of: 3, from: 18) == 18)
  }

  @Test func itGoesThroughARecord() throws {
    var ledger = ActionLedger()
    _ = resolve(&ledger, [.scaleRate(factor: 0.3, steps: 7)], limits: [.stop], step: 3)
    _ = resolve(&ledger, [.rollBack(factor: 0.7)], limits: [.stop], step: 4)
    _ = resolve(&ledger, [.skipStep], limits: [.stop], step: 5)
    ledger.omit(4..<8)
    var again = ActionLedger()
    try again.restore(JSON(parsing: ledger.record.serialized()))
    #expect(again == ledger)
  }
}
