import Foundation
import JSON

/// The rows of a JSON Lines file.
///
/// The file is read line by line and every row is looked at before the first is used, so that a
/// run does not end at night on line 5,000. What is kept is the rows' text.
public struct Dataset: Sendable {
  /// What is done with rows that cannot be used.
  public enum Handling: String, Sendable, CaseIterable { case error, skip }

  /// The file's name, for errors.
  public let name: String
  /// Rows that were left out because they cannot be used.
  public let skipped: Int
  private let fields: FieldNames
  private let stored: [(line: Int, text: String)]

  /// - Parameters:
  ///   - limit: reads only that many rows from the start.
  ///   - badRows: by default one bad row is an error.
  /// - Throws: ``DatasetError``; `JSONError` where the file cannot be read.
  public init(
    contentsOf file: URL, fields: FieldNames = FieldNames(), limit: Int? = nil,
    badRows: Handling = .error
  ) throws {
    name = file.lastPathComponent
    self.fields = fields
    var stored: [(line: Int, text: String)] = []
    var problems: [String] = []
    var bad = 0
    let lines = try JSONLines(of: file)
    for (line, bytes) in lines.texts {
      if let limit, stored.count + bad >= limit { break }
      do {
        let json = try JSON(parsing: bytes, source: name, line: line)
        let text = Self.trimmed(bytes)
        _ = try Row(json, text: text, place: (stored.count, line), fields: fields)
        stored.append((line, text))
      } catch let error where error is RowError || error is JSONError {
        bad += 1
        if problems.count < DatasetError.shown { problems.append("\(error)") }
      }
    }
    if bad > 0, badRows == .error || stored.isEmpty {
      throw DatasetError.rows(
        file: name, problems: problems, total: bad, count: stored.count + bad)
    }
    guard !stored.isEmpty else { throw DatasetError.empty(file: name) }
    self.stored = stored
    skipped = bad
  }

  /// The text from the first brace to the last, without a byte order mark and line ends.
  private static func trimmed(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
    let start = bytes.firstIndex(of: UInt8(ascii: "{")) ?? bytes.startIndex
    let end = bytes.lastIndex(of: UInt8(ascii: "}")).map { $0 + 1 } ?? bytes.endIndex
    return String(decoding: bytes[start..<max(start, end)], as: UTF8.self)
  }

  public var count: Int { stored.count }

  /// The row at `index`, from 0.
  public func row(at index: Int) throws -> Row {
    let (line, text) = stored[index]
    var copy = text
    let json = try copy.withUTF8 { try JSON(parsing: $0, source: name, line: line) }
    return try Row(json, text: text, place: (index, line), fields: fields)
  }
}
