import Foundation
import JSON
import Testing

/// Detectors on the command line.
@Suite(.enabled(if: Temper.isPresent, Temper.absence))
struct DetectorTests {
  @Test func theDefaultOnesWatchAndChangeNothing() throws {
    let workshop = try Workshop()
    try Temper.succeed(workshop.grpo("watched"))
    try Temper.succeed(workshop.grpo("alone", ["--detectors", "none"]))
    let (watched, alone) = (workshop.run("watched"), workshop.run("alone"))
    #expect(
      try watched.text("rollouts/step-000006.jsonl") == alone.text("rollouts/step-000006.jsonl"))
    for name in ["entropy", "gradient-spike", "loss-spike", "mismatch", "reward", "length"] {
      #expect(try watched.metric("\(name)/warned").count > 0, "\(name) did not look")
    }
    #expect(try alone.metric("detector/action").isEmpty)
  }

  @Test func aDetectorStopsTheRun() throws {
    let workshop = try Workshop()
    // The budget cuts every completion short.
    let outcome = try Temper.run(
      replacing(
        workshop.grpo("run", steps: 9, ["--detector", "length:max_action=stop", "--json"]),
        ["--max-new-tokens": "1", "--save-every": "50"]))
    #expect(outcome.status == 3)
    let result = try JSON(parsing: outcome.lastLine)
    #expect(result["status"].string == "stopped" && result["detector"].string == "length")
    let step = try #require(result["step"].int)
    let run = workshop.run("run")
    #expect(try run.metric("detector/action").last == 7)
    // The state before the first step, which was the last good one.
    #expect(run.checkpoints.count == 1 && step < 9)
    #expect(try run.text("detections.jsonl").contains("\"done\":{\"action\":\"stop\"}"))
  }

  @Test func whatCannotBeADetectorIsRefused() throws {
    let workshop = try Workshop()
    func refused(_ detector: String) throws -> String {
      let outcome = try Temper.run(workshop.grpo("refused", ["--detector", detector]))
      #expect(outcome.status == 2)
      return outcome.errors
    }
    #expect(try refused("lenght").contains("length"))
    #expect(try refused("length:max_action=fly").contains("roll_back"))
    #expect(try refused("length:every=0").contains("at least 1"))
  }
}
