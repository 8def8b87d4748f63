import Foundation
import JSON
import Testing

/// Suites, as their users run them.
@Suite(.enabled(if: Temper.isPresent, Temper.absence))
struct EvalSuiteTests {
  static func suite(_ name: String) -> String {
    Temper.package.appending(path: "evals/\(name)").path
  }

  private func arguments(_ workshop: Workshop, limit: Int = 12, samples: Int = 3) throws -> [String]
  {
    [
      "eval", "--model", try workshop.makeModel(), "--suite", Self.suite("arithmetic"), "--limit",
      "\(limit)", "--samples", "\(samples)",
    ]
  }

  @Test func aSuitesReportDoesNotDependOnBatchesAndThreads() throws {
    let workshop = try Workshop()
    let arguments = try arguments(workshop)
    let files = ["a.json", "b.json", "c.json"].map(workshop.path)
    try Temper.succeed(arguments + ["--report", files[0], "--threads", "1"])
    try Temper.succeed(
      arguments + [
        "--report", files[1], "--threads", "2", "--rollout.batch", "5", "--rollout.prefill-tokens",
        "7",
      ])
    try Temper.succeed(arguments + ["--report", files[2], "--seed", "1"])
    let texts = try files.map { try String(contentsOfFile: $0, encoding: .utf8) }
    #expect(texts[0] == texts[1])
    #expect(texts[0] != texts[2])
    let json = try JSON(parsing: texts[0])
    #expect(json["protocol"]["suite"].string == "arithmetic")
    #expect(json["protocol"]["template"].string == "plain-0")
    #expect(json["protocol"]["model_sha256"].string?.count == 64)
    #expect(json["report"]["avg@3"]["stderr_sampling"].double != nil)
    #expect(json["report"]["maj@3"]["value"].double != nil)
  }

  @Test func aKilledEvaluationGoesOnToTheSameReport() throws {
    let workshop = try Workshop()
    let arguments =
      try arguments(workshop, limit: 200, samples: 8) + [
        "--threads", "1", "--rollout.batch", "8",
      ]
    let (whole, killed) = (workshop.path("whole.json"), workshop.path("killed.json"))
    try Temper.succeed(arguments + ["--report", whole])
    func lines() -> Int {
      let text = try? String(contentsOfFile: killed + ".partial", encoding: .utf8)
      return text?.split(separator: "\n").count ?? 0
    }
    let command = arguments + ["--report", killed, "--resume"]
    var before = 0
    // Among the greedy completions, then among the sampled ones.
    for enough in [20, 240] {
      #expect(try Child(command).killed { lines() > enough })
      #expect(lines() > max(before, enough))
      before = lines()
    }
    let outcome = try Temper.succeed(command)
    #expect(!outcome.errors.contains(" 1/1800"))
    #expect(
      try String(contentsOfFile: whole, encoding: .utf8)
        == String(contentsOfFile: killed, encoding: .utf8))
    #expect(!FileManager.default.fileExists(atPath: killed + ".partial"))
    // Once more there is nothing to do.
    #expect(try Temper.succeed(command).errors.contains("is finished"))
    let other = try Temper.run(arguments + ["--limit", "7", "--report", killed])
    #expect(other.status == 0)
  }

  @Test func aJournalOfOtherSettingsIsRefused() throws {
    let workshop = try Workshop()
    let arguments = try arguments(workshop, limit: 200, samples: 8) + ["--threads", "1"]
    let report = workshop.path("report.json")
    let command = arguments + ["--report", report, "--resume"]
    #expect(
      try Child(command).killed {
        // Its first line says what the settings are.
        (try? String(contentsOfFile: report + ".partial", encoding: .utf8))?.contains("\n") ?? false
      })
    let other = try Temper.run(command + ["--temperature", "0.5"])
    #expect(other.status == 1 && other.errors.contains("temperature"), "\(other.errors)")
  }

  @Test func gradingAgainGivesTheSameJudgements() throws {
    let workshop = try Workshop()
    let (first, again) = (workshop.path("first.json"), workshop.path("again.json"))
    let page = workshop.path("page.html")
    try Temper.succeed(try arguments(workshop) + ["--report", first, "--html", page])
    let rescore = ["eval", "--rescore", first, "--suite", Self.suite("arithmetic")]
    try Temper.succeed(rescore + ["--report", again])
    #expect(
      try String(contentsOfFile: first, encoding: .utf8)
        == String(contentsOfFile: again, encoding: .utf8))
    let other = try Temper.succeed(
      rescore + ["--protocol", "lm-eval-gsm8k-flexible,verifier", "--json"])
    let json = try JSON(parsing: other.lastLine)
    #expect(json["protocol_name"].string == "lm-eval-gsm8k-flexible")
    #expect(json["scores"].object?.map(\.key) == ["lm-eval-gsm8k-flexible", "verifier"])
    #expect(try String(contentsOfFile: page, encoding: .utf8).contains("arithmetic-test-000012"))
  }

  @Test func reportsAreComparedAndSeedsCombined() throws {
    let workshop = try Workshop()
    let arguments = try arguments(workshop)
    let report = workshop.path("r.json")
    let combined = try Temper.succeed(arguments + ["--report", report, "--seeds", "2"])
    #expect(combined.output.contains("2 seeds") && combined.output.contains("pass@1"))
    let files = [0, 1].map { workshop.path("r-seed\($0).json") }
    #expect(try Temper.succeed(["eval", "--combine"] + files).output == combined.output)
    let comparison = try Temper.succeed(["eval", "--compare"] + files)
    // Greedy completions do not depend on the seed.
    #expect(comparison.output.contains("exact McNemar test p = 1.0"))
    let json = try Temper.succeed(["eval", "--json", "--compare"] + files).lastLine
    #expect(try JSON(parsing: json)["mcnemar"]["p"].double == 1)
  }

  @Test func aMissingFileSaysWhereItComesFrom() throws {
    let workshop = try Workshop()
    let outcome = try Temper.run([
      "eval", "--model", try workshop.makeModel(), "--suite", Self.suite("gsm8k"), "--verifier",
      "exact", "--data", workshop.folder.path,
    ])
    #expect(outcome.status == 1)
    for part in [
      "gsm8k/test.jsonl", "github.com/openai/grade-school-math", "MIT",
      "1f44670547b10f905c9c8c900a78cfe83719c7495d6290a67d0f3f1148b2ba10", "TEMPER_DATA",
    ] {
      #expect(outcome.errors.contains(part), "\(part)")
    }
  }

  @Test func aFileThatIsNotTheExpectedOneIsTold() throws {
    let workshop = try Workshop()
    let folder = workshop.folder.appending(path: "svamp")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try Data(#"{"problem": "1+1=", "answer": "2"}"#.utf8).write(
      to: folder.appending(path: "test.jsonl"))
    let outcome = try Temper.succeed([
      "eval", "--model", try workshop.makeModel(), "--suite", Self.suite("svamp"), "--verifier",
      "exact", "--data", workshop.folder.path, "--max-new-tokens", "1", "--template", "plain-0",
    ])
    #expect(outcome.errors.contains("is not the file that the suite 'svamp' expects"))
  }

  @Test func theFirstPromptIsShownWithItsIds() throws {
    let workshop = try Workshop()
    let outcome = try Temper.succeed(try arguments(workshop) + ["--show-prompt"])
    let lines = outcome.output.split(separator: "\n")
    #expect(lines[0].hasSuffix("=") && lines[1].hasPrefix("9 tokens: 1 "))
  }

  @Test(arguments: [
    (["--suite", "arithmetics"], 2, "did you mean 'arithmetic'?"),
    (["--protocol", "boxd"], 2, "did you mean 'boxed'?"),
    (["--protocol", "qwen"], 2, "--equality is missing"),
    (["--template", "boxed-1"], 2, "did you mean 'boxed-0'?"),
    (["--instruction", "Think."], 2, "leave one of them out"), (["--seeds", "0"], 2, "at least 1"),
    (["--resume"], 2, "needs --report"),
  ])
  func wrongUseOfASuiteIsTold(more: [String], status: Int32, message: String) throws {
    let workshop = try Workshop()
    let outcome = try Temper.run(try arguments(workshop) + more)
    #expect(outcome.status == status && outcome.errors.contains(message), "\(outcome.errors)")
  }

  /// Every description that ships is of the form, and names a template and protocols that exist.
  @Test func theSuitesThatShipAreListed() throws {
    let folder = Temper.package.appending(path: "evals")
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter {
      FileManager.default.fileExists(atPath: folder.appending(path: "\($0)/suite.yaml").path)
    }
    #expect(names.count >= 17)
    let workshop = try Workshop()
    let model = try workshop.makeModel()
    for name in names {
      let outcome = try Temper.run([
        "eval", "--suite", Self.suite(name), "--model", model, "--data", workshop.folder.path,
        "--limit", "2", "--samples", "1", "--max-new-tokens", "1",
      ])
      // Those of others lack their data, or a verifier; none is ill-formed.
      #expect(!outcome.errors.contains("suite.yaml: "), "\(outcome.errors)")
    }
  }
}

/// Evaluations inside training.
@Suite(.enabled(if: Temper.isPresent, Temper.absence))
struct TrainingEvaluationTests {
  private let evaluation = [
    "--eval", EvalSuiteTests.suite("arithmetic"), "--eval-every", "2", "--eval-probe", "16",
    "--eval-samples", "2",
  ]

  @Test func evaluationsLeaveTheBitsOfTrainingAlone() throws {
    let workshop = try Workshop()
    try Temper.succeed(try workshop.grpo("plain", steps: 4))
    try Temper.succeed(try workshop.grpo("measured", steps: 4, evaluation))
    let (plain, measured) = (workshop.run("plain"), workshop.run("measured"))
    #expect(try plain.content() == measured.content())
    #expect(try measured.metric("eval/arithmetic/accuracy").count == 3)
    #expect(try measured.metric("eval/arithmetic/min_accuracy").count == 2)
    #expect(try measured.metric("eval/worst_case_accuracy").count == 2)
    #expect(measured.names("evaluations") == ["step-000000", "step-000002", "step-000004"])
    // The reports are those that `temper eval` reads.
    let files = ["step-000000", "step-000004"].map {
      measured.folder.appending(path: "evaluations/\($0)/arithmetic.json").path
    }
    #expect(try Temper.succeed(["eval", "--compare"] + files).output.contains("greedy accuracy"))
  }

  @Test func aKilledRunsEvaluationsAreThoseOfAWholeOne() throws {
    let workshop = try Workshop()
    try Temper.succeed(try workshop.grpo("whole", steps: 6, evaluation))
    let run = workshop.run("killed")
    let arguments = try workshop.grpo("killed", steps: 6, evaluation)
    #expect(try Child(arguments).killed { run.metricLines.count == 4 && !run.isSaving })
    try Temper.succeed(["grpo", "--resume", run.folder.path])
    #expect(try workshop.run("whole").metrics() == run.metrics())
  }
}
