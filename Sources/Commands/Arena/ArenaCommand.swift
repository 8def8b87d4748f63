import Arena
import ArgumentParser
import Checkpoints
import Evaluation
import Foundation
import JSON

/// `temper arena`: several methods, several seeds, one task, one table.
struct ArenaCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "arena",
    abstract: "Compare entropy methods: several seeds each, from one start, in one table.",
    usage: """
      temper arena --model DIR --grpo FILE --data FILE --test FILE --method NAME [settings]
      temper arena --config FILE
      """,
    discussion: ArenaConfiguration.table.help(defaults: ArenaConfiguration()))

  @OptionGroup var arguments: SettingsArguments
  @Flag(help: "Print the table as JSON.") var json = false

  func run() throws {
    Interruption.listen()
    let configuration = try arguments.resolve(
      ArenaConfiguration.table, defaults: ArenaConfiguration())
    let plan = try configuration.plan()
    let runner = try ArenaRunner(configuration)
    try runner.measureStart()

    let rate = try chooseRate(plan, runner)
    let strengths = try chooseStrengths(plan, rate, runner)
    let cells = plan.runCells(learningRate: rate.value, strengths: strengths.values)
    let results = Dictionary(
      uniqueKeysWithValues: zip(cells, try runner.results(of: cells, "runs")))

    let table = plan.methods.map { method in
      let own = cells.filter { $0.method == method.name }
      return (
        method: method, option: own[0].entropy,
        runs: Dictionary(uniqueKeysWithValues: own.map { ($0.seed, results[$0]!) })
      )
    }
    let summary = ArenaSummary(table)
    let notes =
      try [start(configuration.model, runner.files)] + rate.notes + strengths.notes
      + ["Seeds \(plan.seeds.map(String.init).joined(separator: ", "))."]
    try save(summary, notes: notes, table.map { ($0.method.name, $0.runs) }, runner.files.root)
    Console.report(
      json
        ? JSONLiteral.object([
          .init("methods", summary.json), .init("notes", .array(notes.map { .string($0) })),
        ]).serialized()
        : (notes + ["", summary.text]).joined(separator: "\n"))
  }

  // MARK: Tuning

  private struct Chosen<Value> {
    let value: Value
    let notes: [String]
  }

  private func chooseRate(_ plan: ArenaPlan, _ runner: ArenaRunner) throws -> Chosen<Double?> {
    let cells = plan.rateCells
    let results = try runner.results(of: cells, "learning rates")
    let tried = zip(cells, results).map { ("\($0.learningRate!)", $0.learningRate!, $1) }
    guard let best = best(of: tried) else {
      return Chosen(value: plan.tuning?.learningRates.first, notes: [])
    }
    return Chosen(
      value: best.value,
      notes: [
        "Learning rate \(best.value), by plain GRPO with seed \(cells[0].seed): \(best.note)."
      ])
  }

  private func chooseStrengths(
    _ plan: ArenaPlan, _ rate: Chosen<Double?>, _ runner: ArenaRunner
  ) throws -> (values: [String: Double], notes: [String]) {
    let cells = plan.strengthCells(learningRate: rate.value)
    let results = try runner.results(of: cells, "strengths")
    var values: [String: Double] = [:]
    var notes: [String] = []
    for method in plan.methods {
      let tried = zip(cells, results).filter { $0.0.method == method.name }
        .map { ("\($0.strength!)", $0.strength!, $1) }
      guard let best = best(of: tried) else { continue }
      values[method.name] = best.value
      notes.append(
        "\(method.name): \(method.strength!.key) \(best.value), with seed \(plan.tuning!.seed): \(best.note)."
      )
    }
    return (values, notes)
  }

  /// The value with the best score, and what was tried; `nil` where nothing was.
  private func best(
    of tried: [(name: String, value: Double, result: ArenaMeasurement?)]
  ) -> (value: Double, note: String)? {
    let done = tried.compactMap { tried in tried.result.map { (tried.value, $0.score) } }
    guard let best = done.max(by: { $0.1 < $1.1 }) else { return nil }
    let note = tried.map { tried in
      let score = tried.result.map { String(format: "%.3f", $0.score) } ?? "failed"
      return "\(tried.name) scored \(score)"
    }
    return (best.0, note.joined(separator: ", "))
  }

  // MARK: Saving

  private func start(_ model: String, _ files: ArenaFiles) throws -> String {
    let report = try EvaluationReport(contentsOf: files.start)
    let scores =
      (report.greedy.map { [("greedy", $0)] } ?? [])
      + [1, report.ks.last ?? 1].filter(report.ks.contains).map {
        ("pass@\($0)", report.pass(at: $0))
      }
    return "Every run starts from \(model): "
      + scores.map { "\($0) \(String(format: "%.1f%%", 100 * $1.value))" }.joined(separator: ", ")
      + " on \(report.problems.count) problems."
  }

  private func save(
    _ summary: ArenaSummary, notes: [String],
    _ runs: [(method: String, runs: [Int: ArenaMeasurement?])], _ folder: URL
  ) throws {
    let list = notes.map { "- \($0)" }.joined(separator: "\n")
    try AtomicFile.write(
      list + "\n\n" + summary.markdown, to: folder.appending(path: "table.md"))
    try AtomicFile.write(
      summary.json.serialized(indent: 1) + "\n", to: folder.appending(path: "table.json"))
    let curves = runs.map { name, runs in
      (method: name, runs: runs.keys.sorted().compactMap { runs[$0]! })
    }
    let page = arenaPage(summary, curves: curves, notes: notes)
    let file = folder.appending(path: "arena.html")
    try AtomicFile.write(page, to: file)
    Console.note("the tables and the page are in \(folder.path)")
  }
}
