import TemperPlugin
import Testing

@testable import LossJump

@Suite struct LossJumpTests {
  private func look(_ loss: Double, _ state: inout LossJump.State) throws -> Finding {
    try LossJump(LossJump.Configuration(), host: .trial)
      .detect(.trial(.step, metrics: ["policy/loss": loss]), &state)
  }

  @Test func aLossManyTimesTheAverageIsAWarning() throws {
    var state = LossJump.State(average: 0.02, steps: 10)
    let finding = try look(-0.5, &state)
    #expect(
      finding
        == .warn(
          "policy/loss is -0.5, 25 times its average of 0.02: look at this step's rollout"))
    #expect(state.steps == 11)
  }

  @Test func theFirstStepsAndLossesThatAreNoneSayNothing() throws {
    var state = LossJump.State()
    #expect(try look(3, &state) == .nothing)
    #expect(state.average == 3)
    #expect(try look(.nan, &state) == .nothing)
    #expect(state.average == 3 && state.steps == 1)
  }
}
