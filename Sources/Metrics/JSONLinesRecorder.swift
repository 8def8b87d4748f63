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
