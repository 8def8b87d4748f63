import Foundation
import Testing

/// Libraries that the tests compile from C with nothing but the header.
enum CFixture {
  static let compiler: String? = ["cc", "clang", "gcc"].lazy.flatMap { name in
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map {
      "\($0)/\(name)"
    }
  }.first { FileManager.default.isExecutableFile(atPath: $0) }

  static var isPossible: Bool { compiler != nil }
  static let absence = Comment("skipped: there is no C compiler (cc, clang, gcc) on the PATH")

  private static let tests = URL(filePath: #filePath).deletingLastPathComponent()
  static let header = tests.deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Sources/CPluginABI/include")

  /// The header as it was in version 1.0, for plugins as they were built then.
  static let oldHeader = tests.appending(path: "Fixtures/abi-1.0")

  /// Compiles `Fixtures/<source>.c` with `-D` macros into `<folder>/lib<name>.so`.
  static func library(
    _ source: String, as name: String? = nil, macros: [String] = [], in folder: URL,
    header: URL = header
  ) throws -> String {
    let output = folder.appending(path: "lib\(name ?? source).so").path
    let process = Process()
    process.executableURL = URL(filePath: try #require(compiler))
    process.arguments =
      [
        "-std=c11", "-O1", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared",
        "-fvisibility=hidden", "-I", header.path, "-o", output,
      ] + macros.map { "-D\($0)" } + [tests.appending(path: "Fixtures/\(source).c").path]
    let errors = Pipe()
    process.standardError = errors
    try process.run()
    let text = try errors.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "\(String(decoding: text, as: UTF8.self))")
    return output
  }
}

/// Runs `body` with an empty folder that is removed afterwards.
///
/// Libraries stay open for the life of the process, which a removed file does not mind.
func withFolder(_ body: (URL) throws -> Void) throws {
  let folder = FileManager.default.temporaryDirectory.appending(path: "temper-\(UUID())")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  try body(folder)
}
