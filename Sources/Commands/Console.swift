import Foundation

/// Where commands speak: reports on standard output, everything on the way on standard error.
enum Console {
  /// Opens `/dev/null` for each standard stream that whoever started us has closed: a file of the
  /// run would get its number, and with it everything that is said.
  static func holdDescriptors() {
    for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
      _ = open("/dev/null", descriptor == STDIN_FILENO ? O_RDONLY : O_WRONLY)
    }
  }

  static func report(_ text: String) { stream(text + "\n") }

  static func note(_ text: String) {
    try? FileHandle.standardError.write(contentsOf: Data((text + "\n").utf8))
  }

  /// What only someone who looks for a fault wants to read: shown where `TEMPER_LOG` is `debug`.
  static func debug(_ text: @autoclosure () -> String) {
    if ProcessInfo.processInfo.environment["TEMPER_LOG"] == "debug" { note("debug: " + text()) }
  }

  /// Text without a line break, at once: streamed completions.
  ///
  /// A report that nobody gets is a failure: it ends the process with 1.
  static func stream(_ text: String) {
    do {
      try FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
    } catch {
      note("temper: standard output cannot be written: \(error.localizedDescription)")
      exit(1)
    }
  }
}
