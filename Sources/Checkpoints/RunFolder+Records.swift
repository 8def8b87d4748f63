import Foundation
import JSON

extension RunFolder {
  /// Appends records to a file of the run, one object a line, all or none of them.
  public func append(_ records: [JSONLiteral], to file: URL) throws(CheckpointError) {
    guard !records.isEmpty else { return }
    let descriptor = open(file.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw .system("create", file.path) }
    defer { close(descriptor) }
    let start = lseek(descriptor, 0, SEEK_END)
    let bytes = Array(records.map { $0.serialized() + "\n" }.joined().utf8)
    guard write(descriptor, bytes, bytes.count) == bytes.count else {
      let error = CheckpointError.system("write", file.path)
      if start >= 0 { ftruncate(descriptor, start) }
      throw error
    }
  }
}
