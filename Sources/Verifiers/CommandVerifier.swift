import JSON
import Sandbox
import Synchronization
import Trajectories

/// Asks a program of the user's: one JSON object a line for each sample on its standard input, one
/// reply a line on its standard output.
///
/// The program runs in a sandbox and lives on from sample to sample. Where it ends, answers with
/// something else or lets the deadline pass, that sample is *failed*, and the next one finds the
/// program started anew.
public struct CommandVerifier: Verifier {
  public let name = "command"
  private let command: SandboxCommand
  private let sandbox: Sandbox
  private let limits: SandboxLimits
  /// Seconds from a sample to its reply.
  private let deadline: Double
  private let rewards: VerdictRewards
  private let workers: [Worker]
  private let next = Counter()

  public static let defaults: JSONLiteral = [
    "run": "", "deadline": 10, "workers": 1, "readable": ["."], "memory": 2048,
    "allow_unsandboxed": false, "right": 1, "wrong": 0, "unparsable": nil,
  ]

  /// Starts the program once, so that one that cannot be started is known before the run.
  ///
  /// - Parameter settings: an object with every key of ``defaults``.
  /// - Throws: ``VerifierConfigurationError`` that names the key and the remedy.
  public init(_ settings: JSONLiteral) throws(VerifierConfigurationError) {
    let reader = SettingsReader(settings)
    let line = try reader.string("run")
    guard !line.trimmed.isEmpty else {
      throw VerifierConfigurationError(
        "'run' is empty; give a command, for example run=python3 judge.py")
    }
    deadline = try reader.nonnegative("deadline")
    guard deadline > 0 else {
      throw VerifierConfigurationError("'deadline' is 0; give seconds, for example 10")
    }
    rewards = try reader.rewards()
    workers = (0..<(try reader.count("workers"))).map { _ in Worker() }
    var limits = SandboxLimits()
    limits.cpuSeconds = nil  // it lives as long as the run, and each sample has its deadline
    limits.wallSeconds = nil
    limits.memory = try reader.count("memory") << 20
    limits.processes = 256
    limits.openFiles = 256
    limits.output = 1 << 20
    self.limits = limits
    let readable = try reader.strings("readable")
    command = SandboxCommand(
      ["/bin/sh", "-c", "exec \(line)"], readable: readable, folder: readable.first)
    let isFree = try reader.bool("allow_unsandboxed")
    let first: SandboxedProcess
    do throws(SandboxError) {
      sandbox = try Sandbox(allowsUnsandboxed: isFree)
      first = try sandbox.start(command, limits: limits)
    } catch {
      throw VerifierConfigurationError(error.description)
    }
    // Long enough for a shell to find that there is no such program.
    switch first.nextLine(within: 0.1) {
    case .deadline: workers[0].process.withLock { $0 = first }
    case .ended:
      throw VerifierConfigurationError("'run' cannot be used: \(Self.ending(of: first)): \(line)")
    case .line, .tooLong:
      throw VerifierConfigurationError(
        "'run' writes before it is asked, so its replies would be one off: \(line)")
    }
  }

  /// How the program ended, with its last words.
  private static func ending(of process: SandboxedProcess) -> String {
    let ending = process.end().ending
    let last = process.errorText.split(separator: "\n").last.map { ": \($0)" } ?? ""
    return "the command \(ending)\(last)"
  }

  public func judge(_ samples: [VerifierSample]) -> [Judgement] {
    workers[next.increment() % workers.count].process.withLock { process in
      samples.map { sample in
        do throws(CommandFailure) {
          return try judge(sample, with: &process)
        } catch {
          process = nil
          return .failed(error.reason)
        }
      }
    }
  }

  /// - Parameter process: started where there is none.
  private func judge(
    _ sample: VerifierSample, with process: inout SandboxedProcess?
  ) throws(CommandFailure) -> Judgement {
    let request = try CommandRequest(sample)
    if process == nil {
      do throws(SandboxError) {
        process = try sandbox.start(command, limits: limits)
      } catch {
        throw CommandFailure(reason: error.description)
      }
    }
    let running = process!
    switch running.exchange(request.line, within: deadline) {
    case .line(let line): return try CommandReply(line).judgement(rewards)
    case .deadline: throw CommandFailure(reason: "the command gave no reply in \(deadline) seconds")
    case .tooLong:
      throw CommandFailure(reason: "the command's reply is longer than \(limits.output) bytes")
    case .ended: throw CommandFailure(reason: Self.ending(of: running))
    }
  }
}

/// A running program, for one caller at a time.
private final class Worker: Sendable {
  let process = Mutex<SandboxedProcess?>(nil)
}

private final class Counter: Sendable {
  private let value = Atomic(0)

  func increment() -> Int { value.wrappingAdd(1, ordering: .relaxed).oldValue & Int.max }
}

/// Why the program's answer is no judgement.
struct CommandFailure: Error {
  let reason: String
}

/// What the program is told of a sample.
struct CommandRequest {
  /// One line of JSON.
  let line: [UInt8]

  init(_ sample: VerifierSample) throws(CommandFailure) {
    let row: JSON
    do { row = try JSON(parsing: sample.row, source: "row") } catch {
      throw CommandFailure(reason: error.description)
    }
    let object: JSONLiteral = [
      "row": JSONLiteral(row), "prompt": .string(sample.prompt),
      "completion": .string(sample.completion), "tokens": .int(sample.tokens.count),
    ]
    line = Array(object.serialized().utf8)
  }
}

/// What the program says of a sample.
struct CommandReply {
  private let verdict: Verdict?
  private let reward: Float?
  private let reason: String
  private let answer: String?

  init(_ line: [UInt8]) throws(CommandFailure) {
    let text = String(decoding: line, as: UTF8.self)
    func failure(_ problem: String) -> CommandFailure {
      CommandFailure(reason: "the command's reply \(problem): \(text.prefix(200))")
    }
    guard let reply = try? JSON(parsing: text, source: "reply"), reply.kind == .object else {
      throw failure("is no JSON object")
    }
    verdict = try reply["verdict"].string.map { name throws(CommandFailure) in
      guard let verdict = Verdict(rawValue: name) else {
        let known = Verdict.allCases.map(\.rawValue).joined(separator: ", ")
        throw failure("has a verdict that is none of \(known)")
      }
      return verdict
    }
    reward = reply["reward"].double.map { Float($0) }
    guard verdict != nil || reward != nil else {
      throw failure("has neither 'verdict' nor 'reward'")
    }
    guard reward?.isFinite ?? true else { throw failure("has a reward that is too large") }
    reason = reply["reason"].string ?? ""
    answer = reply["answer"].string
  }

  /// A reward alone says *right* where it is above 0; a verdict alone earns what is configured.
  func judgement(_ rewards: VerdictRewards) -> Judgement {
    let verdict = verdict ?? (reward! > 0 ? .right : .wrong)
    let standard: Float? =
      switch verdict {
      case .right: rewards.right
      case .wrong: rewards.wrong
      case .unparsable: rewards.unparsable
      case .failed: nil
      }
    guard let standard else {
      return .failed(reason.isEmpty ? "the command gives no reason" : reason)
    }
    return Judgement(verdict, reward: reward ?? standard, reason: reason, answer: answer)
  }
}
