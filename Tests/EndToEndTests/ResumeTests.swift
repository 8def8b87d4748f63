import Foundation
import Testing

/// A killed and resumed run is the run that nobody touched, to the bit.
@Suite(.enabled(if: Temper.isPresent, Temper.absence))
struct ResumeTests {
  /// Settings that keep more state than weights and moments.
  static let recipes: [[String]] = [
    [],
    [
      "--preset", "dapo", "--reward.overlong-buffer", "8", "--rollout.max-rounds", "0",
      "--run.log-columns",
    ],
    [
      "--epochs", "2", "--updates.minibatches", "2", "--kl", "0.05", "--objective.kl-target",
      "0.002", "--objective.kl-horizon", "40",
    ],
    ["--dtype", "bfloat16", "--schedule", "cosine", "--warmup", "3", "--top-k", "12"],
  ]

  @Test(arguments: recipes)
  func aRunKilledInAStepAndInACheckpointResumesToTheSameBits(recipe: [String]) throws {
    let workshop = try Workshop()
    try Temper.succeed(slow(workshop, "whole", recipe))
    let run = workshop.run("killed")

    // In the middle of step 4, so that step 3 was recorded after the last checkpoint.
    try start(workshop, recipe, killedWhere: { run.metricLines.count == 3 && !run.isSaving })
    let resume = ["grpo", "--resume", run.folder.path, "--run.threads", "2"]
    // Then in the middle of writing a checkpoint.
    _ = try Child(resume).killed { run.isSaving }
    // Then once more anywhere.
    _ = try Child(resume).killed { run.metricLines.count >= 5 }
    let resumed = try Temper.succeed(resume)
    #expect(resumed.errors.contains("after step") || resumed.errors.contains("first step"))
    try expectSame(workshop.run("whole"), run)
    #expect(run.names("superseded") != [])
  }

  @Test func aRunKilledInItsFirstCheckpointStartsAnewToTheSameBits() throws {
    let workshop = try Workshop()
    try Temper.succeed(workshop.grpo("whole", steps: 4))
    let run = workshop.run("killed")
    for _ in 0..<20 {
      try? FileManager.default.removeItem(at: run.folder)
      if try Child(workshop.grpo("killed", steps: 4)).killed(where: {
        run.isSaving && run.checkpoints.isEmpty
      }) {
        break
      }
    }
    #expect(run.isSaving && run.checkpoints.isEmpty)
    let resumed = try Temper.succeed(["grpo", "--resume", run.folder.path])
    #expect(resumed.errors.contains("no checkpoint yet"))
    try expectSame(workshop.run("whole"), run)
    #expect(!run.isSaving)
  }

  @Test func supervisedTrainingResumesToTheSameBits() throws {
    let workshop = try Workshop()
    let model = try workshop.makeModel()
    let data = try Temper.succeed(["data", "arithmetic", "--demonstrations", "--count", "64"])
    let rows = try workshop.write(data.output, to: "rows.jsonl")
    func sft(_ name: String) -> [String] {
      [
        "sft", "--model", model, "--data", rows, "--runs", workshop.folder.path, "--name", name,
        "--steps", "12", "--examples", "24", "--lr", "0.003", "--schedule", "linear", "--threads",
        "1", "--save-every", "3", "--run.keep-checkpoints", "99",
      ]
    }
    try Temper.succeed(sft("whole"))
    let run = workshop.run("killed")
    _ = try Child(sft("killed")).killed { run.metricLines.count >= 4 && !run.isSaving }
    _ = try Child(["sft", "--resume", run.folder.path]).killed { run.isSaving }
    try Temper.succeed(["sft", "--resume", run.folder.path, "--run.threads", "2"])
    try expectSame(workshop.run("whole"), run)
    let losses = try run.metric("sft/loss")
    #expect(losses.count == 12 && losses[11] < losses[0])
  }

  @Test func theResolvedConfigurationRepeatsTheRun() throws {
    let workshop = try Workshop()
    try Temper.succeed(
      workshop.grpo("first", steps: 3, ["--preset", "dr_grpo", "--seed", "7", "--kl", "0.01"]))
    let config = workshop.run("first").folder.appending(path: "config.yaml").path
    try Temper.succeed(["grpo", "--config", config, "--name", "second"])
    try expectSame(workshop.run("first"), workshop.run("second"))
    func withoutName(_ run: RunFiles) throws -> [Substring] {
      try run.text("config.yaml").split(separator: "\n").filter { !$0.contains("name: ") }
    }
    #expect(try withoutName(workshop.run("first")) == withoutName(workshop.run("second")))
  }

  @Test func aFinishedRunIsExtendedByMoreSteps() throws {
    let workshop = try Workshop()
    try Temper.succeed(workshop.grpo("whole", steps: 6))
    try Temper.succeed(workshop.grpo("extended", steps: 4))
    let run = workshop.run("extended")
    try Temper.succeed(["grpo", "--resume", run.folder.path, "--steps", "6"])
    try expectSame(workshop.run("whole"), run)
  }

  @Test func aResumedRunKeepsWhatMakesItThatRun() throws {
    let workshop = try Workshop()
    try Temper.succeed(workshop.grpo("run", steps: 2))
    let folder = workshop.path("run")
    let config = try workshop.write("objective:\n  clip_low: 0.1\n", to: "other.yaml")
    for (arguments, key) in [
      (["--lr", "0.1"], "optimizer.learning_rate is 0.01"),
      (["--seed", "1"], "run.seed is 0"),
      (["--config", config], "objective.clip_low is 0.2"),
    ] {
      let outcome = try Temper.run(["grpo", "--resume", folder] + arguments)
      #expect(outcome.status == 2)
      #expect(outcome.errors.contains(key), "\(outcome.errors)")
      #expect(outcome.errors.contains("a resumed run keeps it"))
    }
  }

  /// Steps of several milliseconds, so that a kill can come in the middle of one.
  private func slow(_ workshop: Workshop, _ name: String, _ recipe: [String]) throws -> [String] {
    try replacing(
      workshop.grpo(name, steps: 8, recipe), ["--group-size": "12", "--max-new-tokens": "64"])
  }

  /// Starts the run `killed` until a kill comes where `condition` holds.
  private func start(
    _ workshop: Workshop, _ recipe: [String], killedWhere condition: () -> Bool
  ) throws {
    for _ in 0..<20 {
      try? FileManager.default.removeItem(at: workshop.run("killed").folder)
      if try Child(slow(workshop, "killed", recipe)).killed(where: condition) { return }
    }
    Issue.record("no kill came at the right moment")
  }
}
