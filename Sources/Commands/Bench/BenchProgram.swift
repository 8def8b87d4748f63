import Foundation
import JSON

/// A program that measures a ``BenchTask`` in a process of its own, so that its peak of memory is
/// the task's alone: temper itself, or a peer.
struct BenchProgram {
  /// What starts it, for a shell.
  let command: String

  /// The status of a program that does not do what it was asked for.
  private static let notItsWork: Int32 = 3

  /// This program.
  static let temper = BenchProgram(
    command:
      "'\((try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0])' bench"
  )

  /// Runs it to its end and reads the one line of JSON that it answers with.
  ///
  /// - Throws: ``BenchError``.
  func answer(_ arguments: [String], threads: Int) throws -> JSON {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = ["-c", "exec \(command) \"$@\"", "sh"] + arguments
    var environment = ProcessInfo.processInfo.environment
    for name in ["OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"] {
      environment[name] = "\(threads)"
    }
    process.environment = environment
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus != Self.notItsWork else { throw BenchError.notItsWork }
    guard process.terminationReason == .exit, process.terminationStatus == 0 else {
      throw BenchError.failed(command: command, status: process.terminationStatus)
    }
    let text = String(decoding: data, as: UTF8.self)
    guard let line = text.split(separator: "\n").last(where: { $0.hasPrefix("{") }) else {
      throw BenchError.mute(command: command)
    }
    return try JSON(parsing: String(line), source: command)
  }
}

/// Why there is no figure.
enum BenchError: Error, CustomStringConvertible {
  case failed(command: String, status: Int32)
  case mute(command: String)
  case notItsWork

  var description: String {
    switch self {
    case .failed(let command, let status):
      "\(command): ended with status \(status); what it said is above"
    case .notItsWork: "it does not do this"
    case .mute(let command):
      "\(command): answered without a line of JSON; a peer prints one, as evals/bench/peer.py does"
    }
  }
}
