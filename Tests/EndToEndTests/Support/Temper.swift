import Foundation
import Testing

/// The `temper` binary that was built with these tests, run as its users run it.
enum Temper {
  /// Beside the test bundle, or `TEMPER`.
  static let binary: URL? = {
    let bundle = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
    let named = ProcessInfo.processInfo.environment["TEMPER"].map { URL(filePath: $0) }
    let candidates = [named, bundle.deletingLastPathComponent().appending(path: "temper")]
    return candidates.compactMap(\.self).first {
      FileManager.default.isExecutableFile(atPath: $0.path)
    }
  }()

  static var isPresent: Bool { binary != nil }
  static let absence = Comment(
    "skipped: no temper binary beside the tests; build it, or set TEMPER")

  /// The root of the checkout.
  static let package = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// What a process left behind.
  struct Outcome {
    /// The exit status, or the signal's number with a minus.
    let status: Int32
    let output: String
    let errors: String

    /// The last line of standard output.
    var lastLine: String {
      String(output.split(separator: "\n").last ?? "")
    }
  }

  /// Runs a command to its end.
  @discardableResult
  static func run(_ arguments: [String], input: String? = nil) throws -> Outcome {
    try Child(arguments, input: input).wait()
  }

  /// Runs a command that has to succeed.
  @discardableResult
  static func succeed(
    _ arguments: [String], input: String? = nil, at location: SourceLocation = #_sourceLocation
  ) throws -> Outcome {
    let outcome = try run(arguments, input: input)
    try #require(
      outcome.status == 0, "\(arguments.joined(separator: " "))\n\(outcome.errors)",
      sourceLocation: location)
    return outcome
  }
}

/// A `temper` process under way.
///
/// Started without Foundation's `Process`, which waits in steps of a second and passes the blocked
/// signals of its thread on.
final class Child {
  private let folder: URL
  private let process: pid_t
  /// Whether what it writes as errors is kept here.
  private let keepsErrors: Bool
  private var status: Int32?

  /// - Parameter errors: a terminal or a file in place of the one that ``wait()`` reads.
  init(_ arguments: [String], input: String? = nil, errors: String? = nil) throws {
    keepsErrors = errors == nil
    folder = Workshop.place.appending(path: "temper-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let place = folder
    try Data((input ?? "").utf8).write(to: place.appending(path: "input"))
    func path(_ name: String) -> String { place.appending(path: name).path }

    var files = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&files)
    defer { posix_spawn_file_actions_destroy(&files) }
    for (descriptor, name) in [(Int32(0), "input"), (1, "output"), (2, "errors")] {
      posix_spawn_file_actions_addopen(
        &files, descriptor,
        descriptor == 2 ? errors ?? path(name) : path(name),
        descriptor == 0 ? O_RDONLY : O_WRONLY | O_CREAT | O_APPEND, 0o644)
    }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var (none, all) = (sigset_t(), sigset_t())
    sigemptyset(&none)
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

    let command = [Temper.binary!.path] + arguments
    var pointers = command.map { strdup($0) } + [nil]
    var environment = ProcessInfo.processInfo.environment.map { strdup("\($0)=\($1)") } + [nil]
    defer { (pointers + environment).forEach { free($0) } }
    var process: pid_t = 0
    let code = posix_spawn(&process, command[0], &files, &attributes, &pointers, &environment)
    try #require(code == 0, "cannot start \(command[0]): \(String(cString: strerror(code)))")
    self.process = process
  }

  deinit {
    if isRunning { send(SIGKILL) }
    while isRunning { usleep(100) }
    try? FileManager.default.removeItem(at: folder)
  }

  var isRunning: Bool {
    if status == nil {
      var code: Int32 = 0
      if waitpid(process, &code, WNOHANG) == process {
        // The exit status, or the signal.
        status = code & 0x7F == 0 ? code >> 8 & 0xFF : -(code & 0x7F)
      }
    }
    return status == nil
  }

  func send(_ signal: Int32) {
    if isRunning { kill(process, signal) }
  }

  /// Its end; `errors` are empty where they went to another place.
  func wait() throws -> Temper.Outcome {
    while isRunning { usleep(500) }
    func text(_ name: String) throws -> String {
      try String(contentsOf: folder.appending(path: name), encoding: .utf8)
    }
    return Temper.Outcome(
      status: status!, output: try text("output"), errors: keepsErrors ? try text("errors") : "")
  }

  /// Stops the process at a moment when `condition` holds, and kills it there.
  ///
  /// - Returns: false if it ended before.
  func killed(where condition: () -> Bool) throws -> Bool {
    while isRunning {
      if condition() {
        send(SIGSTOP)
        usleep(1000)
        if isRunning, condition() {
          send(SIGKILL)
          return try wait().status == -SIGKILL
        }
        send(SIGCONT)
      }
      usleep(100)
    }
    return false
  }
}
