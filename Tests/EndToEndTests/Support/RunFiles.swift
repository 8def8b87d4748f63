import Foundation
import JSON
import Testing

/// The files of a run folder, for comparison.
struct RunFiles {
  let folder: URL

  func names(_ place: String) -> [String] {
    let names = try? FileManager.default.contentsOfDirectory(
      atPath: folder.appending(path: place).path)
    return (names ?? []).sorted()
  }

  func text(_ path: String) throws -> String {
    try String(contentsOf: folder.appending(path: path), encoding: .utf8)
  }

  /// Steps with a checkpoint.
  var checkpoints: [String] { names("checkpoints").filter { $0.hasPrefix("step-") } }

  /// Whether a checkpoint is being written.
  var isSaving: Bool { names("checkpoints").contains { $0.contains(".temper-tmp-") } }

  /// The lines of metrics.jsonl that are complete.
  var metricLines: [Substring] {
    let text = (try? text("metrics.jsonl")) ?? ""
    return text[..<(text.lastIndex(of: "\n") ?? text.startIndex)].split(separator: "\n")
  }

  /// The metrics of each step, times and memory left out.
  func metrics() throws -> [[String: Double]] {
    try metricLines.map { line in
      let members = try JSON(parsing: String(line)).requireObject()
      return Dictionary(
        uniqueKeysWithValues: members.compactMap { member in
          ["time/", "memory/"].contains { member.key.hasPrefix($0) }
            ? nil : member.value.double.map { (member.key, $0) }
        })
    }
  }

  /// One metric in every step that has it.
  func metric(_ name: String) throws -> [Double] { try metrics().compactMap { $0[name] } }

  /// Everything that has to repeat, by its path: all files but the configuration, times, locks and
  /// what was superseded.
  func content() throws -> [String: Data] {
    var content: [String: Data] = [:]
    let root = folder.path + "/"
    let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)!
    for case let file as URL in files where !file.hasDirectoryPath {
      let path = String(file.path.dropFirst(root.count))
      let isRecord = ["rollouts/", "checkpoints/", "failures/"].contains { path.hasPrefix($0) }
      guard isRecord, !path.hasPrefix("checkpoints/latest") else { continue }
      content[path] = try Data(contentsOf: file)
    }
    return content
  }

  /// The tensors of a safetensors file in float32, by name.
  func tensors(_ path: String) throws -> [String: [Float]] {
    let data = try Data(contentsOf: folder.appending(path: path))
    let length = Int(data.prefix(8).enumerated().reduce(0) { $0 | UInt64($1.1) << (8 * $1.0) })
    let header = try JSON(
      parsing: String(decoding: data[8..<8 + length], as: UTF8.self), source: path)
    var tensors: [String: [Float]] = [:]
    for (name, entry) in try header.requireObject() where name != "__metadata__" {
      let range = try #require(entry["data_offsets"].ints)
      let bytes = data[8 + length + range[0]..<8 + length + range[1]]
      tensors[name] = Array(bytes).withUnsafeBytes { raw in
        (0..<raw.count / 4).map { raw.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
      }
    }
    return tensors
  }
}

/// Expects two runs to be the same to the bit, times apart.
func expectSame(
  _ a: RunFiles, _ b: RunFiles, at location: SourceLocation = #_sourceLocation
) throws {
  let (first, second) = (try a.content(), try b.content())
  #expect(first.keys.sorted() == second.keys.sorted(), sourceLocation: location)
  let differing = first.keys.filter { first[$0] != second[$0] }.sorted()
  #expect(differing == [], sourceLocation: location)
  #expect(!first.isEmpty, sourceLocation: location)
  #expect(try a.metrics() == b.metrics(), sourceLocation: location)
  #expect(a.names("checkpoints").contains("latest"), sourceLocation: location)
}
