import Foundation

/// Where commands speak: reports on standard output, everything on the way on standard error.
enum Console {
  static func report(_ text: String) { write(text + "\n", to: .standardOutput) }
  static func note(_ text: String) { write(text + "\n", to: .standardError) }

  /// Text without a line break, at once: streamed completions.
  static func stream(_ text: String) { write(text, to: .standardOutput) }

  private static func write(_ text: String, to handle: FileHandle) {
    try? handle.write(contentsOf: Data(text.utf8))
  }
}
