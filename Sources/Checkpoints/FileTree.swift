import Foundation

/// What the system calls say about files and folders, with errors that name the path.
enum FileTree {
  /// The paths of all files below `folder`, relative to it and sorted.
  static func files(below folder: URL) throws(CheckpointError) -> [String] {
    do {
      return try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { path in
        !isFolder(folder.appending(path: path))
      }.sorted()
    } catch {
      throw .system(operation: "list", path: folder.path, reason: "\(error)")
    }
  }

  /// The folders below `folder`, the deepest first, and `folder` itself last.
  static func folders(below folder: URL) throws(CheckpointError) -> [URL] {
    do {
      let paths = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
      let inner = paths.map { folder.appending(path: $0) }.filter(isFolder)
      return inner.sorted { $0.pathComponents.count > $1.pathComponents.count } + [folder]
    } catch {
      throw .system(operation: "list", path: folder.path, reason: "\(error)")
    }
  }

  static func isFolder(_ url: URL) -> Bool {
    var status = stat()
    return stat(url.path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  static func size(of file: URL) throws(CheckpointError) -> Int {
    var status = stat()
    guard stat(file.path, &status) == 0 else { throw .system("read", file.path) }
    return Int(status.st_size)
  }

  /// The names in a folder, sorted; none where there is no folder.
  static func names(in folder: URL) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
  }

  static func createFolder(_ url: URL) throws(CheckpointError) {
    guard !isFolder(url) else { return }
    let parent = url.deletingLastPathComponent()
    if parent.path != url.path { try createFolder(parent) }
    guard mkdir(url.path, 0o777) == 0 || errno == EEXIST else {
      throw .system("create the folder", url.path)
    }
  }

  static func rename(_ old: URL, to new: URL) throws(CheckpointError) {
    guard Foundation.rename(old.path, new.path) == 0 else {
      throw .system("rename it to \(new.lastPathComponent)", old.path)
    }
  }

  /// Removes a file or a folder with all that is in it; nothing happens where there is none.
  static func remove(_ url: URL) throws(CheckpointError) {
    var status = stat()
    guard lstat(url.path, &status) == 0 else { return }
    do {
      try FileManager.default.removeItem(at: url)
    } catch {
      throw .system(operation: "remove", path: url.path, reason: "\(error)")
    }
  }

  /// Waits until a file's bytes, or a folder's entries, are on the disk.
  static func sync(_ url: URL) throws(CheckpointError) {
    let descriptor = open(url.path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .system("open", url.path) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw .system("write it to the disk", url.path) }
  }
}
