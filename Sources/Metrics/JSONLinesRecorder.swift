import Foundation
import JSON

/// Keeps one JSON object a step in a file: `{"step":3,"policy/entropy":0.61,...}`.
///
/// Each record is one write, and it is with the system when ``record(_:step:)`` returns; a write
/// that fails half way, as on a full disk, is taken back. Not for use from several threads.
public final class JSONLinesRecorder: MetricRecorder {
  public let file: URL
  private let descriptor: Int32

  /// Opens `file` for appending, and makes it where there is none.
  public init(appendingTo file: URL) throws(MetricError) {
    self.file = file
    descriptor = open(file.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw .unwritable(file) }
  }

  deinit { close(descriptor) }

  public func record(_ metrics: StepMetrics, step: Int) throws(MetricError) {
    let literal = JSONLiteral.object([.init("step", .int(step))] + metrics.members)
    let start = lseek(descriptor, 0, SEEK_END)
    do {
      try descriptor.write(Array((literal.serialized() + "\n").utf8), to: file)
    } catch {
      if start >= 0 { ftruncate(descriptor, start) }
      throw error
    }
  }
}

extension JSONLinesRecorder {
  /// Moves the records after `step` to `superseded/<name>` beside `file`, so that a run that goes
  /// on from a checkpoint writes the file that it would have written without a stop.
  ///
  /// A last line that was cut off by a crash goes with them. The file is replaced in one move; a
  /// crash on the way can leave records in both files, never in neither.
  ///
  /// - Returns: how many lines were moved.
  @discardableResult
  public static func truncate(_ file: URL, after step: Int) throws(MetricError) -> Int {
    guard FileManager.default.fileExists(atPath: file.path) else { return 0 }
    let lines = try lines(of: file)
    let moved = lines.filter { !isRecord($0, upTo: step) }
    guard !moved.isEmpty else { return 0 }
    let folder = file.deletingLastPathComponent().appending(path: "superseded")
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    } catch {
      throw .unwritable(file: folder.path, reason: "\(error)")
    }
    try write(
      moved, to: folder.appending(path: file.lastPathComponent), flags: O_APPEND)
    let replacement = file.appendingPathExtension("new")
    try write(lines.filter { isRecord($0, upTo: step) }, to: replacement, flags: O_TRUNC)
    guard rename(replacement.path, file.path) == 0 else { throw .unwritable(file) }
    return moved.count
  }

  private static func lines(of file: URL) throws(MetricError) -> [ArraySlice<UInt8>] {
    do {
      return try Array(Data(contentsOf: file)).split(separator: UInt8(ascii: "\n"))
    } catch {
      throw .unreadable(file: file.path, reason: "\(error)")
    }
  }

  private static func isRecord(_ line: ArraySlice<UInt8>, upTo step: Int) -> Bool {
    guard let record = try? line.withUnsafeBufferPointer({ try JSON(parsing: $0) }),
      let recorded = record["step"].int
    else { return false }
    return recorded <= step
  }

  private static func write(
    _ lines: [ArraySlice<UInt8>], to file: URL, flags: Int32
  ) throws(MetricError) {
    let descriptor = open(file.path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0o644)
    guard descriptor >= 0 else { throw .unwritable(file) }
    defer { close(descriptor) }
    try descriptor.write(lines.flatMap { $0 + [UInt8(ascii: "\n")] }, to: file)
    guard fsync(descriptor) == 0 else { throw .unwritable(file) }
  }
}

extension Int32 {
  /// Writes all of `bytes` to this file descriptor.
  fileprivate func write(_ bytes: [UInt8], to file: URL) throws(MetricError) {
    var written = 0
    while written < bytes.count {
      let count = bytes[written...].withUnsafeBytes { Glibc.write(self, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw .unwritable(file) }
      written += count
    }
  }
}
