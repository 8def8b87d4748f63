import CPluginABI
import FoundationEssentials

/// One completion to be judged: a view of the host's memory, valid until `judge` returns. The
/// strings it gives are copies and may be kept.
public struct Sample {
  let sample: UnsafePointer<temper_sample>

  /// The task's row as JSON, with its gold answer.
  public var row: String { String(sample.pointee.row) }
  /// The rendered prompt.
  public var prompt: String { String(sample.pointee.prompt) }
  /// The decoded completion, without its end token or stop string.
  public var completion: String { String(sample.pointee.completion) }
  /// The completion's ids, the end token included.
  public var tokens: [Int32] {
    Array(UnsafeBufferPointer(start: sample.pointee.tokens, count: sample.pointee.token_count))
  }

  /// The row's member `key` as text: a string as it is, a number as it is written.
  ///
  /// - Returns: `nil` where the row has no such member.
  /// - Throws: ``PluginError`` where the member is neither, or the row is no JSON object.
  public func field(_ key: String) throws -> String? {
    try rowField(key, of: Data(sample.pointee.row.bytes))
  }

  /// The whole row, decoded.
  public func row<Row: Decodable>(as type: Row.Type) throws -> Row {
    try JSONDecoder().decode(type, from: Data(sample.pointee.row.bytes))
  }
}

/// The member `key` of a row as text; see ``Sample/field(_:)``.
func rowField(_ key: String, of row: Data) throws -> String? {
  let decoder = JSONDecoder()
  decoder.userInfo = [RowField.key: key]
  do {
    return try decoder.decode(RowField.self, from: row).text
  } catch DecodingError.typeMismatch(_, let context) where !context.codingPath.isEmpty {
    throw PluginError.invalidInput("the row's '\(key)' is neither a string nor a number")
  } catch {
    throw PluginError.invalidInput("the task row is not a JSON object")
  }
}

/// The member of a row whose name the decoder carries.
private struct RowField: Decodable {
  static let key = CodingUserInfoKey(rawValue: "key")!
  let text: String?

  struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  init(from decoder: any Decoder) throws {
    let row = try decoder.container(keyedBy: Key.self)
    let key = Key(stringValue: decoder.userInfo[Self.key] as! String)!
    guard row.contains(key), try !row.decodeNil(forKey: key) else {
      text = nil
      return
    }
    if let string = try? row.decode(String.self, forKey: key) {
      text = string
    } else if let integer = try? row.decode(Int.self, forKey: key) {
      text = String(integer)
    } else {
      text = String(try row.decode(Double.self, forKey: key))
    }
  }
}

extension temper_text {
  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: data, count: size) }
}

extension String {
  init(_ text: temper_text) { self = String(decoding: text.bytes, as: UTF8.self) }
}
