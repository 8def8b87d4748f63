import Foundation

/// What can go wrong between a run and its files.
public enum CheckpointError: Error, Equatable {
  /// A system call failed on a path.
  case system(operation: String, path: String, reason: String)
  /// The disk filled up, or would, while `path` was written. Sizes in bytes.
  case diskFull(path: String, needed: Int?, free: Int)
  /// A folder without a readable manifest.
  case manifest(folder: String, reason: String)
  /// A file that the manifest lists and the folder lacks.
  case missing(file: String)
  /// A file of another size than the manifest says: cut short, or written to since.
  case size(file: String, expected: Int, found: Int)
  /// A file of the right size with other bytes.
  case checksum(file: String, expected: String, found: String)
  /// A run folder without one whole checkpoint; `refused` says what is wrong with each.
  case noCheckpoint(folder: String, refused: [String])
  /// A new run into a folder that holds one.
  case runExists(folder: String, lastStep: Int?)
  /// A new run into a folder with other things in it.
  case notEmpty(folder: String)
  /// A run to be resumed that is not there.
  case noRun(folder: String)
  /// Another process trains into this run folder.
  case locked(folder: String, process: Int?)

  /// The reason that the system gave for the call that has just failed.
  static func system(_ operation: String, _ path: String) -> CheckpointError {
    let code = errno
    if code == ENOSPC || code == EDQUOT {
      return .diskFull(path: path, needed: nil, free: freeBytes(at: path))
    }
    return .system(operation: operation, path: path, reason: String(cString: strerror(code)))
  }

  /// The bytes that an unprivileged process may still write beside `path`; 0 where unknown.
  static func freeBytes(at path: String) -> Int {
    var status = statvfs()
    let folder = URL(filePath: path).deletingLastPathComponent().path
    guard statvfs(folder, &status) == 0 else { return 0 }
    return Int(status.f_bavail) * Int(status.f_frsize)
  }
}

extension CheckpointError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .system(let operation, let path, let reason):
      return "\(path): cannot \(operation): \(reason)"
    case .diskFull(let path, let needed, let free):
      let need = needed.map { " needs \(Self.size($0)), and" } ?? ":"
      return """
        \(path): the disk is full; this write\(need) \(Self.size(free)) are free. Nothing that was \
        saved before is lost: free some space, or keep fewer checkpoints, and resume the run
        """
    case .manifest(let folder, let reason):
      return """
        \(folder)/\(Manifest.name): \(reason); without it nobody can say that the folder is \
        whole. Use an earlier checkpoint
        """
    case .missing(let file):
      return "\(file): missing, though the manifest lists it; use an earlier checkpoint"
    case .size(let file, let expected, let found):
      return """
        \(file): has \(found) bytes where the manifest says \(expected); it was cut short or \
        changed. Use an earlier checkpoint
        """
    case .checksum(let file, let expected, let found):
      return """
        \(file): has SHA-256 \(found) where the manifest says \(expected); its bytes changed after \
        it was saved. Use an earlier checkpoint
        """
    case .noCheckpoint(let folder, let refused):
      let reasons = refused.isEmpty ? "" : ":\n  " + refused.joined(separator: "\n  ")
      return """
        \(folder): holds no whole checkpoint to resume from\(reasons)
        Start the run anew in another folder
        """
    case .runExists(let folder, let lastStep):
      let reached = lastStep.map { " (its last checkpoint is step \($0))" } ?? ""
      return """
        \(folder): already holds a run\(reached); continue it with --resume \(folder), or give \
        the new run another name
        """
    case .notEmpty(let folder):
      return "\(folder): is not empty, and holds no run; give the run a folder of its own"
    case .noRun(let folder):
      return "\(folder): holds no run; check the path, or begin one without --resume"
    case .locked(let folder, let process):
      let who = process.map { "process \($0)" } ?? "another process"
      return "\(folder): \(who) is training into this run; wait for it, or stop it first"
    }
  }

  /// `1.5 MB`: bytes in decimal units, for people.
  static func size(_ bytes: Int) -> String {
    let units = ["bytes", "kB", "MB", "GB", "TB"]
    var (value, unit) = (Double(bytes), 0)
    while value >= 1000, unit < units.count - 1 { (value, unit) = (value / 1000, unit + 1) }
    return unit == 0 ? "\(bytes) bytes" : String(format: "%.1f %@", value, units[unit])
  }
}
