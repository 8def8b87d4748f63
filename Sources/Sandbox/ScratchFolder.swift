import CSandbox
import Glibc

/// The scratch folder of a program without namespaces: one in the machine's folder for temporary
/// files, removed when the program has ended.
struct ScratchFolder {
  let path: String

  init(files: [String: [UInt8]]) throws(SandboxError) {
    let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array("\(base)/temper-sandbox-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template), let path = VisiblePaths.resolved(String(cString: made))
    else {
      throw .notStarted(program: "a program", step: "mkdtemp", path: base, code: errno)
    }
    self.path = path
    for (name, bytes) in files {
      guard SandboxCommand.isFileName(name) else { throw removing(.fileName(name)) }
      let file = open("\(path)/\(name)", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
      let isWritten = file >= 0 && write(file, bytes, bytes.count) == bytes.count
      let code = errno
      if file >= 0 { close(file) }
      guard isWritten else {
        throw removing(.notStarted(program: "a program", step: "write", path: name, code: code))
      }
    }
  }

  private func removing(_ error: SandboxError) -> SandboxError {
    remove()
    return error
  }

  func remove() { ts_remove_folder(path) }
}
