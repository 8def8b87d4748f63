import CSandbox
import Glibc

/// What of the machine's files a sandboxed program sees, read-only.
enum VisiblePaths {
  /// Programs and libraries, and of /etc what the loader and the C library read. No home folder,
  /// no data, nothing that is somebody's.
  static let system = [
    "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/gnu/store",
    "/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives",
    "/etc/localtime", "/etc/nsswitch.conf",
  ]

  /// The system's paths and further ones, without links, none of them twice.
  static func all(_ readable: [String]) throws(SandboxError) -> [String] {
    var paths = system
    for path in readable {
      guard let real = resolved(path) else {
        throw .notReadable(path: path, reason: String(cString: strerror(errno)))
      }
      guard real != "/", !["/proc", "/dev", TS_SCRATCH].contains(where: { covers($0, real) })
      else {
        throw .notReadable(path: path, reason: "name the folder that is needed, beneath it")
      }
      if paths.contains(where: { covers($0, real) }) { continue }
      guard !Sandbox.dropsRoot || isEverybodys(real) else {
        throw .notReadable(
          path: path, reason: "a program of root's runs as nobody, who may not read it; chmod o+rX")
      }
      paths.append(real)
    }
    return paths
  }

  private static func isEverybodys(_ path: String) -> Bool {
    var status = stat()
    guard stat(path, &status) == 0 else { return false }
    let wanted: mode_t = status.st_mode & S_IFMT == S_IFDIR ? 0o005 : 0o004
    return status.st_mode & wanted == wanted
  }

  /// The path without links, or `nil` with `errno` set.
  static func resolved(_ path: String) -> String? {
    guard let real = realpath(path, nil) else { return nil }
    defer { free(real) }
    return String(cString: real)
  }

  /// True if `path` is `folder` or lies in it.
  private static func covers(_ folder: String, _ path: String) -> Bool {
    path == folder || path.hasPrefix(folder + "/")
  }

  /// The program's path: that of its folder without links, since links may lead outside of what is
  /// visible, and its own name, which an interpreter may care for.
  static func program(_ name: String, searchPath: String) throws(SandboxError) -> String {
    let folders = name.contains("/") ? [""] : searchPath.split(separator: ":").map { "\($0)/" }
    for path in folders.map({ $0 + name }) where access(path, X_OK) == 0 {
      let slash = path.lastIndex(of: "/")!
      let folder = resolved(String(path[...slash]))!
      return (folder == "/" ? "" : folder) + path[slash...]
    }
    throw .programNotFound(name: name, searched: name.contains("/") ? name : searchPath)
  }
}
