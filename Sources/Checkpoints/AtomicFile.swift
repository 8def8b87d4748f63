import Foundation

/// Writes single files that are either the old or the new one, never half of it.
public enum AtomicFile {
  /// Replaces `file` by `text`: written beside it, put on the disk, then renamed.
  /// - Throws: ``CheckpointError``; `file` is then as it was.
  public static func write(_ text: String, to file: URL) throws(CheckpointError) {
    let parent = file.deletingLastPathComponent()
    try FileTree.createFolder(parent)
    let temporary = parent.appending(path: AtomicFolder.temporaryName(of: file))
    do {
      try writeSynced(text, to: temporary)
      try FileTree.rename(temporary, to: file)
    } catch {
      unlink(temporary.path)
      throw error
    }
    try FileTree.sync(parent)
  }

  private static func writeSynced(_ text: String, to file: URL) throws(CheckpointError) {
    let descriptor = open(file.path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw .system("create", file.path) }
    defer { close(descriptor) }
    let bytes = Array(text.utf8)
    var offset = 0
    while offset < bytes.count {
      let written = bytes.withUnsafeBytes { bytes in
        Foundation.write(descriptor, bytes.baseAddress! + offset, bytes.count - offset)
      }
      guard written >= 0 || errno == EINTR else { throw .system("write", file.path) }
      offset += max(written, 0)
    }
    guard fsync(descriptor) == 0 else { throw .system("write it to the disk", file.path) }
  }
}
