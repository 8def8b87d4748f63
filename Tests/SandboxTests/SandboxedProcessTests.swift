import Foundation
import Glibc
import Testing

@testable import Sandbox

private func start(
  _ line: String, in sandbox: Sandbox? = nil,
  limits change: (inout SandboxLimits) -> Void = { _ in }
) throws -> SandboxedProcess {
  var limits = SandboxLimits()
  limits.wallSeconds = nil
  change(&limits)
  return try (sandbox ?? Sandbox(allowsUnsandboxed: true))
    .start(SandboxCommand(["/bin/sh", "-c", line]), limits: limits)
}

private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

@Suite(.serialized) struct SandboxedProcessTests {
  @Test func linesGoBackAndForth() throws {
    let process = try start("n=0; while read line; do n=$((n+1)); echo $n $line; done; echo bye")
    #expect(process.exchange(bytes("one"), within: 5) == .line(bytes("1 one")))
    #expect(process.exchange(bytes("two"), within: 5) == .line(bytes("2 two")))
    #expect(process.end().status == .killed(signal: SIGKILL))
  }

  @Test func severalLinesWaitToBeTaken() throws {
    let process = try start("echo a; echo; echo b; printf c")
    Thread.sleep(forTimeInterval: 0.2)  // it has ended before its first line is taken
    #expect(process.nextLine(within: 5) == .line(bytes("a")))
    #expect(process.nextLine(within: 5) == .line([]))
    #expect(process.nextLine(within: 5) == .line(bytes("b")))
    #expect(process.nextLine(within: 5) == .ended)
    #expect(process.end().succeeded && process.end().output == bytes("c"))
  }

  @Test func aDeadlineIsReportedAndTheProgramLives() throws {
    let process = try start("read line; sleep 0.4; echo late")
    #expect(process.exchange(bytes("x"), within: 0.05) == .deadline)
    #expect(process.nextLine(within: 5) == .line(bytes("late")))
  }

  @Test func aProgramThatEndsIsReportedWithItsErrors() throws {
    let process = try start("read line; echo broken >&2; exit 7")
    #expect(process.exchange(bytes("x"), within: 5) == .ended)
    #expect(process.end().status == .exited(7) && process.errorText == "broken\n")
    #expect(process.exchange(bytes("x"), within: 5) == .ended)
  }

  @Test func anEndlessLineIsRefused() throws {
    let process = try start("yes | tr -d '\\n'") { $0.output = 1000 }
    #expect(process.nextLine(within: 5) == .tooLong)
  }

  @Test func longLinesGoThrough() throws {
    let process = try start("cat") { $0.output = 2 << 20 }
    let line = [UInt8](repeating: 65, count: 1 << 20)
    #expect(process.exchange(line, within: 20) == .line(line))
  }

  @Test func droppingTheLastReferenceKillsTheProgram() throws {
    let before = descendants()
    var process: SandboxedProcess? = try start("exec sleep 1000")
    #expect(process!.nextLine(within: 0.05) == .deadline)
    #expect(descendants().count == before.count + 1)
    process = nil
    #expect(descendants() == before)
  }

  /// Threads of pools come and go, and the kernel would take the program with the thread.
  @Test func aProgramOutlivesTheThreadThatStartedIt() async throws {
    let process = try await Task.detached { try start("read line; echo $line") }.value
    var thread = pthread_t()
    pthread_create(&thread, nil, { _ in nil }, nil)
    pthread_join(thread, nil)
    try await Task.sleep(for: .milliseconds(50))
    #expect(process.exchange(bytes("still here"), within: 5) == .line(bytes("still here")))
  }
}

/// What holds where there are no namespaces.
@Suite(.serialized) struct UnsandboxedTests {
  private let sandbox = Sandbox.limitsAlone

  private func shell(
    _ line: String, files: [String: [UInt8]] = [:],
    limits change: (inout SandboxLimits) -> Void = { _ in }
  ) throws -> SandboxOutcome {
    var limits = SandboxLimits()
    change(&limits)
    return try sandbox.run(SandboxCommand(["/bin/sh", "-c", line], files: files), limits: limits)
  }

  @Test func theScratchFolderIsMadeAndRemoved() throws {
    let outcome = try shell("pwd; cat a; mkdir -p b/c; echo x > b/c/d", files: ["a": bytes("1\n")])
    let lines = text(outcome.output).split(separator: "\n")
    #expect(lines.count == 2 && lines[1] == "1")
    #expect(lines[0].contains("temper-sandbox-") && access(String(lines[0]), F_OK) != 0)
  }

  @Test func limitsAndDeadlineHold() throws {
    let before = descendants()
    #expect(try shell("sleep 1000 & sleep 1001") { $0.wallSeconds = 0.2 }.timedOut)
    #expect(descendants() == before)
    let work = try shell("while :; do :; done") { $0.cpuSeconds = 1 }
    #expect(work.status == .killed(signal: SIGKILL))
    let memory = try shell("x=0123456789abcdef; while :; do x=$x$x; done") { $0.memory = 64 << 20 }
    #expect(memory.status != .exited(0) && !memory.timedOut)
    #expect(text(try shell("env | wc -l").output) == "5\n")  // PWD is the shell's own
  }

  @Test func theRefusalNamesReasonAndRemedy() {
    let error = SandboxError.unavailable(reason: "clone: Operation not permitted")
    #expect("\(error)".contains("clone: Operation not permitted"))
    #expect("\(error)".contains("--allow-unsandboxed"))
  }
}
