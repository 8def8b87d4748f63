import CSandbox
import Glibc

/// A running program, for as long as somebody holds it.
///
/// Used by one thread at a time. When the last reference goes, the program is killed.
public final class SandboxedProcess: @unchecked Sendable {
  private let child: Child
  private let isIsolated: Bool
  private let limits: SandboxLimits
  /// Where there are no namespaces.
  private let scratch: ScratchFolder?
  private let wallDeadline: Deadline
  private var input: Int32
  private var unsent: [UInt8] = []
  /// Bytes of ``unsent`` that are through already.
  private var sent = 0
  private var output: OutputStream
  private var errors: OutputStream
  private var outcome: SandboxOutcome?

  convenience init(
    _ command: SandboxCommand, limits: SandboxLimits, in sandbox: Sandbox
  ) throws(SandboxError) {
    let scratch = sandbox.isIsolated ? nil : try ScratchFolder(files: command.files)
    do throws(SandboxError) {
      try self.init(limits, isIsolated: sandbox.isIsolated, scratch: scratch) {
        input, output, errors throws(SandboxError) in
        try command.launch(
          limits: limits, isolated: sandbox.isIsolated, scratch: scratch?.path ?? TS_SCRATCH,
          input: input, output: output, errors: errors)
      }
    } catch {
      scratch?.remove()
      throw error
    }
  }

  /// Enters a sandbox and leaves it, without a program.
  convenience init(probing limits: SandboxLimits) throws(SandboxError) {
    try self.init(limits, isIsolated: true, scratch: nil) {
      _, output, _ throws(SandboxError) in try launchProbe(limits, on: output)
    }
  }

  private init(
    _ limits: SandboxLimits, isIsolated: Bool, scratch: ScratchFolder?,
    launch: (_ input: Int32, _ output: Int32, _ errors: Int32) throws(SandboxError) -> Child
  ) throws(SandboxError) {
    var open: [Int32] = []
    func pipe() throws(SandboxError) -> PipeEnds {
      do throws(SandboxError) {
        let ends = try PipeEnds()
        open += [ends.reading, ends.writing]
        return ends
      } catch {
        for descriptor in open { close(descriptor) }
        throw error
      }
    }
    let (input, output, errors) = (try pipe(), try pipe(), try pipe())
    do throws(SandboxError) {
      child = try launch(input.reading, output.writing, errors.writing)
    } catch {
      for descriptor in open { close(descriptor) }
      throw error
    }
    for theirs in [input.reading, output.writing, errors.writing] { close(theirs) }
    for ours in [input.writing, output.reading, errors.reading] {
      _ = fcntl(ours, F_SETFL, O_NONBLOCK)
    }
    self.isIsolated = isIsolated
    self.limits = limits
    self.scratch = scratch
    self.wallDeadline = Deadline(in: limits.wallSeconds)
    self.input = input.writing
    self.output = OutputStream(output.reading, keeping: limits.output, of: .beginning)
    self.errors = OutputStream(errors.reading, keeping: limits.output, of: .end)
  }

  deinit { end() }

  // MARK: A whole run

  func run(input bytes: [UInt8]) -> SandboxOutcome {
    unsent = bytes
    output.dropsRest = true
    repeat {
      if unsent.isEmpty { closeInput() }
    } while !hasEnded(by: wallDeadline)
    return end()
  }

  // MARK: Talking

  /// What comes back of a line that was sent.
  public enum Reply: Sendable, Equatable {
    case line([UInt8])
    /// The program ended; ``end()`` says how.
    case ended
    case deadline
    /// The line is longer than the limit on output.
    case tooLong
  }

  /// Sends a line and waits for one; where the answer is not a line, the program is of no further
  /// use.
  ///
  /// - Parameter line: without a line feed.
  public func exchange(_ line: [UInt8], within seconds: Double) -> Reply {
    send(line)
    return nextLine(within: seconds)
  }

  /// The next line of the program's output, without its line feed.
  public func nextLine(within seconds: Double) -> Reply {
    let deadline = min(Deadline(in: seconds), wallDeadline)
    while true {
      if let line = output.takeLine() { return .line(line) }
      if output.isFull { return .tooLong }
      if outcome != nil { return .ended }
      if output.isAtEnd {
        // A program that ends closes its output first; how it ends is worth a moment.
        let grace = min(deadline, Deadline(in: 1))
        while !hasEnded(by: grace) {}
        return .ended
      }
      if hasEnded(by: deadline) {
        if let line = output.takeLine() { return .line(line) }
        return outcome?.timedOut ?? true ? .deadline : .ended
      }
    }
  }

  /// Sends a line without waiting for an answer; it goes out with the next wait.
  public func send(_ line: [UInt8]) {
    unsent += line
    unsent.append(UInt8(ascii: "\n"))
  }

  /// The last bytes of its standard error so far.
  public var errorText: String { String(decoding: errors.kept, as: UTF8.self) }

  // MARK: The end

  /// Kills the program if it still runs, and says how it ended.
  @discardableResult
  public func end() -> SandboxOutcome {
    guard var outcome else { return end(timedOut: false) }
    outcome.output = output.kept  // lines may have been taken since it ended
    return outcome
  }

  @discardableResult
  private func end(timedOut: Bool) -> SandboxOutcome {
    // The first process of a process namespace takes all others with it, before it can be waited
    // for; without one, its session is what we can reach.
    var wait = pollfd(fd: child.descriptor, events: Int16(POLLIN), revents: 0)
    let endedItself = poll(&wait, 1, 0) > 0
    if !isIsolated { kill(-child.id, SIGKILL) }
    ts_kill(child.descriptor)
    var status: Int32 = 0
    var usage = rusage()
    while wait4(child.id, &status, 0, &usage) < 0, errno == EINTR {}
    output.drain()
    errors.drain()
    closeInput()
    close(child.descriptor)
    output.close()
    errors.close()
    scratch?.remove()
    let signal = status & 0x7F
    let result = SandboxOutcome(
      status: signal == 0 ? .exited(status >> 8 & 0xFF) : .killed(signal: signal),
      timedOut: timedOut, usedUpProcessorTime: endedItself && !timedOut && signal == SIGKILL,
      output: output.kept, errors: errors.kept,
      outputWasCut: output.wasCut || errors.wasCut,
      cpuSeconds: usage.ru_utime.seconds + usage.ru_stime.seconds)
    outcome = result
    return result
  }

  private func closeInput() {
    guard input >= 0 else { return }
    close(input)
    input = -1
  }

  // MARK: Waiting

  /// Waits for something to happen and takes it in. True when the program has ended or the
  /// deadline is past; past the program's own deadline it is killed.
  private func hasEnded(by deadline: Deadline) -> Bool {
    if outcome != nil { return true }
    var waits = [
      pollfd(fd: child.descriptor, events: Int16(POLLIN), revents: 0),
      pollfd(fd: output.waitsOn, events: Int16(POLLIN), revents: 0),
      pollfd(fd: errors.waitsOn, events: Int16(POLLIN), revents: 0),
      pollfd(fd: unsent.isEmpty ? -1 : input, events: Int16(POLLOUT), revents: 0),
    ]
    if poll(&waits, UInt(waits.count), deadline.milliseconds) > 0 {
      if waits[1].revents != 0 { output.read() }
      if waits[2].revents != 0 { errors.read() }
      if waits[3].revents != 0 { sendMore() }
      if waits[0].revents != 0 {
        end(timedOut: false)
        return true
      }
    }
    if wallDeadline.isPast {
      end(timedOut: true)
      return true
    }
    return deadline.isPast
  }

  private func sendMore() {
    let count = unsent[sent...].withUnsafeBytes { ts_write(input, $0.baseAddress, $0.count) }
    if count > 0 { sent += count }
    let isBroken = count < 0 && errno != EAGAIN && errno != EINTR
    if isBroken { closeInput() }  // nobody reads it any more
    if isBroken || sent == unsent.count { (unsent, sent) = ([], 0) }
  }
}

extension timeval {
  fileprivate var seconds: Double { Double(tv_sec) + Double(tv_usec) / 1e6 }
}
