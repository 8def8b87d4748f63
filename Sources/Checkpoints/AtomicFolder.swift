import Foundation

/// Writes folders that are either there and whole, or not there.
public enum AtomicFolder {
  /// Writes a new folder: `write` fills a temporary one beside it, every byte is put on the disk
  /// with a ``Manifest``, and only then the folder gets its name.
  ///
  /// A process killed at any moment leaves the folder whole or absent, and at most a temporary
  /// one beside it (``removeLeftovers(in:)``).
  ///
  /// - Parameters:
  ///   - bytes: what the folder will take, where the caller knows; a disk with less room is
  ///     refused before anything is written.
  ///   - write: puts files into the folder it is given.
  /// - Throws: ``CheckpointError``, or what `write` threw; the temporary folder is removed first.
  public static func create(
    _ folder: URL, bytes: Int? = nil, _ write: (URL) throws -> Void
  ) throws {
    guard !FileManager.default.fileExists(atPath: folder.path) else {
      throw CheckpointError.system(
        operation: "create the folder", path: folder.path, reason: "it exists already")
    }
    let parent = folder.deletingLastPathComponent()
    try FileTree.createFolder(parent)
    let free = CheckpointError.freeBytes(at: folder.path)
    if let bytes, bytes > free {
      throw CheckpointError.diskFull(path: folder.path, needed: bytes, free: free)
    }

    let temporary = parent.appending(path: temporaryName(of: folder))
    do {
      try FileTree.createFolder(temporary)
      try write(temporary)
      let manifest = temporary.appending(path: Manifest.name)
      try AtomicFile.write(try Manifest(describing: temporary).text, to: manifest)
      for path in try FileTree.files(below: temporary) {
        try FileTree.sync(temporary.appending(path: path))
      }
      for inner in try FileTree.folders(below: temporary) { try FileTree.sync(inner) }
      try FileTree.rename(temporary, to: folder)
    } catch {
      // Asked before the temporary folder gives its room back.
      let free = CheckpointError.freeBytes(at: folder.path)
      try? FileTree.remove(temporary)
      throw isFullDisk(error, free: free)
        ? CheckpointError.diskFull(path: folder.path, needed: bytes, free: free) : error
    }
    try FileTree.sync(parent)
  }

  /// Removes the temporary folders and files that killed processes left in `parent`. The caller
  /// makes sure that nobody is writing there (``RunFolder`` holds a lock).
  public static func removeLeftovers(in parent: URL) throws(CheckpointError) {
    for name in FileTree.names(in: parent) where name.hasPrefix(".") && name.contains(marker) {
      try FileTree.remove(parent.appending(path: name))
    }
  }

  private static let marker = ".temper-tmp-"

  /// A hidden name beside `target` that no other process uses.
  static func temporaryName(of target: URL) -> String {
    ".\(target.lastPathComponent)\(marker)\(getpid())"
  }

  /// Whether `error`, from whatever writer, comes from a full disk.
  private static func isFullDisk(_ error: any Error, free: Int) -> Bool {
    if case CheckpointError.diskFull = error { return true }
    // A writer's own error type hides the system's code, but not its words.
    return free < 4096 || "\(error)".contains(String(cString: strerror(ENOSPC)))
  }
}
