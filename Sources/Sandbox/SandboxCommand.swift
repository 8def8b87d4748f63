/// A program to be run, and what it can see.
public struct SandboxCommand: Sendable, Equatable {
  /// The program's path, or its name in one of the folders of `PATH`; then its arguments.
  public var arguments: [String]
  /// Variables besides `PATH`, `HOME`, `TMPDIR` and `LANG`, which are all that a program gets.
  public var environment: [String: String]
  /// Folders and files that the program can read besides the system's, for example where an
  /// interpreter is installed.
  public var readable: [String]
  /// What the scratch folder holds when the program starts, by name.
  public var files: [String: [UInt8]]
  /// The folder to start in, which has to be readable; the scratch folder unless given.
  public var folder: String?

  public init(
    _ arguments: [String], environment: [String: String] = [:], readable: [String] = [],
    files: [String: [UInt8]] = [:], folder: String? = nil
  ) {
    precondition(!arguments.isEmpty, "a command needs at least the program's name")
    self.arguments = arguments
    self.environment = environment
    self.readable = readable
    self.files = files
    self.folder = folder
  }

  /// Where programs are looked for.
  static let searchPath = "/usr/local/bin:/usr/bin:/bin"

  /// `KEY=value` of every variable, sorted.
  func variables(scratch: String) -> [String] {
    let standard = [
      "PATH": Self.searchPath, "HOME": scratch, "TMPDIR": scratch, "LANG": "C.UTF-8",
    ]
    return standard.merging(environment) { $1 }.map { "\($0)=\($1)" }.sorted()
  }
}
