import Foundation
import JSON
import Tokenizers

/// Compares a tokenizer with rows of expected ids and texts; every key that a row has, exactly.
///
/// A row of `kind` `encode` has a `text` and some of `ids`, `ids_special`, `ids_plain` and
/// `pieces`; a row of either kind has `ids` and some of `decoded`, `decoded_skip`, `stream` and
/// `stream_tail`.
///
/// - Parameters:
///   - file: the rows, a `.jsonl`.
///   - tokenizer: a tokenizer file, or a folder: a file of rows that ends in `.spm.jsonl` takes its
///     `.model`, any other its `tokenizer.json`.
/// - Throws: ``CheckError`` where `file` is not of that form; what ``Tokenizer`` throws.
public func checkTokenizers(file: URL, tokenizer: URL) throws -> CheckReport {
  let tokenizer = try Tokenizer(file: tokenizerFile(at: tokenizer, for: file))
  var report = CheckReport(what: "tokenizers")
  do {
    for (line, value) in try JSONLines(of: file) {
      let row = try TokenizerRow(value.get(), line: line)
      report.note(row, try row.differences(from: tokenizer))
    }
  } catch let error as JSONError {
    throw CheckError(error.description)
  }
  return report
}

private func tokenizerFile(at url: URL, for rows: URL) throws -> URL {
  var isFolder: ObjCBool = false
  guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder), isFolder.boolValue
  else { return url }
  guard rows.lastPathComponent.hasSuffix(".spm.jsonl") else {
    return url.appending(path: "tokenizer.json")
  }
  let names = try FileManager.default.contentsOfDirectory(atPath: url.path).sorted()
  let models = names.filter { $0.hasSuffix(".model") }
  guard let name = models.contains("tokenizer.model") ? "tokenizer.model" : models.first else {
    throw TokenizerError.missing(folder: url.path)
  }
  return url.appending(path: name)
}

extension CheckReport {
  /// Counts a row; `differences` is `nil` where it has nothing to compare.
  fileprivate mutating func note(_ row: TokenizerRow, _ differences: [String]?) {
    guard let differences else {
      skip(row.name, why: "the row has none of the keys that are compared")
      return
    }
    if let first = differences.first { differ(row.name, detail: first) } else { agree(row.name) }
  }
}

/// One row of expected values; what it does not say is `nil`.
private struct TokenizerRow {
  let name: String
  private let text: String?
  private let ids: [Int32]
  private let json: JSON

  init(_ json: JSON, line: Int) throws {
    self.json = json
    let kind = try json["kind"].requireString()
    let label = [kind, json["cat"].string].compactMap(\.self).joined(separator: ", ")
    name = "line \(line) (\(label))"
    switch kind {
    case "encode": text = try json["text"].requireString()
    case "decode": text = nil
    default:
      throw CheckError("\(json["kind"].path): '\(kind)' is neither 'encode' nor 'decode'")
    }
    ids = try Self.ids(json["ids"])
  }

  private static func ids(_ json: JSON) throws -> [Int32] {
    try json.requireArray().map { Int32(truncatingIfNeeded: try $0.requireInt()) }
  }

  /// One sentence for each key that differs; `nil` where there is no key to compare.
  func differences(from tokenizer: Tokenizer) throws -> [String]? {
    var comparison = RowComparison()
    if let text {
      try compareEncoding(of: text, with: tokenizer, &comparison)
    }
    try compareDecoding(with: tokenizer, &comparison)
    return comparison.keys > 0 ? comparison.differences : nil
  }

  private func compareEncoding(
    of text: String, with tokenizer: Tokenizer, _ comparison: inout RowComparison
  ) throws {
    comparison.compare("ids", ids, tokenizer.encode(text, addSpecialTokens: false))
    if has("ids_special") {
      comparison.compare(
        "ids_special", try Self.ids(json["ids_special"]),
        tokenizer.encode(text, addSpecialTokens: true))
    }
    if has("ids_plain") {
      comparison.compare(
        "ids_plain", try Self.ids(json["ids_plain"]),
        tokenizer.encode(text, addSpecialTokens: false, parseSpecial: false))
    }
    if has("pieces") {
      comparison.compare(
        "pieces", try json["pieces"].requireArray().map { try $0.requireString().exact },
        ids.map { (tokenizer.piece(of: $0) ?? "").exact })
    }
  }

  private func compareDecoding(
    with tokenizer: Tokenizer, _ comparison: inout RowComparison
  ) throws {
    for (key, skipSpecial) in [("decoded", false), ("decoded_skip", true)] where has(key) {
      comparison.compare(
        key, [try json[key].requireString().exact],
        [tokenizer.decode(ids, skipSpecial: skipSpecial).exact])
    }
    guard has("stream") || has("stream_tail") else { return }
    var decoder = tokenizer.streamDecoder(skipSpecial: false)
    let shown = ids.map { decoder.append($0)?.exact }
    if has("stream") {
      let expected = try json["stream"].requireArray().map { piece in
        piece.isNull ? nil : try piece.requireString().exact
      }
      comparison.compare("stream", expected, shown)
    }
    if has("stream_tail") {
      comparison.compare(
        "stream_tail", [try json["stream_tail"].requireString().exact], [decoder.finish().exact])
    }
  }

  private func has(_ key: String) -> Bool { !json[key].isNull }
}

private struct RowComparison {
  var keys = 0
  var differences: [String] = []

  mutating func compare<Value: Equatable>(_ key: String, _ expected: [Value], _ found: [Value]) {
    keys += 1
    guard expected != found else { return }
    let place = zip(expected, found).enumerated().first { $1.0 != $1.1 }?.offset
    let index = place ?? min(expected.count, found.count)
    func value(_ values: [Value]) -> String {
      index < values.count ? "\(values[index])" : "nothing"
    }
    differences.append("\(key)[\(index)] is \(value(found)), expected \(value(expected))")
  }
}

/// A string that equals another only if their code points do.
struct ExactString: Equatable, CustomStringConvertible {
  private let utf8: [UInt8]
  init(_ text: String) { utf8 = Array(text.utf8) }
  var description: String { String(decoding: utf8, as: UTF8.self).debugDescription }
}

extension String {
  fileprivate var exact: ExactString { ExactString(self) }
}
