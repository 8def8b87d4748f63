import Foundation
import JSON

/// What an evaluation has generated so far, kept line by line, so that one that was killed goes on
/// where it was.
///
/// The first line says under which conditions; each other one holds what one pass, greedy or
/// sampled, wrote for one problem. A line that was not finished is dropped.
public final class GenerationJournal {
  public enum Pass: String, Sendable { case greedy, samples }

  /// By pass and the problem's place in its file.
  public let kept: [Pass: [Int: [Completion]]]
  /// How many completions were there when it was opened.
  public var completions: Int { kept.values.flatMap(\.values).reduce(0) { $0 + $1.count } }
  private let file: URL
  private let handle: FileHandle

  /// Opens a new journal, or one to go on with.
  ///
  /// - Throws: ``JournalError`` where there is one of other conditions.
  public init(_ file: URL, conditions: [JSONLiteral.Member], resuming: Bool) throws {
    self.file = file
    var kept: [Pass: [Int: [Completion]]] = [:]
    let header = JSONLiteral.object(conditions)
    var text = header.serialized() + "\n"
    if resuming, FileManager.default.fileExists(atPath: file.path) {
      // A last line without its end is one that a killed process did not finish.
      let whole = try String(contentsOf: file, encoding: .utf8)
      let end = whole.lastIndex(of: "\n").map { whole.index(after: $0) } ?? whole.startIndex
      let lines = whole[..<end].split(separator: "\n")
      if let first = lines.first {
        try Self.check(JSONLiteral(try JSON(parsing: String(first))), header, file)
        text = String(whole[..<end])
        for (number, line) in lines.enumerated().dropFirst() {
          try Self.read(
            try JSON(parsing: String(line), source: "\(file.lastPathComponent):\(number + 1)"),
            into: &kept)
        }
      }
    }
    self.kept = kept
    try Data(text.utf8).write(to: file)
    handle = try FileHandle(forWritingTo: file)
    try handle.seekToEnd()
  }

  private static func check(
    _ kept: JSONLiteral, _ wanted: JSONLiteral, _ file: URL
  ) throws(JournalError) {
    guard case .object(let members) = wanted else { return }
    for member in members where kept[member.key] != member.value {
      throw JournalError(
        file: file.path, key: member.key, kept: kept[member.key]?.serialized() ?? "nothing",
        wanted: member.value.serialized())
    }
  }

  private static func read(
    _ line: JSON, into kept: inout [Pass: [Int: [Completion]]]
  ) throws {
    guard let pass = Pass(rawValue: try line["pass"].requireString()) else { return }
    kept[pass, default: [:]][try line["index"].requireInt()] =
      try line["completions"].requireArray().map(Completion.init)
  }

  /// Keeps what a pass wrote for a problem.
  public func keep(_ completions: [Completion], of index: Int, in pass: Pass) throws {
    let line: JSONLiteral = [
      "pass": .string(pass.rawValue), "index": .int(index),
      "completions": .array(completions.map(\.json)),
    ]
    try handle.write(contentsOf: Data((line.serialized() + "\n").utf8))
  }

  /// Removes the file, once its content is in a report.
  public func remove() throws {
    try handle.close()
    try FileManager.default.removeItem(at: file)
  }
}

/// A journal that belongs to another evaluation.
public struct JournalError: Error, Equatable, CustomStringConvertible {
  let file: String
  let key: String
  let kept: String
  let wanted: String

  public var description: String {
    """
    \(file): was begun with \(key) \(kept), and this evaluation has \(wanted); give the same \
    settings to go on with it, or leave out --resume to begin anew
    """
  }
}
