import FoundationEssentials
import Sandbox
import TemperPlugin

/// Runs one piece of code after another.
protocol CodeRunner: Sendable {
  func run(_ code: String) throws -> CodeResult
}

/// What a piece of code wrote.
struct CodeResult {
  var output: String
  /// The last line of standard error, or why the code did not come to its end; empty where all is
  /// well.
  var fault = ""

  /// What the model is told, cut to a number of characters.
  func text(limit: Int) -> String {
    let text = fault.isEmpty ? output.dropLast(while: \.isNewline) : fault[...]
    guard text.count > limit else { return String(text) }
    let dropped = text.count - 2 * (limit / 2)
    return "\(text.prefix(limit / 2))\n... \(dropped) characters left out ...\n"
      + text.suffix(limit / 2)
  }
}

extension String {
  fileprivate func dropLast(while isDropped: (Character) -> Bool) -> Substring {
    lastIndex { !isDropped($0) }.map { self[...$0] } ?? ""
  }

  /// The last line that is not empty.
  fileprivate var lastLine: String {
    split(whereSeparator: \.isNewline).last.map(String.init) ?? ""
  }
}

/// Where code is run, and how much of everything it gets.
struct Workshop: Sendable {
  let sandbox: Sandbox
  let interpreter: PythonInterpreter
  let seconds: Int
  let wallSeconds: Double
  let memory: Int
  let turns: Int

  /// Bytes of output that are read; what the model sees is cut further.
  static let longest = 1 << 20

  var limits: SandboxLimits {
    var limits = SandboxLimits()
    limits.cpuSeconds = seconds
    limits.wallSeconds = wallSeconds
    limits.memory = memory
    limits.processes = 16
    limits.output = Self.longest
    return limits
  }

  var tooSlow: String { "TimeoutError: the code ran for too long" }

  /// What every program begins with; on one line.
  static let prelude = #"def final_answer(x): print("\\boxed{" + str(x) + "}")"#
}

/// A program of its own for each piece of code.
struct OneOff: CodeRunner {
  let workshop: Workshop

  init(_ workshop: Workshop) { self.workshop = workshop }

  func run(_ code: String) throws -> CodeResult {
    let outcome = try workshop.sandbox.run(
      workshop.interpreter.command(file: "program.py", "\(Workshop.prelude)\n\(code)\n"),
      limits: workshop.limits)
    var result = CodeResult(
      output: String(decoding: outcome.output, as: UTF8.self),
      fault: String(decoding: outcome.errors, as: UTF8.self).lastLine)
    if outcome.timedOut || outcome.usedUpProcessorTime {
      result.fault = workshop.tooSlow
    } else if result.fault.isEmpty, !outcome.succeeded {
      result.fault = "the program \(outcome.ending)"
    }
    return result
  }
}

/// One interpreter for an episode. Where it dies, the next piece of code gets a new one.
///
/// One caller at a time, as the episode has.
final class Session: CodeRunner, @unchecked Sendable {
  private let workshop: Workshop
  private var process: SandboxedProcess?

  init(_ workshop: Workshop) { self.workshop = workshop }

  private struct Reply: Decodable {
    let output: String
    let fault: String
  }

  func run(_ code: String) throws -> CodeResult {
    let process = try self.process ?? start()
    self.process = process
    let line = Array(try JSONEncoder().encode([code]))
    switch process.exchange(line, within: workshop.wallSeconds) {
    case .line(let bytes):
      guard let reply = try? JSONDecoder().decode(Reply.self, from: Data(bytes)) else {
        return lost(process, "the interpreter was disturbed")
      }
      return CodeResult(output: reply.output, fault: reply.fault.lastLine)
    case .tooLong: return lost(process, "the interpreter was disturbed")
    case .deadline: return lost(process, workshop.tooSlow)
    case .ended:
      let outcome = process.end()
      let isSpent = outcome.usedUpProcessorTime
      return lost(process, isSpent ? workshop.tooSlow : "the interpreter \(outcome.ending)")
    }
  }

  private func lost(_ process: SandboxedProcess, _ reason: String) -> CodeResult {
    process.end()
    self.process = nil
    return CodeResult(output: "", fault: "\(reason); all names are lost")
  }

  private func start() throws -> SandboxedProcess {
    var limits = workshop.limits
    limits.wallSeconds = nil  // of an episode; each turn has its own
    limits.cpuSeconds = workshop.seconds * workshop.turns
    limits.output = 8 * Workshop.longest  // the longest reply, each character escaped
    return try workshop.sandbox.start(workshop.interpreter.command(Self.server), limits: limits)
  }

  /// Runs what it is sent, and reports what was printed. Code that gets at the way between the two
  /// can forge reports of its own output, which is its own to begin with.
  private static let server = #"""
    import io, json, os, sys, traceback
    requests, replies = os.fdopen(os.dup(0), "r"), os.fdopen(os.dup(1), "w")
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3): os.dup2(null, descriptor)
    names = {"__name__": "__main__"}
    exec(\#(quotedPrelude), names)
    for line in requests:
        output, errors = io.StringIO(), io.StringIO()
        sys.stdout, sys.stderr = output, errors
        try:
            exec(compile(json.loads(line)[0], "program.py", "exec"), names)
        except SystemExit as end:
            if end.code not in (None, 0): errors.write("SystemExit: " + str(end.code))
        except BaseException as error:
            errors.write("".join(traceback.format_exception_only(type(error), error)))
        text, fault = output.getvalue()[:\#(longestText)], errors.getvalue()[-4096:]
        report = {"output": text, "fault": fault}
        report = {key: item.encode(errors="replace").decode() for key, item in report.items()}
        replies.write(json.dumps(report) + "\n")
        replies.flush()
    """#

  private static let longestText = "\(Workshop.longest)"
  private static let quotedPrelude = "r'''\(Workshop.prelude)'''"
}
