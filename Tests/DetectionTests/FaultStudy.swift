import Foundation
import JSON
import Testing

@testable import Commands

private let studyFolder = ProcessInfo.processInfo.environment["TEMPER_FAULT_STUDY"].map {
  URL(filePath: $0)
}

/// What each fault brings about, who finds it, and whether an action saves the run: the committed
/// table of `evals/studies/faults`, made by its `run.sh`, which names the folder for it.
@Suite(.serialized, .enabled(if: studyFolder != nil, "only for evals/studies/faults/run.sh"))
struct FaultStudy {

  /// What may act in the runs with actions.
  static let acting = [
    "gradient-spike:max_action=skip_step", "loss-spike:max_action=roll_back",
    "entropy:max_action=stop", "mismatch:max_action=roll_back", "length:max_action=stop",
    "step-radius:controller=true,every=1,max_action=shorten",
  ]
  static let radius = ["step-radius:controller=true,every=1,max_action=shorten"]

  @Test func everyFaultWithAndWithoutActions() throws {
    var rows = [try row("none", nil, "default, warning", [])]
    rows.append(try row("none", nil, "acting", Self.acting))
    for fault in FaultKind.all {
      rows.append(try row(fault.title, fault, "default, warning", []))
      rows.append(try row(fault.title, fault, "acting", Self.acting))
    }
    for factor in [100.0, 10_000] {
      let fault = FaultKind.rate(factor)
      rows.append(try row(fault.title, fault, "step-radius alone", Self.radius, .none))
    }
    func write(_ lines: [String], to name: String) throws {
      try (lines.joined(separator: "\n") + "\n").write(
        to: studyFolder!.appending(path: name), atomically: true, encoding: .utf8)
    }
    try write(rows.map { $0.serialized() }, to: "faults.jsonl")
    try write(
      [
        "| fault | detectors | found by, steps after it | done | end | accuracy |",
        "|---|---|---|---|---|---|",
      ]
        + rows.map { try Self.line(JSON(parsing: $0.serialized())) }, to: "table.md")
  }

  private static func line(_ row: JSON) throws -> String {
    let found = try row["found"].requireArray().map {
      "\(try $0["detector"].requireString()) \(try $0["delay"].requireInt())"
    }
    var done: [String] = []
    for action in try row["done"].requireArray() {
      let words =
        "\(try action["action"].requireString()) (\(try action["detector"].requireString()))"
      if !done.contains(words) { done.append(words) }
    }
    let refused = try row["refused"].requireArray().count
    if refused > 0 { done.append("refused by the core x \(refused)") }
    let end = try row["end"].requireString()
    return [
      try row["fault"].requireString(), try row["arm"].requireString(),
      found.isEmpty ? "nobody" : found.joined(separator: ", "),
      done.isEmpty ? "" : done.joined(separator: ", "),
      end.isEmpty ? "all steps" : String(end.prefix(while: { $0 != ":" })),
      String(format: "%.1f%%", 100 * (try row["accuracy"].requireDouble())),
    ].reduce("|") { "\($0) \($1) |" }
  }

  private func row(
    _ title: String, _ fault: FaultKind?, _ arm: String, _ detectors: [String],
    _ defaults: DetectorDefaults = .standard
  ) throws -> JSONLiteral {
    var run = FaultyRun(fault: fault, detectors: detectors, defaults: defaults)
    run.steps = 50
    let outcome = try run.run()
    let row: JSONLiteral = [
      "fault": .string(title), "arm": .string(arm), "from_step": .int(run.faultStep),
      "steps": .int(run.steps),
      "found": .array(
        outcome.found.map {
          [
            "detector": .string($0.detector), "step": .int($0.step),
            "delay": .int($0.step - run.faultStep), "reason": .string($0.reason),
          ]
        }),
      "alarms_before": .array(outcome.alarmsBefore.map { .string($0) }),
      "done": .array(
        outcome.done.map {
          [
            "step": .int($0.step), "detector": .string($0.detector), "action": .string($0.action),
          ]
        }),
      "refused": .array(outcome.refusals.map { .string($0) }), "end": .string(outcome.end),
      "accuracy": .double(outcome.accuracy),
      "rewards": .array(outcome.rewards.map { .double($0) }),
    ]
    FileHandle.standardError.write(Data((row.serialized() + "\n").utf8))
    return row
  }
}
