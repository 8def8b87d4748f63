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
  static let absence = Comment("skipped: no temper binary beside the tests; build it, or set TEMPER")

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
final class Child {
  private let process = Process()
  private let folder: URL
  private var output: URL { folder.appending(path: "output") }
  private var errors: URL { folder.appending(path: "errors") }

  /// - Parameter wrapper: a command that runs `temper`, such as `prlimit`; its own arguments first.
  init(_ arguments: [String], input: String? = nil, wrapper: [String] = []) throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "temper-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for file in [output, errors] { try Data().write(to: file) }
    let command = wrapper + [Temper.binary!.path] + arguments
    process.executableURL = URL(filePath: command[0])
    process.arguments = Array(command.dropFirst())
    process.currentDirectoryURL = Temper.package
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    let given = folder.appending(path: "input")
    try Data((input ?? "").utf8).write(to: given)
    process.standardInput = try FileHandle(forReadingFrom: given)
    try process.run()
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  var isRunning: Bool { process.isRunning }

  func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

  func wait() throws -> Temper.Outcome {
    process.waitUntilExit()
    let sign: Int32 = process.terminationReason == .exit ? 1 : -1
    return Temper.Outcome(
      status: sign * process.terminationStatus,
      output: try String(contentsOf: output, encoding: .utf8),
      errors: try String(contentsOf: errors, encoding: .utf8))
  }

  /// Stops the process at a moment when `condition` holds, and kills it there.
  ///
  /// - Returns: false if it ended before.
  func killed(where condition: () -> Bool) throws -> Bool {
    while isRunning {
      if condition() {
        send(SIGSTOP)
        usleep(2000)
        if condition(), isRunning {
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
