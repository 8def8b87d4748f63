import FoundationEssentials
import Sandbox
import TemperPlugin

/// Runs a row's tests on the code of a completion.
struct Code: Verifier {
  struct Configuration: RewardConfiguration {
    /// The interpreter: a path, or a name on the PATH.
    var python = "python3"
    /// Seconds of processor time that a program has.
    var seconds = 3
    /// Seconds on the clock; four times the processor time and 2 more unless set.
    var wallSeconds: Double?
    /// MiB of address space.
    var memory = 512
    /// Each test that passes earns its share of the reward; otherwise all or nothing.
    var partial = false
    /// The row's key with the prompt that the completion goes on from.
    var prompt = "problem"
    /// Run programs with limits alone where no sandbox can be had.
    var allowUnsandboxed = false
    var right: Float = 1
    var wrong: Float = 0
    var unparsable: Float?
  }

  static let id = "temper.code"
  static let version = "1.0.0"
  static let summary = "Runs the row's tests on the completion's Python, in a sandbox."

  let configuration: Configuration
  let runner: Runner
  let host: Host

  init(_ configuration: Configuration, host: Host) throws {
    guard configuration.seconds > 0, configuration.memory >= 64,
      configuration.wallSeconds ?? 1 > 0
    else {
      throw PluginError.invalidConfiguration(
        "'seconds' has to be above 0 and 'memory' at least 64 MiB; they are "
          + "\(configuration.seconds) and \(configuration.memory)")
    }
    let (sandbox, interpreter): (Sandbox, PythonInterpreter)
    do {
      sandbox = try Sandbox(allowsUnsandboxed: configuration.allowUnsandboxed)
      interpreter = try PythonInterpreter(configuration.python)
    } catch {
      throw PluginError.unavailable("\(error)")
    }
    if !sandbox.isIsolated {
      host.log("programs run without a sandbox, with limits alone", level: .warning)
    }
    var limits = SandboxLimits()
    limits.cpuSeconds = configuration.seconds
    limits.wallSeconds = configuration.wallSeconds ?? Double(4 * configuration.seconds + 2)
    limits.memory = configuration.memory << 20
    limits.processes = 16
    runner = Runner(sandbox: sandbox, interpreter: interpreter, limits: limits)
    (self.configuration, self.host) = (configuration, host)
  }

  func judge(_ sample: Sample) throws -> Judgement {
    let task = try CodeTask(sample, prompt: configuration.prompt)
    guard
      let program = ProgramText(sample.completion, prompt: task.prompt, function: task.function)
    else { return .unparsable("there is no code") }
    let result: RunResult
    switch task.tests {
    case .statements(let statements, let check):
      result = try runner.run(program, task, statements: statements, check: check)
    case .dialogues(let dialogues):
      result = try runner.run(program.source, dialogues)
    }
    switch result {
    case .broken(let reason): return .failed(reason)
    case .outOfBudget(let reason), .unreadable(let reason): return .unparsable(reason)
    case .judged(let passed, let total, let fault):
      host.record("tests_passed", Double(passed) / Double(max(total, 1)))
      guard passed < total else { return .right() }
      let share = Float(passed) / Float(max(total, 1))
      let reward = configuration.wrong + (configuration.right - configuration.wrong) * share
      return .wrong(
        total > 1 ? "\(passed) of \(total) tests pass: \(fault)" : fault,
        reward: configuration.partial ? reward : nil)
    }
  }
}

@c(temper_plugin_entry)
public func entry(major: UInt32, minor: UInt32) -> UnsafeRawPointer? { export(Code.self) }
