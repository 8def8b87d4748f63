import Foundation
import JSON
import Testing

@testable import Commands

private let environment = ProcessInfo.processInfo.environment
private let folder = environment["TEMPER_FAULT_STUDY"].map { URL(filePath: $0) }

/// What each fault brings about, who finds it, and whether an action saves the run: the committed
/// table of `evals/studies/faults`, made by its `run.sh`, which names the folder for it, and the
/// part of the faults by how their names begin.
@Suite(.serialized, .enabled(if: folder != nil, "only for evals/studies/faults/run.sh"))
struct FaultStudy {
  static let seeds: [UInt64] = [0, 1, 2]

  /// One row of the table.
  struct Arm: CustomTestStringConvertible {
    let fault: FaultKind?
    let name: String
    let detectors: [String]
    var defaults = DetectorDefaults.standard

    var title: String { fault?.title ?? "none" }
    var testDescription: String { "\(title), \(name)" }
  }

  /// What may act in the runs with actions: every one of the default set, as far as it goes.
  static let acting = ["entropy", "gradient-spike", "loss-spike", "mismatch", "reward", "length"]
    .map { "\($0):max_action=stop" }
  static let radius = ["step-radius:controller=true,every=1,max_action=shorten"]

  static let arms: [Arm] = {
    let faults = [nil] + FaultKind.all
    return faults.flatMap { fault in
      var arms = [
        Arm(fault: fault, name: "warning", detectors: []),
        Arm(fault: fault, name: "acting", detectors: acting),
      ]
      if fault == nil || fault?.isRate == true {
        arms.append(Arm(fault: fault, name: "step-radius", detectors: radius, defaults: .none))
      }
      return arms
    }.filter { $0.title.hasPrefix(environment["TEMPER_FAULT_STUDY_PART"] ?? "") }
  }()

  @Test(arguments: FaultStudy.arms) func whatBecomesOfTheRun(_ arm: Arm) throws {
    let outcomes = try Self.seeds.map { seed in
      var run = FaultyRun(fault: arm.fault, detectors: arm.detectors, defaults: arm.defaults)
      (run.steps, run.seed) = (50, seed)
      return (run, try run.run())
    }
    let lines = outcomes.map { Self.record(arm, $0, $1).serialized() + "\n" }
    try append(lines.joined(), to: "faults.jsonl")
    try append(Self.row(arm, outcomes.map(\.1), faultStep: outcomes[0].0.faultStep), to: "table.md")
  }

  private func append(_ text: String, to name: String) throws {
    let file = folder!.appending(path: name)
    let before = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
    try (before + text).write(to: file, atomically: true, encoding: .utf8)
  }

  private static func record(
    _ arm: Arm, _ run: FaultyRun, _ outcome: FaultyRun.Outcome
  ) -> JSONLiteral {
    [
      "fault": .string(arm.title), "detectors": .string(arm.name), "seed": .int(Int(run.seed)),
      "from_step": .int(run.faultStep), "steps": .int(run.steps),
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
      "rewards": .array(outcome.rewards.map { .double(($0 * 1000).rounded() / 1000) }),
      "entropies": .array(outcome.entropies.map { .double(($0 * 1e4).rounded() / 1e4) }),
    ]
  }

  /// `| fault | detectors | found by, steps after it | done | end | accuracy |`
  private static func row(
    _ arm: Arm, _ outcomes: [FaultyRun.Outcome], faultStep: Int
  ) -> String {
    let count = outcomes.count
    /// With the number of seeds where it is not all of them.
    func counted(_ words: [[String]]) -> String {
      var order: [String] = []
      for word in words.joined() where !order.contains(word) { order.append(word) }
      return order.map { word in
        let seeds = words.count { $0.contains(word) }
        return seeds == count ? word : "\(word) (\(seeds) of \(count))"
      }.joined(separator: ", ")
    }
    let names = counted(outcomes.map { $0.found.map(\.detector) })
    let finders = Set(outcomes.flatMap { $0.found.map(\.detector) })
    let delays = finders.sorted().map { name in
      let steps = outcomes.flatMap(\.found).filter { $0.detector == name }
        .map { $0.step - faultStep }
      return (name, steps.min()!, steps.max()!)
    }
    var found = names
    for (name, least, most) in delays {
      let delay = least == most ? "\(least)" : "\(least) to \(most)"
      found = found.replacing(name, with: "\(name) \(delay)", maxReplacements: 1)
    }
    var done = outcomes.map { outcome in outcome.done.map { "\($0.action) by \($0.detector)" } }
    for (seed, outcome) in outcomes.enumerated() where !outcome.refusals.isEmpty {
      done[seed].append("refused by the core")
    }
    let ends = counted(
      outcomes.map { $0.end.isEmpty ? [] : [String($0.end.prefix(while: \.isLetter))] })
    let accuracy = outcomes.map(\.accuracy)
    let cells = [
      arm.title, arm.name, found.isEmpty ? "nobody" : found, counted(done),
      ends.isEmpty ? "all steps" : ends,
      String(
        format: "%.1f%% (%.1f to %.1f)", 100 * accuracy.reduce(0, +) / Double(count),
        100 * accuracy.min()!, 100 * accuracy.max()!),
    ]
    return cells.reduce("|") { "\($0) \($1) |" } + "\n"
  }
}

extension FaultKind {
  fileprivate var isRate: Bool {
    if case .rate = self { true } else { false }
  }
}
