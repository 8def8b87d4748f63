import Foundation
import JSON

/// A process that an environment runs in.
final class EnvironmentProcess: @unchecked Sendable {  // under its lock
  /// Why there is no answer.
  enum Fault: Error {
    /// It ended by itself; how.
    case crashed(String)
    /// It was ended because of another call.
    case lost
    case deadline
    /// The environment says so.
    case refused(String)
  }

  private let id: pid_t
  private let connection: LineSocket
  private let condition = NSCondition()
  private var replies: [Int: JSON?] = [:]
  private var calls = 0
  /// Why it is of no further use.
  private var end: Fault?

  /// Starts a program whose standard input is a socket that ``EnvironmentServer`` serves.
  init(_ command: [String]) throws {
    var ends: [Int32] = [-1, -1]
    guard
      socketpair(
        AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0
    else { throw EnvironmentFailure("no socket can be had: \(String(cString: strerror(errno)))") }
    var files = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&files)
    defer { posix_spawn_file_actions_destroy(&files) }
    posix_spawn_file_actions_adddup2(&files, ends[1], STDIN_FILENO)
    posix_spawn_file_actions_adddup2(&files, STDERR_FILENO, STDOUT_FILENO)
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // A group of its own: Ctrl-C asks the run to end, not the environment; and what it starts ends
    // with it. Signals are as in a program that a shell starts, whatever this thread has made of them.
    var (none, all) = (sigset_t(), sigset_t())
    sigemptyset(&none)
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setflags(
      &attributes,
      Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    var arguments = command.map { strdup($0) } + [nil]
    var variables = Self.variables.map { strdup("\($0)=\($1)") } + [nil]
    defer { for text in arguments + variables { free(text) } }
    var id: pid_t = 0
    let code = posix_spawn(&id, command[0], &files, &attributes, &arguments, &variables)
    Glibc.close(ends[1])
    guard code == 0 else {
      Glibc.close(ends[0])
      throw EnvironmentFailure("cannot start \(command[0]): \(String(cString: strerror(code)))")
    }
    self.id = id
    connection = LineSocket(ends[0])
    let watch = Watch(self)
    Thread.detachNewThread { [connection, id] in
      while let line = connection.nextLine() { watch.process?.take(line) }
      // Its end may still be on its way; a zombie keeps how it came.
      kill(-id, SIGKILL)
      var status: Int32 = 0
      while waitpid(id, &status, 0) < 0, errno == EINTR {}
      watch.process?.close(status)
    }
  }

  deinit { kill(-id, SIGKILL) }

  /// Ours; but a crash is not to stop for seconds to print where it was, unless somebody asks, since
  /// others wait for the process to end.
  private static var variables: [String: String] {
    ["SWIFT_BACKTRACE": "enable=no"].merging(ProcessInfo.processInfo.environment) { $1 }
  }

  var isAlive: Bool { condition.withLock { end == nil } }

  /// Sends the line that opens the environment.
  func open(_ line: JSONLiteral, within seconds: Double) throws(Fault) -> JSON {
    try exchange(id: -1, line, within: seconds)
  }

  /// Asks and waits for the answer.
  ///
  /// - Throws: ``Fault``; a call that takes too long ends the process, for nothing less ends the
  ///   call.
  func exchange(
    _ call: String, episode: Int, _ members: [JSONLiteral.Member] = [], within seconds: Double
  ) throws(Fault) -> JSON {
    let id = condition.withLock {
      calls += 1
      return calls
    }
    let head: [JSONLiteral.Member] = [
      .init("id", .int(id)), .init("call", .string(call)), .init("episode", .int(episode)),
    ]
    return try exchange(id: id, .object(head + members), within: seconds)
  }

  /// Says that an episode is over; nobody answers.
  func forget(episode: Int) {
    guard isAlive else { return }
    connection.send(["call": "end", "episode": .int(episode)])
  }

  private func exchange(
    id: Int, _ line: JSONLiteral, within seconds: Double
  ) throws(Fault) -> JSON {
    condition.withLock { replies[id] = .some(nil) }
    connection.send(line)
    let limit = Date(timeIntervalSinceNow: seconds)
    let result: Result<JSON, Fault> = condition.withLock {
      while true {
        if case .some(.some(let reply)) = replies[id] {
          replies[id] = nil
          return reply["error"].string.map { .failure(.refused($0)) } ?? .success(reply)
        }
        if let end { return .failure(end) }
        if !condition.wait(until: limit), Date() >= limit {
          // Others find it lost when the reader sees its end.
          end = .lost
          kill(-self.id, SIGKILL)
          return .failure(.deadline)
        }
      }
    }
    return try result.get()
  }

  private func take(_ line: String) {
    guard let reply = try? JSON(parsing: line) else { return }
    condition.withLock {
      let id = reply["id"].int ?? -1
      guard replies[id] != nil else { return }
      replies[id] = reply
      condition.broadcast()
    }
  }

  private func close(_ status: Int32) {
    let signal = status & 0x7F
    let how = signal == 0 ? "exited with \(status >> 8 & 0xFF)" : "was ended by signal \(signal)"
    condition.withLock {
      if end == nil { end = .crashed(how) }
      condition.broadcast()
    }
  }

  /// The reader's hold on the process, which does not keep it running.
  private final class Watch: @unchecked Sendable {
    private(set) weak var process: EnvironmentProcess?
    init(_ process: EnvironmentProcess) { self.process = process }
  }
}
