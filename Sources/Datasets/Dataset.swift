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
  private let stored: [Stored]

  /// A row's place among the rows of the file, its line, and its text.
  private typealias Stored = (index: Int, line: Int, text: String)

  /// - Parameters:
  ///   - limit: reads only that many rows from the start.
  ///   - badRows: by default one bad row is an error.
  /// - Throws: ``DatasetError``; `JSONError` where the file cannot be read.
  public init(
    contentsOf file: URL, fields: FieldNames = FieldNames(), limit: Int? = nil,
    badRows: Handling = .error
  ) throws {
    let lines = try JSONLines(of: file)
    try self.init(
      name: file.lastPathComponent, lines: lines.texts, fields: fields, limit: limit,
      badRows: badRows)
  }

  /// Rows that were made and stand in no file.
  ///
  /// - Parameter name: what errors call them.
  public init(name: String, rows: some Sequence<JSONLiteral>) throws {
    let texts = rows.map { Array($0.serialized().utf8) }
    let lines = texts.enumerated().lazy.map { index, text in (line: index + 1, bytes: text) }
    try self.init(name: name, lines: lines, fields: FieldNames(), limit: nil, badRows: .error)
  }

  private init<Bytes: ContiguousBytes>(
    name: String, lines: some Sequence<(line: Int, bytes: Bytes)>, fields: FieldNames, limit: Int?,
    badRows: Handling
  ) throws {
    self.name = name
    self.fields = fields
    var stored: [Stored] = []
    var problems: [String] = []
    var bad = 0
    for (line, bytes) in lines {
      if let limit, stored.count + bad >= limit { break }
      do {
        let (json, text) = try bytes.withUnsafeBytes { bytes in
          let bytes = bytes.bindMemory(to: UInt8.self)
          return (try JSON(parsing: bytes, source: name, line: line), Self.trimmed(bytes))
        }
        _ = try Row(json, text: text, place: (stored.count, line), fields: fields)
        stored.append((stored.count, line, text))
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

  private init(_ other: Dataset, stored: [Stored]) {
    (name, skipped, fields) = (other.name, other.skipped, other.fields)
    self.stored = stored
  }

  /// `count` of the rows, in their order, chosen by a hash of their ids: the same ones in every
  /// run, whatever their order in the file.
  public func probe(_ count: Int) throws -> Dataset {
    guard count < stored.count else { return self }
    let hashes = try stored.indices.map { hash(of: try row(at: $0).id) }
    let chosen = stored.indices.sorted { (hashes[$0], $0) < (hashes[$1], $1) }.prefix(count)
    return Dataset(self, stored: chosen.sorted().map { stored[$0] })
  }

  /// The text from the first brace to the last, without a byte order mark and line ends.
  private static func trimmed(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
    let start = bytes.firstIndex(of: UInt8(ascii: "{")) ?? bytes.startIndex
    let end = bytes.lastIndex(of: UInt8(ascii: "}")).map { $0 + 1 } ?? bytes.endIndex
    return String(decoding: bytes[start..<max(start, end)], as: UTF8.self)
  }

  public var count: Int { stored.count }

  /// The row at `index` of those that are here, from 0.
  public func row(at index: Int) throws -> Row {
    let (place, line, text) = stored[index]
    var copy = text
    let json = try copy.withUTF8 { try JSON(parsing: $0, source: name, line: line) }
    return try Row(json, text: text, place: (place, line), fields: fields)
  }
}

/// 64-bit FNV-1a, then the finalizer of MurmurHash3, because FNV alone mixes short texts badly.
private func hash(of text: String) -> UInt64 {
  var hash = text.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) {
    ($0 ^ UInt64($1)) &* 0x100_0000_01B3
  }
  hash = (hash ^ hash >> 33) &* 0xFF51_AFD7_ED55_8CCD
  hash = (hash ^ hash >> 33) &* 0xC4CE_B9FE_1A85_EC53
  return hash ^ hash >> 33
}
