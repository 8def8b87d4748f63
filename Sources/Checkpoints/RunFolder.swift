import Foundation
import JSON
import Metrics

/// The folder of one run, and the lock that keeps a second process out of it.
///
/// ```
/// runs/<name>/
///   config.yaml  metrics.jsonl  events.out.tfevents.*  detections.jsonl
///   rollouts/step-000012.jsonl
///   checkpoints/step-000050/  checkpoints/latest
///   failures/
///   superseded/resume-001/    records of steps that a resumed run repeats
/// ```
public final class RunFolder: Sendable {
  public let folder: URL
  private let lock: FileLock?

  /// Begins a new run.
  /// - Throws: ``CheckpointError/runExists(folder:lastStep:)`` or
  ///   ``CheckpointError/notEmpty(folder:)`` unless `folder` is absent or empty;
  ///   ``CheckpointError/locked(folder:process:)``.
  public init(creating folder: URL) throws {
    self.folder = folder
    let checkpoints = folder.appending(path: "checkpoints")
    if !FileTree.names(in: folder).isEmpty {
      guard FileTree.isFolder(checkpoints) else {
        throw CheckpointError.notEmpty(folder: folder.path)
      }
      let lastStep = CheckpointStore(checkpoints).all().last?.step
      throw CheckpointError.runExists(folder: folder.path, lastStep: lastStep)
    }
    try FileTree.createFolder(folder)
    lock = try FileLock(in: folder)
    for inner in [rollouts, checkpoints, failures] { try FileTree.createFolder(inner) }
  }

  /// Opens a run to continue it, and removes what a killed process left half written.
  /// - Throws: ``CheckpointError/noRun(folder:)``, ``CheckpointError/locked(folder:process:)``.
  public init(resuming folder: URL) throws {
    guard FileTree.isFolder(folder.appending(path: "checkpoints")) else {
      throw CheckpointError.noRun(folder: folder.path)
    }
    lock = try FileLock(in: folder)
    self.folder = folder
    for inner in [folder, rollouts, checkpointsFolder, failures] {
      try AtomicFolder.removeLeftovers(in: inner)
    }
  }

  /// Looks into a run, which may be going on.
  /// - Throws: ``CheckpointError/noRun(folder:)``.
  public init(reading folder: URL) throws {
    guard FileTree.isFolder(folder.appending(path: "checkpoints")) else {
      throw CheckpointError.noRun(folder: folder.path)
    }
    self.folder = folder
    lock = nil
  }

  // MARK: Places

  /// The resolved configuration.
  public var configuration: URL { folder.appending(path: "config.yaml") }
  /// One JSON object a step, appended.
  public var metrics: URL { folder.appending(path: "metrics.jsonl") }
  /// What detectors found, one JSON object each, appended.
  public var detections: URL { folder.appending(path: "detections.jsonl") }
  /// Batches that were refused.
  public var failures: URL { folder.appending(path: "failures") }

  /// The completions of one step.
  public func rollouts(step: Int) -> URL {
    rollouts.appending(path: Self.stepName(step) + ".jsonl")
  }

  /// The steps whose completions are there, in order.
  public var recordedSteps: [Int] {
    FileTree.names(in: rollouts).filter { $0.hasSuffix(".jsonl") }.compactMap(Self.step).sorted()
  }

  /// Whether a process is training into this run.
  public var isBeingWritten: Bool {
    var status = stat()
    guard stat(folder.appending(path: FileLock.name).path, &status) == 0,
      let locks = try? String(contentsOfFile: "/proc/locks", encoding: .utf8)
    else { return false }
    // "1: FLOCK  ADVISORY  WRITE 1234 08:01:5678 0 EOF"; asking the lock itself would take it.
    return locks.split(separator: "\n").contains { line in
      line.contains("FLOCK") && line.contains(":\(status.st_ino) ")
    }
  }

  /// `step-000012`: what records and checkpoints of a step are called.
  public static func stepName(_ step: Int) -> String {
    let digits = String(step)
    return "step-" + String(repeating: "0", count: max(0, 6 - digits.count)) + digits
  }

  /// - Parameter keeping: how many of the newest checkpoints stay.
  public func checkpoints(keeping: Int = 2) -> CheckpointStore {
    CheckpointStore(checkpointsFolder, keeping: keeping)
  }

  private var rollouts: URL { folder.appending(path: "rollouts") }
  private var checkpointsFolder: URL { folder.appending(path: "checkpoints") }

  // MARK: Resuming

  /// Moves what the run recorded after `step` to `superseded/resume-001/` (or the next number):
  /// rollouts, failures and checkpoints of later steps, and later lines of `metrics.jsonl`, of
  /// `detections.jsonl` and of event files, so that the resumed run's files equal those of an
  /// uninterrupted one.
  ///
  /// - Parameter step: the last step that the checkpoint to resume from has seen.
  /// - Returns: the folder with what was moved; `nil` where there was nothing.
  @discardableResult
  public func supersede(after step: Int) throws -> URL? {
    let earlier = FileTree.names(in: folder.appending(path: "superseded")).count
    let digits = String(earlier + 1)
    let name = "resume-" + String(repeating: "0", count: max(0, 3 - digits.count)) + digits
    let superseded = folder.appending(path: "superseded/\(name)")

    for place in ["rollouts", "failures", "checkpoints"] {
      let from = folder.appending(path: place)
      for entry in FileTree.names(in: from) where Self.step(of: entry).map({ $0 > step }) == true {
        let to = superseded.appending(path: place)
        try FileTree.createFolder(to)
        try FileTree.rename(from.appending(path: entry), to: to.appending(path: entry))
      }
    }
    for file in [metrics, detections] {
      try supersedeLines(of: file, after: step, into: superseded)
    }
    try supersedeEvents(after: step, into: superseded)
    try checkpoints().pointToLast()
    return FileTree.isFolder(superseded) ? superseded : nil
  }

  private func supersedeLines(of file: URL, after step: Int, into superseded: URL) throws {
    guard FileManager.default.fileExists(atPath: file.path) else { return }
    let bytes = try Self.bytes(of: file)
    var (kept, moved) = ("", "")
    for line in bytes.split(separator: UInt8(ascii: "\n")) {
      let text = String(decoding: line, as: UTF8.self)
      // A line without a step is one that a killed process did not finish.
      let recorded = (try? JSON(parsing: text))?["step"].int ?? .max
      if recorded <= step { kept += text + "\n" } else { moved += text + "\n" }
    }
    guard !moved.isEmpty else { return }
    try AtomicFile.write(moved, to: superseded.appending(path: file.lastPathComponent))
    try AtomicFile.write(kept, to: file)
  }

  private func supersedeEvents(after step: Int, into superseded: URL) throws {
    for file in EventFile.files(in: folder) {
      let bytes = try Self.bytes(of: file)
      let (kept, later) = EventFile.split(bytes, after: step)
      if !later.isEmpty {
        try AtomicFile.write(later, to: superseded.appending(path: file.lastPathComponent))
      }
      if kept.count < bytes.count { try AtomicFile.write(kept, to: file) }
    }
  }

  private static func bytes(of file: URL) throws -> [UInt8] {
    let map = try FileBytes(of: file)
    return withExtendedLifetime(map) { Array(map.bytes) }
  }

  /// The step in a name such as `step-000012.jsonl` or `step-000012`.
  private static func step(of name: String) -> Int? {
    guard name.hasPrefix("step-") else { return nil }
    return Int(name.dropFirst(5).prefix { $0.isASCII && $0.isNumber })
  }
}
