import Foundation
import JSON

/// The rows of a JSON Lines file as they are, for an environment that reads keys of its own.
public struct TaskRows: Sendable {
  public struct Row: Sendable, Equatable {
    /// The row's `id`, or else its line.
    public let id: String
    /// The row as it stands in the file, renamed keys added.
    public let json: String
  }

  public let rows: [Row]

  /// - Parameter limit: reads only that many rows from the start.
  /// - Throws: ``DatasetError``; `JSONError` where the file or a line of it cannot be read.
  public init(contentsOf file: URL, fields: FieldNames = FieldNames(), limit: Int? = nil) throws {
    let lines = try JSONLines(of: file)
    var rows: [Row] = []
    for (line, bytes) in lines.texts where limit == nil || rows.count < limit! {
      let row = try JSON(parsing: bytes, source: file.lastPathComponent, line: line)
      guard row.kind == .object else {
        let problem = "\(row.path)a row is a JSON object; this is \(row.summary)"
        throw DatasetError.rows(
          file: file.lastPathComponent, problems: [problem], total: 1, count: rows.count + 1)
      }
      let id = fields.value(of: "id", in: row)
      let text = String(decoding: bytes, as: UTF8.self)
      rows.append(
        Row(
          id: id.string ?? (id.kind == .integer ? id.serialized : String(line)),
          json: fields.applied(to: row, text: text)))
    }
    guard !rows.isEmpty else { throw DatasetError.empty(file: file.lastPathComponent) }
    self.rows = rows
  }
}
