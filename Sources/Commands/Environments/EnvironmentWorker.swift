import ArgumentParser
import Environments
import Foundation
import JSON
import PluginHost

/// `temper environment-worker`: an environment, served to the process that started this one.
struct EnvironmentWorker: ParsableCommand {
  static let name = "environment-worker"
  static let configuration = CommandConfiguration(
    commandName: name, abstract: "Serve an environment on standard input; temper's own.",
    shouldDisplay: false)

  /// The binary that is running, whatever has become of its file since.
  static let program = "/proc/self/exe"

  /// What the worker is told first.
  static func opening(
    _ choice: PluginChoice, folders: [String], seed: UInt64, allowsUnsandboxed: Bool, threads: Int
  ) -> JSONLiteral {
    [
      "plugin": choice.literal, "folders": .array(folders.map { .string($0) }),
      "seed": .string("\(seed)"), "allow_unsandboxed": .bool(allowsUnsandboxed),
      "threads": .int(threads),
    ]
  }

  func run() throws {
    // The socket is ours alone: what a plugin reads or prints must not reach it.
    let socket = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
    let nothing = open("/dev/null", O_RDONLY)
    dup2(nothing, STDIN_FILENO)
    guard socket >= 0 else { throw ValidationError("This command is started by others.") }
    EnvironmentServer.serve(socket) { opening in
      guard let choice = PluginChoice(settingLiteral: JSONLiteral(opening["plugin"])) else {
        throw ValidationError("This command is started by others.")
      }
      let folders = (opening["folders"].array ?? []).compactMap(\.string)
      let catalog = PluginCatalog(searchPath: folders + PluginCatalog.standardSearchPath())
      let surroundings = PluginSurroundings(
        seed: UInt64(opening["seed"].string ?? "") ?? 0,
        allowsUnsandboxed: opening["allow_unsandboxed"].bool ?? false)
      let ready = try catalog.environment(choice.request, surroundings)
      return (ready.environment, ready.configuration, opening["threads"].int ?? 1)
    }
    // A step that hangs must not keep the process.
    _exit(0)
  }
}
