import Foundation
import JSON
import Testing

/// `temper grpo --entropy`, with the example of the SDK that is written in C.
@Suite(.enabled(if: Temper.isPresent, Temper.absence))
struct EntropyPluginTests {
  private let workshop: Workshop
  private let library: String

  init() throws {
    workshop = try Workshop()
    library = workshop.path("libentropy-floor.so")
    let compiler = Process()
    compiler.executableURL = URL(filePath: "/bin/sh")
    compiler.arguments = [
      "-c", "cc -std=c11 -O1 -fPIC -shared -fvisibility=hidden -I \"$1\" -o \"$2\" \"$3\" -lm",
      "sh", Temper.package.appending(path: "Sources/CPluginABI/include").path, library,
      Temper.package.appending(path: "plugins/sdk/examples/entropy/c/entropy_floor.c").path,
    ]
    try compiler.run()
    compiler.waitUntilExit()
    try #require(compiler.terminationStatus == 0)
  }

  private func grpo(_ name: String, steps: Int, _ options: String) throws -> [String] {
    try workshop.grpo(name, steps: steps, ["--entropy", library + options, "--epochs", "2"])
  }

  @Test func aMethodChangesTheRunAndSaysSo() throws {
    try Temper.succeed(workshop.grpo("plain", steps: 4, ["--epochs", "2"]))
    try Temper.succeed(grpo("idle", steps: 4, ":strength=0"))
    try Temper.succeed(grpo("method", steps: 4, ":floor=9,strength=0.2"))
    let (plain, idle, method) = (
      workshop.run("plain"), workshop.run("idle"), workshop.run("method")
    )
    func weights(_ run: RunFiles) throws -> Data {
      try Data(
        contentsOf: run.folder.appending(
          path: "checkpoints/step-000004/model/model.safetensors"))
    }
    // A strength of 0 changes no bit.
    #expect(try weights(idle) == weights(plain))
    #expect(try weights(method) != weights(plain))
    #expect(try method.metric("policy/loss") != plain.metric("policy/loss"))
    let times = try JSON(parsing: String(method.metricLines[0]))
    for name in ["time/interventions", "time/rows", "time/prepare"] {
      #expect(times[name].double ?? -1 >= 0, "\(name)")
    }
    // The resolved configuration has every key and repeats the run.
    let config = try method.text("config.yaml")
    #expect(config.contains(#""decay":0.9"#) && config.contains(#""floor":9"#))
    let file = method.folder.appending(path: "config.yaml").path
    try Temper.succeed(["grpo", "--config", file, "--name", "again"])
    try expectSame(method, workshop.run("again"))
  }

  @Test func whatAMethodRemembersGoesOnAfterAKill() throws {
    func slow(_ name: String) throws -> [String] {
      try replacing(
        grpo(name, steps: 8, ":floor=9,strength=0.2"),
        ["--group-size": "12", "--max-new-tokens": "64"])
    }
    try Temper.succeed(slow("whole"))
    let run = workshop.run("killed")
    _ = try Child(slow("killed")).killed { run.metricLines.count >= 3 && !run.isSaving }
    try Temper.succeed(["grpo", "--resume", run.folder.path, "--run.threads", "2"])
    try expectSame(workshop.run("whole"), run)
    let state = try run.text("checkpoints/step-000008/plugins/entropy-floor")
    #expect(Double(state)! > 0)
  }

  @Test func aRunGoesOnWithItsOwnMethods() throws {
    try Temper.succeed(workshop.grpo("run", steps: 2))
    let outcome = try Temper.run([
      "grpo", "--resume", workshop.path("run"), "--entropy", library,
    ])
    #expect(outcome.status == 2)
    #expect(outcome.errors.contains("a resumed run keeps it"))
  }

  @Test func aMethodThatCannotBeMadeIsNamed() throws {
    for (option, reason) in [
      (library + ":flor=1", "did you mean 'floor'?"), (library + ":decay=2", "'decay' must be in"),
      ("entropy-flor", "entropy-flor"), ("exact", "temper.verifier/1"),
    ] {
      let outcome = try Temper.run(workshop.grpo("run", ["--entropy", option]))
      #expect(outcome.status != 0)
      #expect(outcome.errors.contains(reason), "\(outcome.errors)")
      #expect(!FileManager.default.fileExists(atPath: workshop.path("run")))
    }
    let twice = try Temper.run(
      workshop.grpo("run", ["--entropy", library, "--entropy", library]))
    #expect(twice.errors.contains("named twice"), "\(twice.errors)")
  }
}
