import CSandbox
import Glibc

/// Runs programs that nobody vouches for.
///
/// Each run is a child process in user, network, process, mount and message namespaces of its own:
/// it has no network, sees no other process, reads the system's programs and libraries and nothing
/// else, and writes to one folder that is empty at the start, lives in memory and vanishes with it.
/// Its processor time, address space, processes, files and output are bounded, system calls that
/// such programs have no use for are refused, and when it ends, or its time does, everything it
/// started ends too.
///
/// A sandbox is a permission: who holds one may run programs.
public struct Sandbox: Sendable {
  /// False where the limits are all that holds a program.
  public let isIsolated: Bool

  /// - Parameter allowsUnsandboxed: do with limits alone where namespaces cannot be had.
  /// - Throws: ``SandboxError/unavailable(reason:)``.
  public init(allowsUnsandboxed: Bool = false) throws(SandboxError) {
    switch Self.availability {
    case .isolated: isIsolated = true
    case .unavailable(let reason):
      guard allowsUnsandboxed else { throw .unavailable(reason: reason) }
      isIsolated = false
    }
  }

  private init(isIsolated: Bool) { self.isIsolated = isIsolated }

  /// Limits and nothing else, for programs of the user's own.
  public static let limitsAlone = Sandbox(isIsolated: false)

  /// Runs a program to its end, or to that of its time.
  ///
  /// - Parameter input: what it finds on its standard input.
  public func run(
    _ command: SandboxCommand, input: [UInt8] = [], limits: SandboxLimits = SandboxLimits()
  ) throws(SandboxError) -> SandboxOutcome {
    try SandboxedProcess(command, limits: limits, in: self).run(input: input)
  }

  /// Starts a program that will be talked to, line by line.
  public func start(
    _ command: SandboxCommand, limits: SandboxLimits = SandboxLimits()
  ) throws(SandboxError) -> SandboxedProcess {
    try SandboxedProcess(command, limits: limits, in: self)
  }
}

/// How a program ended, and what it wrote.
public struct SandboxOutcome: Sendable, Equatable {
  public enum Status: Sendable, Equatable {
    case exited(Int32)
    case killed(signal: Int32)
  }

  public var status: Status
  /// It was still running when its time on the clock was up.
  public var timedOut: Bool
  /// It was killed for its processor time, by the kernel and not by us, or for the machine's memory.
  public var usedUpProcessorTime: Bool
  /// The first bytes of its standard output.
  public var output: [UInt8]
  /// The last bytes of its standard error.
  public var errors: [UInt8]
  /// Output or errors were longer than what is kept.
  public var outputWasCut: Bool
  /// Seconds of processor time.
  public var cpuSeconds: Double

  public var succeeded: Bool { status == .exited(0) && !timedOut }

  /// The end in words: `exited with status 1`.
  public var ending: String {
    if timedOut { return "was stopped at its time limit" }
    if usedUpProcessorTime { return "used up its processor time" }
    switch status {
    case .exited(let code): return "exited with status \(code)"
    case .killed(let signal): return "was ended by signal \(signal)"
    }
  }
}
