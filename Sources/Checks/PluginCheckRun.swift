import JSON

/// What a check of a plugin found.
enum PluginFinding {
  /// - Parameters:
  ///   - error: the largest error divided by its tolerance.
  ///   - note: what is worth knowing besides.
  case passed(error: Double = 0, note: String = "")
  case failed(String, error: Double = .infinity)
  case skipped(String)
}

/// The checks of one plugin as they are done, a line each.
///
/// A line is said at once, so that a plugin that ends the process is known by the line that is
/// missing.
struct PluginCheckRun {
  let plugin: String
  let say: (String) -> Void
  private(set) var report: CheckReport
  private var lines: [JSONLiteral] = []

  init(plugin: String, into report: CheckReport, say: @escaping (String) -> Void) {
    (self.plugin, self.report, self.say) = (plugin, report, say)
    say(plugin)
  }

  /// Does one check; what `body` throws is its failure.
  ///
  /// - Parameters:
  ///   - name: short, for programs.
  ///   - claim: the sentence that holds if the check passes.
  mutating func check(_ name: String, _ claim: String, _ body: () throws -> PluginFinding) {
    let finding: PluginFinding
    do { finding = try body() } catch { finding = .failed("\(error)") }
    let full = "\(plugin): \(name)"
    switch finding {
    case .passed(let error, let note):
      report.agree(full, error: error)
      line("passed", name, claim, note)
    case .failed(let why, let error):
      report.differ(full, error: error, detail: why)
      line("FAILED", name, claim, why)
    case .skipped(let why):
      report.skip(full, why: why)
      line("skipped", name, claim, why)
    }
  }

  private mutating func line(_ result: String, _ name: String, _ claim: String, _ why: String) {
    func column(_ text: String, _ width: Int) -> String {
      text + String(repeating: " ", count: max(1, width - text.count))
    }
    say("  " + column(result, 9) + column(name, 22) + claim)
    if !why.isEmpty { say(String(repeating: " ", count: 33) + why) }
    lines.append([
      "plugin": .string(plugin), "check": .string(name), "claim": .string(claim),
      "result": .string(result.lowercased()), "detail": .string(why),
    ])
  }

  /// The report with this plugin's checks in it, one object each under `checks`.
  func finished() -> CheckReport {
    var report = report
    var checks = lines
    if let index = report.extra.firstIndex(where: { $0.key == "checks" }) {
      if case .array(let earlier) = report.extra[index].value { checks = earlier + lines }
      report.extra.remove(at: index)
    }
    report.extra.append(.init("checks", .array(checks)))
    return report
  }
}
