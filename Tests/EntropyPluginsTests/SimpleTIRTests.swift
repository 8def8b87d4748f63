import Testing
import Trajectories

@Suite struct SimpleTIRTests {
  /// Three trajectories of `turns`; the second has a void turn, and a tool's answer in its middle.
  var example: Experiment {
    var example = Experiment.random(9, vocabulary: 4, seed: 3)
    example.lengths = [2, 4, 3]
    example.turns = [0, 0, 0, 0, 1, 1, 0, 0, 0]
    example.mask = [1, 1, 1, 0, 1, 1, 1, 1, 1]
    example.voidTurns = [false, false, false, false, true, true, false, false, false]
    return example
  }

  @Test func aTrajectoryWithAVoidTurnIsLeftOutWhole() throws {
    let outcome = try example.run("simpletir")
    #expect(
      outcome["kept"].enumerated().map { $1.isNaN ? -1 : $1 } == [1, 1, 0, -1, 0, 0, 1, 1, 1])
    #expect(outcome.gradient[2...5].allSatisfy { $0.allSatisfy { $0 == 0 } })
    #expect(outcome.metrics["void_turn_ratio"] == 1.0 / 3)
    #expect(outcome.metrics["filtered"] == 1.0 / 3)
  }

  @Test func denominatorsCountWhatRemains() throws {
    var rest = example
    rest.mask = [1, 1, 0, 0, 0, 0, 1, 1, 1]
    let (filtered, alone) = (try example.run("simpletir"), try rest.run("simpletir:filter=none"))
    #expect(filtered.loss == alone.loss)
    #expect(filtered.gradient == alone.gradient)
  }

  @Test func withoutAFilterNothingChangesAndTheRatioIsReported() throws {
    let outcome = try example.run("simpletir:filter=none")
    #expect(try outcome.gradient == example.run("entropy-bonus:entropy_coef=0").gradient)
    #expect(outcome.metrics["void_turn_ratio"] == 1.0 / 3)
    #expect(outcome.metrics["filtered"] == 0)
  }

  @Test func theControlsLookAtProbabilitiesAndRatios() throws {
    func kept(_ request: String) throws -> [Float] {
      try example.run(request)["kept"].filter { !$0.isNaN }
    }
    #expect(try kept("simpletir:filter=low_probability,min_probability=0").allSatisfy { $0 == 1 })
    #expect(try kept("simpletir:filter=low_probability,min_probability=1").allSatisfy { $0 == 0 })
    #expect(try kept("simpletir:filter=high_ratio,max_ratio=1000").allSatisfy { $0 == 1 })
    // Some token of each became likelier.
    #expect(try kept("simpletir:filter=high_ratio,max_ratio=1").contains(0))
  }

  @Test func withoutAnEnvironmentNoTurnIsVoid() throws {
    var example = example
    example.voidTurns = nil
    let outcome = try example.run("simpletir")
    #expect(outcome.metrics["void_turn_ratio"] == 0)
    #expect(try outcome.gradient == example.run("simpletir:filter=none").gradient)
  }
}
