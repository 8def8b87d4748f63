import Evaluation
import Foundation
import JSON
import Testing

@testable import Arena

@Suite struct ArenaTests {
  @Test func quantilesOfStudentsTAreThoseOfTheTables() {
    for (freedom, expected) in [(1, 12.7062), (2, 4.30265), (4, 2.77645), (30, 2.04227)] {
      #expect(abs(studentQuantile(freedom: freedom) - expected) < 1e-4, "\(freedom)")
    }
  }

  @Test func anEstimateOverSeedsHasStudentsInterval() {
    // Mean 2, deviation 1, t = 4.30265, over the root of 3.
    let estimate = SeedEstimate([1, 2, 3])
    #expect(estimate.mean == 2)
    #expect(abs(estimate.half - 2.48414) < 1e-4)
    #expect(!estimate.excludesZero)
    #expect(SeedEstimate([1, 1.1, 0.9]).excludesZero)
    #expect(SeedEstimate([1]).half.isNaN)
  }

  @Test func theChosenStrengthReachesEveryReportedRunAndTuningUsesItsOwnSeed() {
    let plan = ArenaPlan(
      methods: [
        .init(name: "grpo", entropy: nil),
        .init(
          name: "bonus", entropy: "entropy-bonus",
          strength: .init(key: "coefficient", values: [0.01, 0.1])),
        .init(
          name: "linear", entropy: "steer:mapping=linear",
          strength: .init(key: "lambda_min", values: [0.5, 0.7])),
      ], seeds: [1, 2], tuning: .init(seed: 99, learningRates: [1e-4, 3e-4]))
    #expect(plan.rateCells.map(\.learningRate) == [1e-4, 3e-4])
    #expect(plan.rateCells.allSatisfy { $0.seed == 99 && $0.entropy == nil })
    let strengths = plan.strengthCells(learningRate: 3e-4)
    #expect(
      strengths.map(\.entropy) == [
        "entropy-bonus:coefficient=0.01", "entropy-bonus:coefficient=0.1",
        "steer:mapping=linear,lambda_min=0.5", "steer:mapping=linear,lambda_min=0.7",
      ])
    let runs = plan.runCells(learningRate: 3e-4, strengths: ["bonus": 0.1, "linear": 0.5])
    #expect(runs.map(\.seed) == [1, 1, 1, 2, 2, 2])
    #expect(runs[1].entropy == "entropy-bonus:coefficient=0.1")
    #expect(runs.allSatisfy { $0.learningRate == 3e-4 })
    #expect(Set((plan.rateCells + strengths + runs).map(\.folder)).count == 12)
  }

  @Test func aRunIsMeasuredAtItsStartItsMiddleAndItsEnd() throws {
    // Forty steps of entropy 40, 39 ... 1: windows of two.
    let run = try Self.run(entropies: (1...40).map { Double(41 - $0) }, right: [true, false])
    #expect(run.entropyStart == 40)
    #expect(run.entropyMiddle == 20.5)
    #expect(run.entropyEnd == 1.5)
    #expect(run.gradientNormPeak == 40)
    #expect(run.greedy == 0.5)
    #expect(run.passAtK == [1: 0.25, 2: 0.5])
    #expect(run.score == 0.5)
  }

  @Test func differencesFromTheBaselineArePairedSeedBySeed() throws {
    // Both methods vary between seeds by much, and differ by 1 in every seed.
    var plain: [Int: ArenaMeasurement?] = [:]
    var held: [Int: ArenaMeasurement?] = [:]
    for seed in 1...4 {
      plain[seed] = try Self.run(entropies: [5, Double(seed * 10)], right: [true])
      held[seed] = try Self.run(entropies: [5, Double(seed * 10 + 1)], right: [true])
    }
    held[5] = .some(nil)
    let summary = ArenaSummary([
      (.init(name: "grpo", entropy: nil), nil, plain),
      (.init(name: "held", entropy: "steer"), "steer", held),
    ])
    let end = summary.quantities.firstIndex { $0.name == "entropy end" }!
    #expect(summary.rows[1].estimates[end].half > 10)
    #expect(summary.rows[1].differences![end].mean == 1)
    #expect(summary.rows[1].differences![end].half == 0)
    #expect(summary.differenceCells[0][end + 2] == "+1.000 ±0.000*")
    #expect(summary.cells[1][1] == "4, 1 failed")
  }

  /// A run's files, read back: greedy verdicts `right`, two samples a problem, the first as greedy.
  static func run(entropies: [Double], right: [Bool]) throws -> ArenaMeasurement {
    let folder = FileManager.default.temporaryDirectory.appending(path: "arena-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let metrics = folder.appending(path: "metrics.jsonl")
    let report = folder.appending(path: "report.json")
    let lines = entropies.map { entropy in
      let line: JSONLiteral = [
        "policy/entropy": .double(entropy), "optimizer/grad_norm": .double(entropy),
        "time/step": 0.5,
      ]
      return line.serialized() + "\n"
    }
    try Data(lines.joined().utf8).write(to: metrics)
    func judgement(_ isRight: Bool) -> JSONLiteral {
      ["verdict": .string(isRight ? "right" : "wrong"), "reason": ""]
    }
    let completion: JSONLiteral = ["text": "", "stop": "length", "ids": "1"]
    let judged = right.map { isRight -> JSONLiteral in
      [
        "greedy": judgement(isRight),
        "samples": .array([judgement(isRight), judgement(false)]), "votes": [nil, nil],
      ]
    }
    let problems = right.indices.map { index -> JSONLiteral in
      [
        "id": .string("\(index)"), "index": .int(index), "row": "{}", "prompt": "",
        "greedy": completion, "samples": .array([completion, completion]),
      ]
    }
    let record: JSONLiteral = [
      "format": "temper.eval/1", "protocol": .object([]), "problems": .array(problems),
      "judgements": [["name": "verifier", "judged_by": [], "problems": .array(judged)]],
    ]
    try Data(record.serialized().utf8).write(to: report)
    return try ArenaMeasurement(metrics: metrics, report: report)
  }
}
