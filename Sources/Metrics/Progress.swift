import Foundation

/// How far a command that takes long has come, with its rate and the time that is left.
///
/// On a terminal one line is rewritten in place; into a pipe or a file go plain lines, at most one
/// every ``plainInterval`` and the last. It writes to standard error, so that what a command
/// reports on standard output stays alone. Used by one thread at a time.
///
/// ```
/// grpo  120/200 steps  60%  1.4 steps/s  57 s left  reward/mean 0.713  policy/entropy 0.402
/// ```
public final class Progress {
  public let label: String
  public let unit: String
  public let total: Int
  /// Seconds between plain lines; 0 prints each update.
  public let plainInterval: Double

  private let first: Int
  private let isTerminal: Bool
  private let columns: () -> Int
  private let write: (String) -> Void
  private let now: () -> Double
  private let start: Double
  private var lastPrinted: (time: Double, count: Int)?

  /// - Parameters:
  ///   - first: what was done before, as after a resume; it is no part of the rate.
  ///   - unit: plural, `steps`.
  public convenience init(
    _ label: String, total: Int, first: Int = 0, unit: String, plainInterval: Double = 10
  ) {
    self.init(
      label, total: total, first: first, unit: unit, plainInterval: plainInterval,
      isTerminal: isatty(STDERR_FILENO) != 0, columns: Self.terminalColumns,
      now: { Double(DispatchTime.now().uptimeNanoseconds) * 1e-9 },
      // A display that fails, on a full disk or a closed pipe, must not end a run.
      write: { try? FileHandle.standardError.write(contentsOf: Data($0.utf8)) })
  }

  init(
    _ label: String, total: Int, first: Int = 0, unit: String, plainInterval: Double,
    isTerminal: Bool, columns: @escaping () -> Int = { 80 }, now: @escaping () -> Double,
    write: @escaping (String) -> Void
  ) {
    (self.label, self.total, self.first, self.unit) = (label, total, first, unit)
    self.plainInterval = plainInterval
    (self.isTerminal, self.columns, self.now, self.write) = (isTerminal, columns, now, write)
    start = now()
  }

  /// Shows that `count` of the total are done, with a word on how it goes.
  public func advance(to count: Int, note: String = "") {
    let time = now()
    let interval = isTerminal ? 0.1 : plainInterval
    if let lastPrinted, time - lastPrinted.time < interval, count < total { return }
    lastPrinted = (time, count)
    let line = line(count: count, elapsed: time - start, note: note)
    // A line that wraps could not be rewritten: cut it to the terminal's width.
    write(isTerminal ? "\r\u{1B}[K" + line.prefix(max(columns() - 1, 20)) : line + "\n")
  }

  /// Prints a line of its own, above the progress line on a terminal.
  public func message(_ text: String) {
    write(isTerminal ? "\r\u{1B}[K" + text + "\n" : text + "\n")
  }

  /// Ends the line on a terminal. Nothing may follow.
  public func finish() {
    if isTerminal, lastPrinted != nil { write("\n") }
  }

  func line(count: Int, elapsed: Double, note: String) -> String {
    var parts = ["\(label)  \(count)/\(total) \(unit)"]
    if total > 0 { parts.append("\(100 * count / total)%") }
    let done = Double(count - first)
    if done > 0, elapsed > 0 {
      let rate = done / elapsed
      parts.append(
        rate >= 1
          ? "\(Self.short(rate)) \(unit)/s" : "\(Self.short(1 / rate)) s/\(unit.singular)")
      parts.append(
        count < total
          ? "\(Self.duration(Double(total - count) / rate)) left"
          : "in \(Self.duration(elapsed))")
    }
    if !note.isEmpty { parts.append(note) }
    return parts.joined(separator: "  ")
  }

  /// Three digits, without an exponent for what a person meets.
  public static func short(_ value: Double) -> String {
    let magnitude = abs(value)
    if magnitude >= 1e6 || (magnitude < 1e-3 && magnitude > 0) {
      return String(format: "%.2e", value)
    }
    let decimals = magnitude >= 100 ? 0 : magnitude >= 10 ? 1 : magnitude >= 1 ? 2 : 3
    return String(format: "%.\(decimals)f", value)
  }

  /// `42 s`, `3 min 20 s`, `2 h 05 min`.
  public static func duration(_ seconds: Double) -> String {
    guard seconds < 1e8 else { return "long" }
    let whole = Int(seconds.rounded())
    if whole < 60 { return "\(whole) s" }
    if whole < 3600 { return String(format: "%d min %02d s", whole / 60, whole % 60) }
    return String(format: "%d h %02d min", whole / 3600, whole / 60 % 60)
  }

  private static func terminalColumns() -> Int {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }
}

extension String {
  /// `step` of `steps`.
  fileprivate var singular: Substring { hasSuffix("s") ? dropLast() : self[...] }
}
