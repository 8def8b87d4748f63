/// A JSON value to be written. Objects keep the order in which they were built.
public enum JSONLiteral: Equatable, Sendable {
  case null
  case bool(Bool)
  case int(Int)
  case double(Double)
  case string(String)
  case array([JSONLiteral])
  case object([Member])

  public struct Member: Equatable, Sendable {
    public var key: String
    public var value: JSONLiteral
    public init(_ key: String, _ value: JSONLiteral) { (self.key, self.value) = (key, value) }
  }

  /// The JSON text: on one line, or with `indent` spaces a level.
  ///
  /// Doubles take the shortest form that reads back the same; NaN and infinities, which JSON
  /// does not have, become null.
  public func serialized(indent: Int? = nil) -> String {
    var out = ""
    write(to: &out, indent: indent, level: 0)
    return out
  }

  private func write(to out: inout String, indent: Int?, level: Int) {
    switch self {
    case .null: out += "null"
    case .bool(let value): out += value ? "true" : "false"
    case .int(let value): out += String(value)
    case .double(let value): out += value.isFinite ? "\(value)" : "null"
    case .string(let value): Self.write(value, to: &out)
    case .array(let elements):
      Self.write(elements, "[", "]", to: &out, indent: indent, level: level) {
        $1.write(to: &$0, indent: indent, level: level + 1)
      }
    case .object(let members):
      Self.write(members, "{", "}", to: &out, indent: indent, level: level) {
        Self.write($1.key, to: &$0)
        $0 += indent == nil ? ":" : ": "
        $1.value.write(to: &$0, indent: indent, level: level + 1)
      }
    }
  }

  private static func write<T>(
    _ elements: [T], _ open: String, _ close: String, to out: inout String, indent: Int?,
    level: Int, each: (inout String, T) -> Void
  ) {
    out += open
    for (index, element) in elements.enumerated() {
      if index > 0 { out += "," }
      if let indent { out += "\n" + String(repeating: " ", count: indent * (level + 1)) }
      each(&out, element)
    }
    if let indent, !elements.isEmpty {
      out += "\n" + String(repeating: " ", count: indent * level)
    }
    out += close
  }

  private static func write(_ string: String, to out: inout String) {
    out += "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\r": out += "\\r"
      case "\t": out += "\\t"
      case "\u{0}"..<"\u{20}":
        let hex = String(scalar.value, radix: 16)
        out += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
      default: out.unicodeScalars.append(scalar)
      }
    }
    out += "\""
  }
}

extension JSONLiteral: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByStringLiteral,
  ExpressibleByStringInterpolation, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  public init(nilLiteral: ()) { self = .null }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(integerLiteral value: Int) { self = .int(value) }
  public init(floatLiteral value: Double) { self = .double(value) }
  public init(stringLiteral value: String) { self = .string(value) }
  public init(arrayLiteral elements: JSONLiteral...) { self = .array(elements) }
  public init(dictionaryLiteral elements: (String, JSONLiteral)...) {
    self = .object(elements.map { Member($0, $1) })
  }

  /// The number in the fewest digits that read back as the same float, not in those of a double.
  public static func float(_ value: Float) -> JSONLiteral { .double(Double("\(value)")!) }

  public static func floats(_ values: some Sequence<Float>) -> JSONLiteral {
    .array(values.map(float))
  }

  public static func ints(_ values: some Sequence<some BinaryInteger>) -> JSONLiteral {
    .array(values.map { .int(Int($0)) })
  }

  /// A copy of a parsed value.
  public init(_ json: JSON) {
    switch json.kind {
    case .null: self = .null
    case .boolean: self = .bool(json.bool!)
    case .integer: self = .int(json.int!)
    case .number: self = .double(json.double!)
    case .string: self = .string(json.string!)
    case .array: self = .array(json.array!.map(JSONLiteral.init))
    case .object: self = .object(json.object!.map { Member($0.key, JSONLiteral($0.value)) })
    }
  }

  /// Sets or replaces a member of an object; anything else becomes an object first.
  public subscript(key: String) -> JSONLiteral? {
    get {
      guard case .object(let members) = self else { return nil }
      return members.last { $0.key == key }?.value
    }
    set {
      var members: [Member] = if case .object(let old) = self { old } else { [] }
      let index = members.firstIndex { $0.key == key }
      switch (index, newValue) {
      case (let index?, let value?): members[index].value = value
      case (let index?, nil): members.remove(at: index)
      case (nil, let value?): members.append(Member(key, value))
      case (nil, nil): break
      }
      self = .object(members)
    }
  }
}
