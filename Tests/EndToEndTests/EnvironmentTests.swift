import Foundation
import JSON
import Testing

/// `temper grpo --environment` and `temper eval --environment`, with an environment in C that crashes
/// and hangs where it is told to.
@Suite(.enabled(if: Temper.isPresent, Temper.absence))
struct EnvironmentTests {
  private let workshop: Workshop
  private let library: String

  init() throws {
    workshop = try Workshop()
    library = workshop.path("libtightrope.so")
    let tests = URL(filePath: #filePath).deletingLastPathComponent()
    let compiler = Process()
    compiler.executableURL = URL(filePath: "/bin/sh")
    compiler.arguments = [
      "-c", "cc -std=gnu11 -O1 -fPIC -shared -fvisibility=hidden -I \"$1\" -o \"$2\" \"$3\"", "sh",
      Temper.package.appending(path: "Sources/CPluginABI/include").path, library,
      tests.appending(path: "Fixtures/tightrope.c").path,
    ]
    try compiler.run()
    compiler.waitUntilExit()
    try #require(compiler.terminationStatus == 0)
  }

  /// Eight tasks in groups of four, six steps; no data, no verifier.
  private func grpo(
    _ name: String, _ options: String = "", steps: Int = 6, _ more: [String] = []
  ) throws -> [String] {
    let arguments = try workshop.grpo(name, steps: steps)
    let without: Set<String> = ["--data", "--verifier"]
    let kept = arguments.indices.filter {
      !without.contains(arguments[$0]) && ($0 == 0 || !without.contains(arguments[$0 - 1]))
    }
    return kept.map { arguments[$0] } + [
      "--environment", library + options, "--tasks", "8", "--max-turns", "5",
      "--max-new-tokens", "8", "--run.log-columns",
    ] + more
  }

  private func records(_ name: String, step: Int) throws -> [JSON] {
    try workshop.run(name).text(String(format: "rollouts/step-%06d.jsonl", step))
      .split(separator: "\n").map { try JSON(parsing: String($0)) }
  }

  @Test func aRunThroughAnEnvironmentRepeatsWhateverItsSpeed() throws {
    try Temper.succeed(grpo("plain"))
    try Temper.succeed(
      grpo("slow", ":delay=3", ["--rollout.batch", "3", "--environment.workers", "2"]))
    let (plain, slow) = (workshop.run("plain"), workshop.run("slow"))
    for step in 1...6 {
      let file = String(format: "rollouts/step-%06d.jsonl", step)
      #expect(try plain.text(file) == slow.text(file))
    }
    #expect(try plain.metrics() == slow.metrics())
    #expect(try plain.metric("environment/turns_mean").allSatisfy { $0 == 3 })
    #expect(try plain.metric("environment/success").contains { $0 > 0 && $0 < 1 })
    #expect(try plain.metric("environment/failed").allSatisfy { $0 == 0 })
    // Ratios are 1 to the bit.
    #expect(try plain.metric("policy/forward_gap").allSatisfy { $0 == 0 })
    for record in try records("plain", step: 2) {
      let segments = try record["segments"].requireArray()
      #expect(segments.count { $0["author"].string == "model" } == 3)
      #expect(
        segments.contains { $0["author"].string == "environment" && $0["text"].string == "=7" })
      let rewards = segments.compactMap { $0["reward"].double }
      #expect(record["reward"].double == rewards.reduce(0, +))
      let (mask, authors) = (record["mask"].ints!, record["authors"].ints!)
      #expect(mask == authors.map { $0 == 0 ? 1 : 0 })
    }
    let config = try plain.text("config.yaml")
    #expect(config.contains("every: 4\n"))
    try Temper.succeed([
      "grpo", "--config", plain.folder.appending(path: "config.yaml").path, "--name", "again",
    ])
    try expectSame(plain, workshop.run("again"))
  }

  @Test func aRunThatIsKilledGoesOnToTheSameBits() throws {
    let options = [
      "--entropy", "simpletir", "--entropy",
      "epo:unit=turn,alpha=2,lambda=0.01,kappa_l=1,kappa_r=1",
      "--epochs", "2",
    ]
    try Temper.succeed(grpo("whole", ":delay=2", options))
    let run = workshop.run("killed")
    _ = try Child(grpo("killed", ":delay=2", options)).killed { run.metricLines.count == 3 }
    try Temper.succeed(["grpo", "--resume", run.folder.path])
    try expectSame(workshop.run("whole"), run)
    #expect(try run.metric("simpletir/void_turn_ratio").contains { $0 > 0 })
    #expect(try run.metric("epo/smooth_mean").contains { $0 > 0 })
  }

  @Test func anEpisodeThatCrashesItsEnvironmentIsCountedAndTheRunGoesOn() throws {
    try Temper.succeed(all(grpo("sound", steps: 2)))
    let outcome = try Temper.succeed(all(grpo("crashing", ":crash=1", steps: 2)))
    #expect(outcome.errors.contains("was ended by signal 11"))
    try expectFailures("crashing", against: "sound", rest: 1)
  }

  @Test func anEpisodeThatHangsIsCountedAndTheRunGoesOn() throws {
    try Temper.succeed(all(grpo("sound", steps: 2)))
    let outcome = try Temper.succeed(
      all(grpo("hanging", ":hang=1", steps: 2, ["--environment.deadline", "0.5"])))
    #expect(outcome.errors.contains("no answer within 0.5 s"))
    try expectFailures("hanging", against: "sound", rest: 2)
  }

  /// With every task in every step.
  private func all(_ arguments: [String]) -> [String] {
    replacing(arguments, ["--prompts": "8"])
  }

  /// Expects the tasks of one class to have failed in the first step, and nothing else to differ.
  private func expectFailures(_ name: String, against sound: String, rest: Int) throws {
    let (found, expected) = try (records(name, step: 1), records(sound, step: 1))
    #expect(found.count == 32)
    var failed = 0
    for (record, other) in zip(found, expected) {
      let task = Int(record["prompt_id"].string!.dropFirst("task-".count))!
      if task % 4 == rest {
        failed += 1
        #expect(record["verdict"].string == "failed" && record["stop"].string == "failed")
        #expect(record["reward"].isNull)
        #expect(record["mask"].ints!.allSatisfy { $0 == 0 })
      } else {
        #expect(record["ids"].ints == other["ids"].ints)
        #expect(record["reward"].double == other["reward"].double)
        #expect(record["advantage"].double == other["advantage"].double)
      }
    }
    #expect(failed > 0)
    #expect(try workshop.run(name).metric("environment/failed")[0] == Double(failed))
  }

  @Test func anEvaluationTakesOtherTasksAndGivesAnInterval() throws {
    let model = try workshop.makeModel()
    func eval(_ more: [String] = []) throws -> Temper.Outcome {
      try Temper.succeed(
        [
          "eval", "--model", model, "--environment", library, "--problems", "40",
          "--max-new-tokens", "8", "--max-turns", "4",
        ] + more)
    }
    let report = try JSON(parsing: eval(["--json", "--samples", "2"]).lastLine)
    #expect(
      try eval(["--json", "--samples", "2", "--rollout.batch", "3"]).lastLine == report.serialized)
    #expect(report["problems"].int == 40)
    let table = try eval().output
    #expect(table.contains("40 problems"))
    // During a run.
    try Temper.succeed(
      grpo("measured", steps: 2, ["--eval-every", "1", "--eval-problems", "16"]))
    #expect(try workshop.run("measured").metric("eval/tightrope/accuracy").count == 3)
    try Temper.succeed(grpo("alone", steps: 2))
    let (measured, alone) = (workshop.run("measured"), workshop.run("alone"))
    #expect(
      try measured.text("rollouts/step-000002.jsonl") == alone.text("rollouts/step-000002.jsonl"))
  }

  @Test func doctorPlaysEpisodesAndNamesWhatFails() throws {
    let model = try workshop.makeModel()
    // On a busy machine a sound environment may take its time.
    func doctor(
      _ options: String = "", _ more: [String] = [], deadline: String = "20"
    ) throws -> JSON {
      let outcome = try Temper.run(
        [
          "doctor", "--json", "--model", model, "--environment", library + options, "--tasks", "8",
          "--prompts", "4", "--group-size", "4", "--max-turns", "4", "--max-new-tokens", "8",
          "--environment.deadline", deadline,
        ] + more)
      let findings = try JSON(parsing: outcome.lastLine)
      let isSpoiled = findings.object!.contains { $0.value["state"].string == "fault" }
      #expect(outcome.status == (isSpoiled ? 1 : 0))
      return findings
    }
    let sound = try doctor()
    #expect(sound["data"]["text"].string == "8 tasks")
    // Turns of eight tokens are cut, which is worth a warning.
    #expect(
      sound["groups"]["state"].string == "warning" && sound["groups"]["failed"].int == 0,
      "\(sound["groups"]["text"].string ?? "no finding")")
    #expect(sound["gold answers"].isNull)
    for (options, deadline, reason) in [
      (":crash=1,every=2", "20", "signal 11"), (":hang=1,every=3", "0.5", "no answer within 0.5 s"),
    ] {
      let groups = try doctor(options, deadline: deadline)["groups"]
      #expect(groups["state"].string == "fault")
      let text = try #require(groups["text"].string)
      #expect(text.hasPrefix("the environment failed on") && text.contains(reason), "\(text)")
    }
    let unknown = try doctor("", ["--environment", "siren"])["environment"]
    #expect(unknown["state"].string == "fault" && unknown["text"].string?.contains("siren") == true)
  }

  @Test func whatCannotBeAnEnvironmentIsRefused() throws {
    func refused(_ more: [String]) throws -> String {
      let outcome = try Temper.run(grpo("refused", "", more))
      #expect(outcome.status == 2)
      return outcome.errors
    }
    #expect(try refused(["--environment", "siren"]).contains("siren"))
    #expect(try refused(["--environment", library + ":evry=2"]).contains("every"))
    #expect(try refused(["--environment.deadline", "0"]).contains("environment.deadline is 0"))
    #expect(try refused(["--max-turns", "0"]).contains("rollout.max_turns is 0"))
  }
}
