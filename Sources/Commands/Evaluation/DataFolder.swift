import Checkpoints
import Datasets
import Evaluation
import Foundation
import JSON
import Tensors

/// The folder with data of others, which suites and templates name their files below.
struct DataFolder {
  let folder: URL?

  /// - Parameter path: as given with `--data`; `TEMPER_DATA` where it is `nil`.
  init(
    _ path: String?, environment: [String: String] = ProcessInfo.processInfo.environment
  ) {
    folder = (path ?? environment["TEMPER_DATA"]).map { URL(filePath: $0) }
  }

  /// A file with the checksum that it has.
  struct Found {
    let url: URL
    let sha256: String
  }

  /// - Parameter user: who needs it, for errors.
  /// - Throws: ``DescriptionError`` that says where a missing file comes from.
  func find(_ file: DataFile, for user: String) throws -> Found {
    let url = folder.map { $0.appending(path: file.path) }
    guard let url, FileManager.default.fileExists(atPath: url.path) else {
      throw DescriptionError(
        """
        \(user) needs '\(file.path)', and \
        \(url.map { "there is no \($0.path)" } ?? "no data folder is named")
          from      \(file.source)
          licence   \(file.licence)
          sha256    \(file.sha256)
        Put it there and name the folder with --data DIR or TEMPER_DATA.
        """)
    }
    let sum = try SHA256.hexadecimal(of: url)
    if sum != file.sha256.lowercased() {
      Console.note(
        """
        temper: \(url.path): is not the file that \(user) expects (its sha256 is \(sum), expected \
        \(file.sha256)); scores may differ from those of others
        """)
    }
    return Found(url: url, sha256: sum)
  }

  /// The worked examples of a template as rows.
  func shots(of template: TemplateDescription, seed: UInt64) throws -> [Row] {
    guard let shots = template.shots else { return [] }
    let found = try find(shots.file, for: "the template '\(template.id)'")
    let data = try Dataset(contentsOf: found.url)
    let user = "the template '\(template.id)'"
    guard shots.ids.isEmpty else {
      let rows = try (0..<data.count).map(data.row)
      return try shots.ids.map { id in
        guard let row = rows.first(where: { $0.id == id }) else {
          throw DescriptionError("\(found.url.path): has no row '\(id)', which \(user) shows")
        }
        return row
      }
    }
    guard shots.count <= data.count else {
      throw DescriptionError(
        "\(found.url.path): has \(data.count) rows, and \(user) shows \(shots.count)")
    }
    let order = DataOrder(count: data.count, seed: seed, shuffle: shots.isDrawn)
    return try order.places(from: 0, count: shots.count).map(data.row)
  }
}
