import FoundationEssentials
import Sandbox

/// What running a program came to.
enum RunResult {
  case judged(passed: Int, of: Int, fault: String)
  /// The code is not a program.
  case unreadable(String)
  case outOfBudget(String)
  /// The fault is the row's.
  case broken(String)
}

/// Runs programs and their tests.
struct Runner {
  let sandbox: Sandbox
  let interpreter: PythonInterpreter
  let limits: SandboxLimits

  /// Bytes of the longest line between the two processes.
  static let longestLine = 8 << 20

  // MARK: Statements

  /// What the process of the tests is told.
  private struct Order: Encodable {
    let program: String
    let preamble: String
    let setup: String
    let entry: String
    let tests: [String]
    let check: String
  }

  /// What it reports in the end.
  private struct Report: Decodable {
    var passed: Int?
    var total: Int?
    var fault: String?
    var unreadable: String?
    var broken: String?
  }

  func run(
    _ program: ProgramText, _ task: CodeTask, statements: [String], check: String
  ) throws -> RunResult {
    var limits = limits
    limits.output = Self.longestLine
    let judged = try sandbox.start(interpreter.command(Harness.program), limits: limits)
    // Comparing takes time of its own, and less than the program has.
    let tests = try sandbox.start(interpreter.command(Harness.tests), limits: limits)
    let order = Order(
      program: program.source, preamble: program.preamble, setup: task.setup,
      entry: task.function, tests: statements, check: check)
    tests.send(Array(try JSONEncoder().encode(order)))
    while true {
      guard case .line(let line) = tests.nextLine(within: limits.wallSeconds!) else {
        return ending(ofTests: tests)
      }
      if let report = line.dropPrefix("done ") {
        return try result(JSONDecoder().decode(Report.self, from: Data(report)))
      }
      guard let request = line.dropPrefix("ask ") else { return ending(ofTests: tests) }
      switch judged.exchange(Array(request), within: limits.wallSeconds!) {
      case .line(let reply): tests.send(reply)
      case .tooLong:
        return .outOfBudget("what it gives is longer than \(Self.longestLine >> 20) MiB")
      case .deadline, .ended:
        let outcome = judged.end()
        return outOfBudget(outcome)
          ?? .judged(
            passed: 0, of: statements.count + (check.isEmpty ? 0 : 1),
            fault: "the program \(outcome.ending) before the tests were through")
      }
    }
  }

  private func result(_ report: Report) -> RunResult {
    if let reason = report.broken { return .broken(reason) }
    if let reason = report.unreadable { return .unreadable(reason) }
    return .judged(passed: report.passed ?? 0, of: report.total ?? 1, fault: report.fault ?? "")
  }

  /// The tests did not report: they ran out of time or memory on what the program gave them, or
  /// they are broken.
  private func ending(ofTests tests: SandboxedProcess) -> RunResult {
    let outcome = tests.end()
    let last = String(decoding: outcome.errors, as: UTF8.self).split(separator: "\n").last ?? ""
    if let result = outOfBudget(outcome) { return result }
    if last.hasPrefix("MemoryError") {
      return .outOfBudget("what it gives takes more than \(limits.memory >> 20) MiB to compare")
    }
    return .broken("the process of the tests \(outcome.ending): \(last)")
  }

  private func outOfBudget(_ outcome: SandboxOutcome) -> RunResult? {
    if outcome.timedOut {
      return .outOfBudget("it ran for more than \(limits.wallSeconds!) seconds")
    }
    if outcome.usedUpProcessorTime {
      return .outOfBudget("it used more than \(limits.cpuSeconds!) seconds of processor time")
    }
    return nil
  }

  // MARK: Dialogues

  /// Runs the program once for each input and compares what it writes, blanks at the ends of lines
  /// and empty lines at the end aside.
  func run(_ source: String, _ dialogues: [CodeTask.Dialogue]) throws -> RunResult {
    var passed = 0
    var fault: String?
    var isOutOfBudget = true
    for (index, dialogue) in dialogues.enumerated() {
      var limits = limits
      limits.output = max(1 << 16, 2 * dialogue.output.utf8.count)
      let outcome = try sandbox.run(
        interpreter.command(file: "program.py", source), input: Array(dialogue.input.utf8),
        limits: limits)
      let written = String(decoding: outcome.output, as: UTF8.self)
      if outcome.succeeded, lines(written) == lines(dialogue.output) {
        passed += 1
        isOutOfBudget = false
        continue
      }
      let errors = String(decoding: outcome.errors, as: UTF8.self)
      let last = errors.split(separator: "\n").last.map(String.init) ?? ""
      if errors.contains("SyntaxError"), last.contains("Error"), index == 0, outcome.output.isEmpty
      {
        return .unreadable("the code is no Python: \(last)")
      }
      let isSpent = outOfBudget(outcome) != nil
      isOutOfBudget = isOutOfBudget && isSpent
      fault =
        fault
        ?? (outcome.succeeded
          ? "test \(index + 1) gives another output"
          : "in test \(index + 1) the program \(outcome.ending) \(last)")
    }
    if isOutOfBudget, passed == 0 { return .outOfBudget(fault ?? "it ran out of time") }
    return .judged(passed: passed, of: dialogues.count, fault: fault ?? "")
  }

  private func lines(_ text: String) -> [Substring] {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      line.lastIndex { !$0.isWhitespace }.map { line[...$0] } ?? ""
    }
    while lines.last?.isEmpty == true { lines.removeLast() }
    return lines
  }
}

extension [UInt8] {
  fileprivate func dropPrefix(_ prefix: String) -> ArraySlice<UInt8>? {
    starts(with: prefix.utf8) ? self[prefix.utf8.count...] : nil
  }
}
