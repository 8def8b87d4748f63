import Foundation
import Metrics
import Testing
import Trajectories

@testable import Detectors

@Suite struct DetectorSetTests {
  private final class Fixed: Detector {
    let name: String
    let needs: DetectorNeeds
    let action: DetectorAction

    init(_ name: String, at events: Set<DetectionEvent>, _ action: DetectorAction = .none) {
      var needs = DetectorNeeds()
      (needs.events, needs.every, needs.seesRows) = (events, 4, events.contains(.rollout))
      (self.name, self.needs, self.action) = (name, needs, action)
    }
    func observe(
      _ row: LogprobRow, into floats: UnsafeMutableBufferPointer<Float>
    ) -> [UInt8] { [] }
    func detect(_ observation: Observation) -> Finding { Finding(action, reason: "so it is") }
    func takeMetrics() -> StepMetrics { StepMetrics() }
    func saveState() -> Data? { nil }
    func restoreState(_ state: Data) {}
  }

  @Test func membersLookAtTheirOwnPace() throws {
    let set = try DetectorSet([
      .init(Fixed("a", at: [.rollout, .evaluation])),
      .init(Fixed("b", at: [.rollout, .update]), every: 2, limit: .skipStep),
    ])
    #expect(set.places(at: .rollout, step: 1) == [0, 1])
    #expect(set.places(at: .rollout, step: 3) == [1])
    #expect(set.places(at: .rollout, step: 5) == [0, 1])
    #expect(set.places(at: .rollout, step: 6) == [])
    #expect(set.places(at: .evaluation, step: 6) == [0])
    #expect(set.watchers(ofRowsIn: 3) == [1])
    #expect(set.maySkipUpdate(step: 3) && !set.maySkipUpdate(step: 2))
    #expect(!set.mayGoBack)
  }

  @Test func oneNameIsOneMember() {
    #expect(throws: DetectorError.twice("a")) {
      try DetectorSet([.init(Fixed("a", at: [])), .init(Fixed("a", at: []))])
    }
  }

  @Test(
    arguments: [
      DetectorAction.shorten(factor: 0), .shorten(factor: .nan), .rollBack(factor: 1.5),
      .scaleRate(factor: 0.5, steps: -1), .dropSequences([true]),
    ])
  func figuresThatMeanNothingAreRefused(_ action: DetectorAction) throws {
    let set = try DetectorSet([.init(Fixed("a", at: [.rollout], action))])
    var observation = Observation(.rollout, step: 1, totalSteps: 2)
    observation.tokens = TokenBatch(prompts: [[1], [1]], completions: [[2], [2]])
    #expect(throws: DetectorError.self) { try set.look(observation, place: 0) }
  }

  @Test func aDetectionSaysWhatItIs() {
    func message(_ action: DetectorAction, done: DetectorAction) -> String {
      var detection = Detection(
        place: 0, detector: "spike", event: .gradients, step: 7, update: 0,
        finding: Finding(action, reason: "the norm is 31"))
      detection.done = done
      return detection.message
    }
    #expect(message(.warn, done: .warn) == "step 7: spike: the norm is 31 (warning)")
    #expect(
      message(.skipStep, done: .warn) == "step 7: spike: the norm is 31 (it would skip the update)")
    #expect(
      message(.skipStep, done: .skipStep) == "step 7: spike: the norm is 31 (skip the update)")
  }
}
