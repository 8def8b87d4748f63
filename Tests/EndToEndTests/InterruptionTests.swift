import Foundation
import JSON
import Testing

/// Signals are requests: finish the step, save, say how to go on.
@Suite(.enabled(if: Temper.isPresent, Temper.absence))
struct InterruptionTests {
  @Test(arguments: [SIGINT, SIGTERM])
  func aSignalFinishesTheStepSavesAndSaysHowToGoOn(signal: Int32) throws {
    let workshop = try Workshop()
    let run = workshop.run("run")
    let child = try Child(workshop.grpo("run", steps: 5000, ["--save-every", "5000", "--json"]))
    while child.isRunning, run.metricLines.count < 3 { usleep(500) }
    child.send(signal)
    let outcome = try child.wait()
    #expect(outcome.status == 0, "\(outcome.errors)")
    let last = try JSON(parsing: outcome.lastLine)
    #expect(last["status"].string == "interrupted")
    let step = try last["step"].requireInt()
    #expect(outcome.errors.contains("stopped after step \(step); go on with: temper grpo --resume"))
    #expect(
      run.checkpoints.last == "step-" + String(repeating: "0", count: 6 - "\(step)".count)
        + "\(step)")
    #expect(run.metricLines.count == step)

    let resumed = try Temper.succeed([
      "grpo", "--resume", run.folder.path, "--steps", "\(step + 2)", "--json",
    ])
    #expect(try JSON(parsing: resumed.lastLine)["status"].string == "finished")
    try Temper.succeed(workshop.grpo("whole", steps: step + 2, ["--save-every", "5000"]))
    #expect(try run.metrics() == workshop.run("whole").metrics())
    let model = "checkpoints/latest/model/model.safetensors"
    #expect(try run.tensors(model) == workshop.run("whole").tensors(model))
  }

  @Test func aSecondSignalEndsAtOnce() throws {
    let workshop = try Workshop()
    let run = workshop.run("run")
    // Steps of many seconds, so that the first signal cannot have ended the run.
    let child = try Child(
      workshop.grpo("run", steps: 50, ["--group-size", "512", "--max-new-tokens", "200"]))
    while child.isRunning, run.names("rollouts") == [], run.names("") == [] { usleep(500) }
    usleep(100_000)
    child.send(SIGINT)
    usleep(50_000)
    child.send(SIGINT)
    #expect(try child.wait().status == -SIGINT)
    #expect(run.checkpoints == [])
  }
}
