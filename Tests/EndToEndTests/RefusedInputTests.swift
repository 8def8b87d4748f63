import Foundation
import Testing

/// What cannot be used is refused before the first step: one error that says what, where and what
/// to do, and a run folder only for a run.
@Suite(.enabled(if: Temper.isPresent, Temper.absence))
struct RefusedInputTests {
  /// Runs `temper grpo` with one thing wrong, which every part of `message` has to tell.
  private func expectRefused(
    _ workshop: Workshop, _ values: [String: String] = [:], _ more: [String] = [], status: Int32,
    _ message: [String], at location: SourceLocation = #_sourceLocation
  ) throws {
    let outcome = try Temper.run(replacing(workshop.grpo("run", steps: 1, more), values))
    #expect(outcome.status == status, "\(outcome.errors)", sourceLocation: location)
    for part in message {
      #expect(
        outcome.errors.contains(part), "\(part) in \(outcome.errors)", sourceLocation: location)
    }
    #expect(outcome.output == "", sourceLocation: location)
    #expect(outcome.errors.split(separator: "\n").count <= 9, sourceLocation: location)
    #expect(
      !FileManager.default.fileExists(atPath: workshop.path("run")), sourceLocation: location)
  }

  @Test func modelFoldersThatCannotBeUsed() throws {
    let workshop = try Workshop()
    let nowhere = workshop.path("nowhere")
    try expectRefused(workshop, ["--model": nowhere], status: 1, ["nowhere", "config.json"])

    func spoil(_ name: String, _ change: (inout Data) -> Void, _ message: [String]) throws {
      let file = workshop.folder.appending(path: "model/\(name)")
      let whole = try Data(contentsOf: file)
      try workshop.patch("model/\(name)", change)
      try expectRefused(workshop, status: 1, message)
      try whole.write(to: file)
    }
    try spoil("model.safetensors", { $0.removeLast(100) }, ["model.safetensors"])
    try spoil("model.safetensors", { $0 = Data() }, ["model.safetensors"])
    try spoil("config.json", { $0 = Data("{".utf8) }, ["config.json:1"])
    try spoil("tokenizer.json", { $0 = Data("{}".utf8) }, ["tokenizer.json"])

    try FileManager.default.removeItem(atPath: workshop.path("model/tokenizer.json"))
    try expectRefused(workshop, status: 1, ["tokenizer"])
    // A folder where a file should be cannot be read by anybody.
    try FileManager.default.removeItem(atPath: workshop.path("model/model.safetensors"))
    try FileManager.default.createDirectory(
      atPath: workshop.path("model/model.safetensors"), withIntermediateDirectories: true)
    try FileManager.default.copyItem(
      atPath: Workshop.tokenizer + "/tokenizer.json", toPath: workshop.path("model/tokenizer.json"))
    try expectRefused(workshop, status: 1, ["model.safetensors"])
  }

  @Test func dataFilesThatCannotBeUsed() throws {
    let workshop = try Workshop()
    func data(_ text: String) throws -> [String: String] {
      ["--data": try workshop.write(text, to: "bad.jsonl"), "--prompts": "1"]
    }
    try expectRefused(
      workshop, ["--data": workshop.path("none.jsonl")], status: 1,
      ["none.jsonl", "cannot be read"])
    try expectRefused(workshop, ["--data": workshop.folder.path], status: 1, ["cannot be read"])
    try expectRefused(workshop, data(""), status: 1, ["bad.jsonl: there are no rows"])
    try expectRefused(
      workshop, data(#"{"problem": "1="}"# + "\n{\"problem\": \n"), status: 1, ["bad.jsonl:2"])
    try expectRefused(
      workshop, data(#"{"question": "1="}"#), status: 1, ["bad.jsonl:1", "problem", "fields"])
    try expectRefused(
      workshop, data(#"{"problem": "1="}"#), ["--fields", "problem"], status: 2, ["name=key"])
    try expectRefused(
      workshop, data(#"{"problem": "1+1+1+1="}"#), ["--data.max-prompt-tokens", "4"], status: 1,
      ["longer than 4 tokens", "lines 1", "Raise the limit"])
    try expectRefused(
      workshop, data(#"{"problem": "1+1+1+1="}"#),
      ["--data.max-prompt-tokens", "4", "--data.too-long", "skip"], status: 1, ["no row is within"])
    try expectRefused(
      workshop, ["--prompts": "9"], status: 2, ["rollout.prompts_per_step is 9", "8 prompts"])
  }

  @Test func verifiersThatCannotBeUsed() throws {
    let workshop = try Workshop()
    for (choice, message) in [
      ("exct", "did you mean 'exact'"),
      ("exact:markr=x", "did you mean 'marker'"),
      ("exact:compare=loosely", "compare"),
      ("regex", "'pattern' is empty"),
      ("regex:pattern=(", "not a regular expression"),
      ("numeric:tolerance=-1", "at least 0"),
    ] {
      let outcome = try Temper.run(
        replacing(workshop.grpo("run", steps: 1), ["--verifier": choice]))
      #expect([1, 2].contains(outcome.status))
      #expect(outcome.errors.contains(message), "\(choice): \(outcome.errors)")
    }
    let library = workshop.path("libnone.so")
    try expectRefused(workshop, ["--verifier": library], status: 1, [library])
    let text = try workshop.write("no library", to: "libtext.so")
    try expectRefused(workshop, ["--verifier": text], status: 1, [text])
  }

  @Test(arguments: [
    (["--steps", "0"], "run.steps is 0; use at least 1"),
    (["--rollout.group-size", "1"], "a group of one has no advantage"),
    (["--temperature", "0"], "greedy completions"),
    (["--top-p", "0"], "rollout.top_p is 0"),
    (["--lr", "-1"], "optimizer.learning_rate"),
    (["--optimizer.min-learning-rate", "1"], "optimizer.min_learning_rate"),
    (["--objective.kl-target", "0.1"], "objective.kl_coefficient, which it steers, is 0"),
    (["--kl", "0.1", "--objective.kl-target", "0"], "objective.kl_target"),
    (["--kl", "-0.1"], "objective.kl_coefficient"),
    (["--clip-low", "2"], "objective.clip_low"),
    (["--objective.dual-clip", "0.5"], "objective.dual_clip"),
    (["--updates.minibatches", "5"], "updates.minibatches is 5"),
    (["--reward.overlong-buffer", "25"], "reward.overlong_buffer"),
    (["--limit", "0"], "data.limit is 0"),
    (["--data.date", "tomorrow"], "2026-01-31"),
    (["--template-variable", "thinking"], "name=value"),
    (["--rollout.batch", "0"], "rollout.batch is 0"),
    (["--seed", "-1"], "integer from 0"),
    (["--dtype", "int8"], "float32|bfloat16"),
    (["--group-sise", "4"], "did you mean '--group-size'"),
    (["--lr"], "--lr needs a value"),
    (["--no-shuffle=true"], "takes no value"),
    (["stray"], "'stray' belongs to no option"),
  ])
  func settingsThatCannotBeUsed(arguments: [String], message: String) throws {
    let workshop = try Workshop()
    try expectRefused(workshop, [:], arguments, status: 2, [message])
  }

  @Test func aRunFolderThatIsTaken() throws {
    let workshop = try Workshop()
    let arguments = try workshop.grpo("run", steps: 2)
    try Temper.succeed(arguments)
    let content = try workshop.run("run").content()
    let outcome = try Temper.run(arguments)
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("already holds a run (its last checkpoint is step 2)"))
    #expect(outcome.errors.contains("--resume"))
    #expect(try workshop.run("run").content() == content)

    try workshop.write("mine", to: "notes")
    let other = try Temper.run(replacing(arguments, ["--name": "model"]))
    #expect(other.status == 1)
    #expect(other.errors.contains("is not empty, and holds no run"))

    let none = try Temper.run(["grpo", "--resume", workshop.path("nothing")])
    #expect(none.status == 1)
    #expect(none.errors.contains("holds no run; check the path"))
  }

  @Test func aSecondProcessStaysOutOfARun() throws {
    let workshop = try Workshop()
    let run = workshop.run("run")
    let child = try Child(workshop.grpo("run", steps: 100_000))
    while child.isRunning, run.checkpoints.isEmpty { usleep(500) }
    let second = try Temper.run(["grpo", "--resume", run.folder.path])
    #expect(second.status == 1)
    #expect(second.errors.contains("is training into this run"), "\(second.errors)")
    child.send(SIGINT)
    #expect(try child.wait().status == 0)
    #expect(try run.metric("optimizer/learning_rate").count == run.metricLines.count)
  }

  @Test func aSpoiledCheckpointIsPassedOver() throws {
    let workshop = try Workshop()
    try Temper.succeed(workshop.grpo("whole", steps: 6))
    try Temper.succeed(workshop.grpo("run", steps: 4))
    try workshop.patch("run/checkpoints/step-000004/optimizer.safetensors") { data in
      data[data.count / 2] ^= 1
    }
    let resumed = try Temper.succeed([
      "grpo", "--resume", workshop.path("run"), "--steps", "6",
    ])
    #expect(resumed.errors.contains("passed over"))
    #expect(resumed.errors.contains("after step 2"))
    try expectSame(workshop.run("whole"), workshop.run("run"))

    for step in ["2", "4", "6"] {
      try workshop.patch("run/checkpoints/step-00000\(step)/state.json") { $0.removeLast() }
    }
    let outcome = try Temper.run(["grpo", "--resume", workshop.path("run"), "--steps", "8"])
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("holds no whole checkpoint to resume from"))
  }

  @Test func aFailedStartLeavesNoFolder() throws {
    let workshop = try Workshop()
    let model = try workshop.makeModel()
    let outcome = try Temper.run([
      "sft", "--model", model, "--data", workshop.path("none.jsonl"), "--runs",
      workshop.folder.path, "--name", "run",
    ])
    #expect(outcome.status == 1)
    #expect(!FileManager.default.fileExists(atPath: workshop.path("run")))
  }
}
