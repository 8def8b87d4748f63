import Foundation

/// Writes single files that are either the old or the new one, never half of it.
public enum AtomicFile {
  /// Replaces `file` by `text`: written beside it, put on the disk, then renamed. A link stays a
  /// link, and its target is replaced; a device or a pipe is written to as it is.
  /// - Throws: ``CheckpointError``; `file` is then as it was.
  public static func write(_ text: String, to file: URL) throws(CheckpointError) {
    try write(Array(text.utf8), to: file)
  }

  /// The same for bytes that are no text.
  public static func write(_ bytes: [UInt8], to file: URL) throws(CheckpointError) {
    let file = file.resolvingSymlinksInPath()
    if isSpecial(file) { return try writeAll(bytes, to: file, options: O_WRONLY) }
    let parent = file.deletingLastPathComponent()
    try FileTree.createFolder(parent)
    let temporary = parent.appending(path: AtomicFolder.temporaryName(of: file))
    do {
      try writeSynced(bytes, to: temporary)
      try FileTree.rename(temporary, to: file)
    } catch {
      unlink(temporary.path)
      throw error
    }
    try FileTree.sync(parent)
  }

  /// True for a device, a pipe or a socket.
  private static func isSpecial(_ file: URL) -> Bool {
    var status = stat()
    guard stat(file.path, &status) == 0 else { return false }
    return ![S_IFREG, S_IFDIR].contains(status.st_mode & S_IFMT)
  }

  private static func writeSynced(_ bytes: [UInt8], to file: URL) throws(CheckpointError) {
    try writeAll(bytes, to: file, options: O_WRONLY | O_CREAT | O_TRUNC, sync: true)
  }

  private static func writeAll(
    _ bytes: [UInt8], to file: URL, options: Int32, sync: Bool = false
  ) throws(CheckpointError) {
    let descriptor = open(file.path, options | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw .system("create", file.path) }
    defer { close(descriptor) }
    var offset = 0
    while offset < bytes.count {
      let written = bytes.withUnsafeBytes { bytes in
        Foundation.write(descriptor, bytes.baseAddress! + offset, bytes.count - offset)
      }
      guard written >= 0 || errno == EINTR else { throw .system("write", file.path) }
      offset += max(written, 0)
    }
    guard !sync || fsync(descriptor) == 0 else { throw .system("write it to the disk", file.path) }
  }
}
