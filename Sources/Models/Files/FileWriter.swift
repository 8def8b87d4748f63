import Foundation

/// Writes a file front to back, so that its name holds either the old content or all of the new.
final class FileWriter {
  private let descriptor: Int32
  private let name: String

  private init(_ path: String, name: String) throws {
    self.name = name
    descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    if descriptor < 0 { throw failure() }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Writes beside `url`, waits for the disk, and renames.
  static func replace(_ url: URL, _ body: (FileWriter) throws -> Void) throws {
    let partial = url.path + ".partial"
    do {
      let writer = try FileWriter(partial, name: url.lastPathComponent)
      try body(writer)
      guard fsync(writer.descriptor) == 0 else { throw writer.failure() }
      guard rename(partial, url.path) == 0 else { throw writer.failure() }
    } catch {
      unlink(partial)
      throw error
    }
  }

  /// Makes a folder and those that it is in, where there are none.
  static func createFolder(_ url: URL) throws {
    var isFolder: ObjCBool = false
    if FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder), isFolder.boolValue
    {
      return
    }
    let parent = url.deletingLastPathComponent()
    if parent.path != url.path { try createFolder(parent) }
    guard mkdir(url.path, 0o777) == 0 || (errno == EEXIST && !isFolder.boolValue) else {
      throw ModelFileError.unwritable(file: url.path, reason: String(cString: strerror(errno)))
    }
  }

  static func replace(_ url: URL, with text: String) throws {
    try replace(url) { try $0.write(Array(text.utf8)) }
  }

  func write(_ bytes: [UInt8]) throws {
    try bytes.withUnsafeBytes { try write($0) }
  }

  func write(_ bytes: UnsafeRawBufferPointer) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let part = UnsafeRawBufferPointer(rebasing: rest)
      let count = Glibc.write(descriptor, part.baseAddress, part.count)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw failure() }
      rest = rest.dropFirst(count)
    }
  }

  private func failure() -> ModelFileError {
    .unwritable(file: name, reason: String(cString: strerror(errno)))
  }
}
