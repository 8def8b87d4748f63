import Foundation

/// A file that grows by whole records.
///
/// Each record is one write, and it is with the system when ``append(_:)`` returns; a write that
/// fails half way, as on a full disk, is taken back. Not for use from several threads.
final class AppendedFile {
  let url: URL
  private let descriptor: Int32

  /// Opens the file for appending, and makes it where there is none.
  init(_ url: URL) throws(MetricError) {
    self.url = url
    descriptor = open(url.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw .unwritable(url) }
  }

  deinit { close(descriptor) }

  var isEmpty: Bool { lseek(descriptor, 0, SEEK_END) == 0 }

  func append(_ record: [UInt8]) throws(MetricError) {
    let start = lseek(descriptor, 0, SEEK_END)
    var written = 0
    while written < record.count {
      let count = record[written...].withUnsafeBytes {
        write(descriptor, $0.baseAddress, $0.count)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        let error = MetricError.unwritable(url)
        if start >= 0 { ftruncate(descriptor, start) }
        throw error
      }
      written += count
    }
  }
}
