import Foundation
import JSON
import Yams

/// YAML as the same values that JSON has, with keys in the order of the text.
enum YAMLFile {
  static func read(_ file: URL) throws(ConfigurationError) -> JSONLiteral {
    let contents: FileBytes
    do { contents = try FileBytes(of: file) } catch { throw .unreadable(error) }
    guard let text = String(validating: contents.bytes, as: UTF8.self) else {
      throw .file(file.path, reason: "is not text in UTF-8")
    }
    do {
      var room = largestDocument
      return try Yams.compose(yaml: text).map { try literal($0, &room) } ?? .object([])
    } catch {
      throw .file(file.lastPathComponent, reason: "\(error)")
    }
  }

  static func text(_ literal: JSONLiteral) -> String {
    var out = ""
    write(literal, level: 0, to: &out)
    return out
  }

  /// Values of a document at most: aliases of aliases make a few lines into more than memory holds.
  private static let largestDocument = 100_000

  private struct TooLarge: Error, CustomStringConvertible {
    let description = "its aliases make it larger than \(largestDocument) values; write them out"
  }

  private static func literal(_ node: Node, _ room: inout Int) throws -> JSONLiteral {
    room -= 1
    guard room > 0 else { throw TooLarge() }
    switch node {
    case .mapping(let mapping):
      return .object(
        try mapping.map { .init($0.key.string ?? "", try literal($0.value, &room)) })
    case .sequence(let sequence): return .array(try sequence.map { try literal($0, &room) })
    case .alias: return .null
    case .scalar(let scalar):
      return scalar.style == .plain || scalar.style == .any
        ? plain(scalar.string) : .string(scalar.string)
    }
  }

  /// What an unquoted scalar means: YAML 1.2's core schema.
  private static func plain(_ text: String) -> JSONLiteral {
    switch text {
    case "", "~", "null": .null
    case "true": .bool(true)
    case "false": .bool(false)
    default:
      Int(text).map { .int($0) } ?? decimal(text).map { .double($0) } ?? .string(text)
    }
  }

  /// A number as people write it; `nan`, `infinity` and `0x1p3` are texts.
  private static func decimal(_ text: String) -> Double? {
    text.allSatisfy { "0123456789+-.eE".contains($0) } ? Double(text) : nil
  }

  private static func write(_ literal: JSONLiteral, level: Int, to out: inout String) {
    guard case .object(let members) = literal else {
      out += literal.serialized() + "\n"
      return
    }
    for member in members {
      out += String(repeating: "  ", count: level) + member.key + ":"
      if case .object(let inner) = member.value, !inner.isEmpty {
        out += "\n"
        write(member.value, level: level + 1, to: &out)
      } else {
        // JSON on one line is YAML too, and keeps strings that look like numbers quoted. Only
        // what YAML takes for a line break or for no character has to be escaped.
        out += " "
        for scalar in member.value.serialized().unicodeScalars {
          switch scalar.value {
          case 0x7F...0x9F, 0x2028, 0x2029, 0xFEFF, 0xFFFE, 0xFFFF:
            out += String(format: "\\u%04x", scalar.value)
          default: out.unicodeScalars.append(scalar)
          }
        }
        out += "\n"
      }
    }
  }
}
