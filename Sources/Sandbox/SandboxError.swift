import Glibc

/// Why a program was not run.
public enum SandboxError: Error, Equatable {
  /// Namespaces cannot be had, and nobody has allowed to do without.
  case unavailable(reason: String)
  case programNotFound(name: String, searched: String)
  /// A folder or file that was to be readable.
  case notReadable(path: String, reason: String)
  /// A name that the scratch folder cannot hold.
  case fileName(String)
  /// A system call on the way to the program.
  case notStarted(program: String, step: String, path: String?, code: Int32)
}

extension SandboxError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .unavailable(let reason):
      return """
        programs cannot be run in a sandbox here: \(reason); --allow-unsandboxed runs them \
        without, with limits alone, and they can then read and delete what you can
        """
    case .programNotFound(let name, let searched):
      return "there is no program '\(name)'; looked in \(searched); give its path"
    case .notReadable(let path, let reason):
      return "'\(path)' cannot be shown to a sandboxed program: \(reason)"
    case .fileName(let name):
      return "'\(name)' is no name for a file of the scratch folder; use one without a slash"
    case .notStarted(let program, let step, let path, let code):
      let what = path.map { " of \($0)" } ?? ""
      return "\(program) could not be started: \(step)\(what): \(String(cString: strerror(code)))"
    }
  }
}
