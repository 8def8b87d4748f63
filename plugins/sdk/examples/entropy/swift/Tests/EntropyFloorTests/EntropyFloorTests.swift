import TemperPlugin
import Testing

@testable import EntropyFloor

@Suite struct EntropyFloorTests {
  private func plugin(floor: Double = 0.5) throws -> EntropyFloor {
    var configuration = EntropyFloor.Configuration()
    configuration.floor = floor
    configuration.strength = 2
    return try EntropyFloor(configuration, host: .trial)
  }

  @Test func belowTheFloorEveryTrainedTokenGetsTheSameBonus() throws {
    var trial = Trial(lengths: [2, 1], entropies: [0.125, 9, 0.375], mask: [1, 0, 1])
    var state = EntropyFloor.State()
    let plugin = try plugin()
    let bonus = plugin.prepare(trial.step, &trial.shaping, &state)
    plugin.evaluate(trial.run, bonus, &trial.additions)
    #expect(bonus == 0.5)  // strength 2, and the mean of 0.25 is 0.25 below
    #expect(Array(trial.additions.dEntropy) == [-0.5, 0, -0.5])
    #expect(Array(trial.additions.phi) == [-0.0625, 0, -0.1875])
  }

  @Test func theAverageIsRememberedAndAboveTheFloorNothingIsAdded() throws {
    var trial = Trial(lengths: [1], entropies: [2])
    var state = EntropyFloor.State(average: 1)
    #expect(try plugin().prepare(trial.step, &trial.shaping, &state) == 0)
    #expect(state.average == 0.9 * 1 + (1 - 0.9) * 2)
  }
}
