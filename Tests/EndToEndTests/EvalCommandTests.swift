import Foundation
import JSON
import Testing

@Suite(.enabled(if: Temper.isPresent, Temper.absence))
struct EvalCommandTests {
  private func arguments(_ workshop: Workshop) throws -> [String] {
    [
      "eval", "--model", try workshop.makeModel(), "--data", try workshop.makeProblems(),
      "--verifier", GRPOLearningTests.same, "--max-new-tokens", "1", "--threads", "1",
    ]
  }

  @Test func theReportIsAFunctionOfItsSeed() throws {
    let workshop = try Workshop()
    let arguments = try arguments(workshop) + ["--samples", "8", "--json"]
    let first = try Temper.succeed(arguments).lastLine
    #expect(try Temper.succeed(arguments + ["--rollout.batch", "3"]).lastLine == first)
    #expect(try Temper.succeed(arguments + ["--seed", "1"]).lastLine != first)
    let json = try JSON(parsing: first)
    #expect(json["problems"].int == 8)
    let passes = try ["pass@1", "pass@2", "pass@4", "pass@8"].map { name in
      let (low, value, high) = (
        try json[name]["low"].requireDouble(), try json[name]["value"].requireDouble(),
        try json[name]["high"].requireDouble()
      )
      #expect(low <= value && value <= high)
      return value
    }
    #expect(passes == passes.sorted())
    #expect(json["protocol"]["temperature"].double == 1)
    #expect(json["verdicts"]["failed"].int == 0)
  }

  @Test func completionsAndReportAreKept() throws {
    let workshop = try Workshop()
    let arguments = try arguments(workshop)
    let (report, completions) = (workshop.path("report.json"), workshop.path("completions.jsonl"))
    let outcome = try Temper.succeed(
      arguments + ["--samples", "2", "--report", report, "--completions", completions])
    #expect(outcome.output.contains("8 problems"))
    #expect(outcome.output.contains("greedy accuracy") && outcome.output.contains("pass@2"))
    let lines = try String(contentsOfFile: completions, encoding: .utf8).split(separator: "\n")
      .map { try JSON(parsing: String($0)) }
    #expect(lines.count == 24)
    let kept = try JSON(contentsOf: URL(filePath: report))
    let right = lines.count { $0["verdict"].string == "right" }
    #expect(kept["report"]["verdicts"]["right"].int == right)

    // Compared with itself nothing changed, and that is no improvement.
    let same = try Temper.run(
      arguments + ["--samples", "2", "--against", report, "--must-improve"])
    #expect(same.status == 1 && same.output.contains("0.0% to 0.0%"))
  }

  @Test func otherProblemsAreNoComparison() throws {
    let workshop = try Workshop()
    let arguments = try arguments(workshop)
    let report = workshop.path("report.json")
    try Temper.succeed(arguments + ["--report", report])
    let fewer = try Temper.run(arguments + ["--limit", "7", "--against", report])
    #expect(fewer.status == 1 && fewer.errors.contains("did not see the same problems"))
    // As many rows without ids, and other ones.
    let rows = (1...8).map { #"{"problem": "\#($0)+1=", "answer": "1"}"# }
    let data = try workshop.write(rows.joined(separator: "\n"), to: "others.jsonl")
    let others = try Temper.run(replacing(arguments, ["--data": data]) + ["--against", report])
    #expect(others.status == 1 && others.errors.contains("did not see the same problems"))
    let broken = try workshop.write("{}", to: "broken.json")
    let refused = try Temper.run(arguments + ["--against", broken])
    #expect(refused.status == 1 && refused.errors.contains("broken.json"))
  }

  @Test(arguments: [
    (["--must-improve"], "needs --against"), (["--samples", "-1"], "eval.samples is -1"),
    (["--no-greedy"], "nothing to judge"), (["--top-p", "0"], "rollout.top_p is 0"),
    (["--shuffle"], "unknown setting '--shuffle'"), (["--rollout.cache-mib", "0"], "at least 1"),
  ])
  func wrongUseIsTold(more: [String], message: String) throws {
    let workshop = try Workshop()
    let outcome = try Temper.run(arguments(workshop) + more)
    #expect(outcome.status == 2)
    #expect(outcome.errors.contains(message), "\(outcome.errors)")
  }
}
