import CJSONC
import Foundation

/// A parsed JSON text. Owns the tree that ``JSON`` values look into.
final class JSONDocument: @unchecked Sendable {
  let root: OpaquePointer?

  init(root: OpaquePointer?) { self.root = root }
  deinit { json_object_put(root) }
}

/// One value of a parsed JSON text: a view into a json-c tree that it keeps alive.
///
/// Objects keep the order of their keys. Typed getters throw a ``JSONError`` that names the
/// value's place; they never convert (`"1"` is not a number, `1.5` not an integer).
public struct JSON: @unchecked Sendable {
  let document: JSONDocument
  let node: OpaquePointer?
  /// Where this value stands, for errors: `golden.json: cases[2].loss`.
  public let path: String

  /// An integer that does not fit 64 bits with sign is a number.
  public enum Kind: String, Sendable {
    case null, boolean, integer, number, string, array, object
  }

  public var kind: Kind {
    switch json_object_get_type(node) {
    case json_type_boolean: .boolean
    case json_type_int: json_object_get_uint64(node) > Int64.max ? .number : .integer
    case json_type_double: .number
    case json_type_string: .string
    case json_type_array: .array
    case json_type_object: .object
    default: .null
    }
  }

  public var isNull: Bool { node == nil }

  // MARK: Typed values

  /// The string, or `nil` where the value is something else.
  public var string: String? {
    guard kind == .string else { return nil }
    return String(decoding: stringBytes, as: UTF8.self)
  }

  /// The UTF-8 bytes of a string value, valid while this value lives.
  var stringBytes: UnsafeBufferPointer<UInt8> {
    let count = Int(json_object_get_string_len(node))
    let start = UnsafeRawPointer(json_object_get_string(node)!).assumingMemoryBound(to: UInt8.self)
    return UnsafeBufferPointer(start: start, count: count)
  }

  public var bool: Bool? { kind == .boolean ? json_object_get_boolean(node) != 0 : nil }

  public var int: Int? { kind == .integer ? Int(json_object_get_int64(node)) : nil }

  /// Any number, integers included.
  public var double: Double? {
    switch kind {
    case .integer, .number: json_object_get_double(node)
    default: nil
    }
  }

  /// The elements of an array, or `nil`.
  public var array: [JSON]? {
    guard kind == .array else { return nil }
    return (0..<json_object_array_length(node)).map { index in
      JSON(
        document: document, node: json_object_array_get_idx(node, index),
        path: "\(path)[\(index)]")
    }
  }

  /// The members of an object in the order of the text, or `nil`.
  public var object: [(key: String, value: JSON)]? {
    guard kind == .object else { return nil }
    var members: [(key: String, value: JSON)] = []
    var entry = json_object_get_object(node).pointee.head
    while let current = entry {
      let key = String(cString: current.pointee.k.assumingMemoryBound(to: CChar.self))
      let value = OpaquePointer(current.pointee.v)
      members.append((key, JSON(document: document, node: value, path: place(of: key))))
      entry = current.pointee.next
    }
    return members
  }

  /// The numbers of an array of numbers, without a ``JSON`` for each; `nil` if any is no number.
  public var doubles: [Double]? {
    guard kind == .array else { return nil }
    let count = json_object_array_length(node)
    var result: [Double] = []
    result.reserveCapacity(Int(count))
    for index in 0..<count {
      let element = json_object_array_get_idx(node, index)
      switch json_object_get_type(element) {
      case json_type_int, json_type_double: result.append(json_object_get_double(element))
      default: return nil
      }
    }
    return result
  }

  /// The integers of an array of integers; `nil` if any element is something else.
  public var ints: [Int]? {
    guard kind == .array else { return nil }
    let count = json_object_array_length(node)
    var result: [Int] = []
    result.reserveCapacity(Int(count))
    for index in 0..<count {
      let element = json_object_array_get_idx(node, index)
      guard json_object_get_type(element) == json_type_int,
        json_object_get_uint64(element) <= Int64.max
      else { return nil }
      result.append(Int(json_object_get_int64(element)))
    }
    return result
  }

  // MARK: Members

  /// The member `key` of an object; a null value where there is none or this is no object.
  public subscript(key: String) -> JSON {
    var member: OpaquePointer?
    if kind == .object { json_object_object_get_ex(node, key, &member) }
    return JSON(document: document, node: member, path: place(of: key))
  }

  /// The element at `index` of an array; a null value outside of it.
  public subscript(index: Int) -> JSON {
    let inside = kind == .array && index >= 0 && index < Int(json_object_array_length(node))
    return JSON(
      document: document, node: inside ? json_object_array_get_idx(node, index) : nil,
      path: "\(path)[\(index)]")
  }

  /// True if the object has `key`, be its value null.
  public func has(_ key: String) -> Bool {
    kind == .object && json_object_object_get_ex(node, key, nil) != 0
  }

  // MARK: Values that must be there

  public func requireString() throws(JSONError) -> String { try require(string, "a string") }
  public func requireInt() throws(JSONError) -> Int { try require(int, "an integer") }
  public func requireDouble() throws(JSONError) -> Double { try require(double, "a number") }
  public func requireBool() throws(JSONError) -> Bool { try require(bool, "true or false") }
  public func requireArray() throws(JSONError) -> [JSON] { try require(array, "an array") }
  public func requireObject() throws(JSONError) -> [(key: String, value: JSON)] {
    try require(object, "an object")
  }

  private func require<T>(_ value: T?, _ expected: String) throws(JSONError) -> T {
    guard let value else {
      throw .type(path: path, expected: expected, found: isNull ? "nothing" : summary)
    }
    return value
  }

  /// The value as compact JSON, cut to a length that fits an error message.
  public var summary: String {
    let text = serialized
    return text.count <= 60 ? text : text.prefix(57) + "..."
  }

  /// The value as compact JSON text; may be asked for from several threads at once.
  public var serialized: String { JSONLiteral(self).serialized() }

  private func place(of key: String) -> String {
    path.isEmpty || path.hasSuffix(": ") ? path + key : "\(path).\(key)"
  }
}

/// What is wrong with a JSON text or a value in it.
public enum JSONError: Error, Equatable, CustomStringConvertible {
  case unreadable(file: String, reason: String)
  case syntax(source: String, line: Int, reason: String)
  case type(path: String, expected: String, found: String)

  public var description: String {
    switch self {
    case .unreadable(let file, let reason):
      "\(file): cannot be read: \(reason)"
    case .syntax(let source, let line, let reason):
      "\(source):\(line): not valid JSON: \(reason)"
    case .type(let path, let expected, let found):
      "\(path) must be \(expected); it is \(found)"
    }
  }
}
