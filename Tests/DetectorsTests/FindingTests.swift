import Detectors
import Testing

@Suite struct FindingTests {
  @Test func actionsAreInOrderOfForce() {
    let actions: [DetectorAction] = [
      .none, .warn, .scaleRate(factor: 0.5, steps: 10), .shorten(factor: 0.5),
      .dropSequences([true]), .skipStep, .rollBack(factor: 0.5), .stop,
    ]
    #expect(actions.map(\.kind) == DetectorAction.Kind.allCases)
    #expect(zip(actions, actions.dropFirst()).allSatisfy { $0.kind < $1.kind })
  }
}
