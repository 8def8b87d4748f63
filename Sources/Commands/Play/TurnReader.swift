import Foundation

/// Turns that a person types.
enum TurnReader {
  /// Bytes that were read and not asked for yet.
  nonisolated(unsafe) private static var pending: [UInt8] = []  // of the main thread

  /// A turn: one line, or several where a line ends in a backslash or leaves a code block open.
  ///
  /// - Returns: `nil` at the end of the input, or where Ctrl-C asks for one.
  static func read() -> String? {
    if isatty(STDIN_FILENO) != 0 { Console.stream("> ") }
    var turn = ""
    while let line = nextLine() {
      turn += line
      if turn.hasSuffix("\\") {
        turn.removeLast()
      } else if turn.ranges(of: "```").count.isMultiple(of: 2) {
        return turn
      }
      turn += "\n"
    }
    return turn.isEmpty ? nil : turn
  }

  private static func nextLine() -> String? {
    while true {
      if let feed = pending.firstIndex(of: UInt8(ascii: "\n")) {
        defer { pending.removeFirst(feed + 1) }
        return String(decoding: pending[..<feed], as: UTF8.self)
      }
      guard let more = waitForInput() else { return nil }
      if more.isEmpty {
        defer { pending = [] }
        return pending.isEmpty ? nil : String(decoding: pending, as: UTF8.self)
      }
      pending += more
    }
  }

  /// What comes next, empty at the end; `nil` where an end is asked for meanwhile.
  private static func waitForInput() -> [UInt8]? {
    while !Interruption.isRequested {
      var descriptor = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
      guard poll(&descriptor, 1, 200) > 0 else { continue }
      return [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
        count = max(Glibc.read(STDIN_FILENO, buffer.baseAddress, 4096), 0)
      }
    }
    return nil
  }
}
