import Foundation

/// The most memory that this process has held, phase by phase.
public enum PeakMemory {
  /// MiB at most since the last call, or since the process began; `nil` where the system does not
  /// say. Where the system does not let the mark be taken back, it is the most so far.
  public static func lap() -> Double? {
    defer { reset() }
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
      let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
      let kibibytes = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({
        Double($0)
      })
    else { return nil }
    return kibibytes / 1024
  }

  /// `proc(5)`: 5 puts the mark back to what is held now.
  private static func reset() {
    let file = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC)
    guard file >= 0 else { return }
    _ = write(file, "5", 1)
    close(file)
  }
}
