import Foundation

/// A lock on a folder that ends with its holder's life, however that ends.
final class FileLock: Sendable {
  static let name = ".lock"
  private let descriptor: Int32

  /// - Throws: ``CheckpointError/locked(folder:process:)`` while another process, or another lock
  ///   of this one, holds it.
  init(in folder: URL) throws(CheckpointError) {
    let file = folder.appending(path: Self.name)
    descriptor = open(file.path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw .system("create", file.path) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let code = errno
      let holder = (try? String(contentsOf: file, encoding: .utf8)).flatMap {
        Int($0.trimmingCharacters(in: .whitespacesAndNewlines))
      }
      close(descriptor)
      errno = code
      guard code == EWOULDBLOCK else { throw .system("lock", file.path) }
      throw .locked(folder: folder.path, process: holder)
    }
    let line = Array("\(getpid())\n".utf8)
    ftruncate(descriptor, 0)
    pwrite(descriptor, line, line.count, 0)
  }

  deinit { close(descriptor) }
}
