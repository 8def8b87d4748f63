import CSandbox
import Glibc

extension Sandbox {
  /// What isolation this machine grants.
  public enum Availability: Sendable, Equatable {
    /// Namespaces, found out by entering some.
    case isolated
    /// No namespaces, why not, and what would help.
    case unavailable(reason: String)
  }

  public static let availability: Availability = {
    var limits = SandboxLimits()
    limits.wallSeconds = 10
    do throws(SandboxError) {
      _ = try SandboxedProcess(probing: limits).run(input: [])
      return .isolated
    } catch {
      return .unavailable(reason: reason(error))
    }
  }()

  /// True where the caller is a root with more users beside it, so that it can become nobody. The
  /// root of a user namespace that holds one user is that user.
  static let dropsRoot: Bool = {
    guard geteuid() == 0 else { return false }
    let map = text(of: "/proc/self/uid_map")
    return map.split(separator: "\n").contains { line in
      let range = line.split(separator: " ").compactMap { UInt64($0) }
      return range.count == 3 && (range[0]..<range[0] + range[2]).contains(65534)
    }
  }()

  private static func reason(_ error: SandboxError) -> String {
    guard case .notStarted(_, let step, let path, let code) = error else { return "\(error)" }
    let cause = "\(step)\(path.map { " of \($0)" } ?? ""): \(String(cString: strerror(code)))"
    return "\(cause) (\(remedy(step: step, code: code)))"
  }

  private static func remedy(step: String, code: Int32) -> String {
    if step == "mount_setattr" || step == "close_range" || code == ENOSYS {
      return "it takes Linux 5.14 or newer"
    }
    if text(of: "/proc/sys/kernel/unprivileged_userns_clone") == "0\n" {
      return "an administrator can allow it: sysctl kernel.unprivileged_userns_clone=1"
    }
    if geteuid() != 0, text(of: "/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1\n" {
      return """
        an administrator can allow it: sysctl kernel.apparmor_restrict_unprivileged_userns=0
        """
    }
    if code == ENOSPC {
      return "an administrator can allow more: sysctl user.max_user_namespaces=10000"
    }
    return """
      in a container, the container must be started so that it may make namespaces: \
      docker run --cap-add SYS_ADMIN --security-opt seccomp=unconfined \
      --security-opt apparmor=unconfined
      """
  }

  /// A small file of the kernel's, empty where there is none.
  private static func text(of path: String) -> String {
    let file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return "" }
    defer { close(file) }
    return String(unsafeUninitializedCapacity: 4096) { max(read(file, $0.baseAddress, 4096), 0) }
  }
}
