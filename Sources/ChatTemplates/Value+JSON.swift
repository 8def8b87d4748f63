/// How `tojson` lays out its text: Python's `json.dumps`.
struct JSONLayout {
  var escapesNonASCII = false
  /// What one level is indented by; `nil` for one line.
  var indent: String?
  var itemSeparator: String?
  var keySeparator = ": "
  var sortsKeys = false
}

extension Value {
  /// The value as JSON text.
  ///
  /// - Throws: a type failure for what JSON has no form for, undefined values included.
  func json(_ layout: JSONLayout) throws -> String {
    var out = ""
    try write(to: &out, layout, level: 0)
    return out
  }

  private func write(to out: inout String, _ layout: JSONLayout, level: Int) throws {
    switch self {
    case .string(let text): text.writeJSON(to: &out, escapesNonASCII: layout.escapesNonASCII)
    case .list(let items), .tuple(let items):
      try Self.write(items.elements, "[", "]", to: &out, layout, level: level) { out, element in
        try element.write(to: &out, layout, level: level + 1)
      }
    case .mapping(let mapping):
      var entries = mapping.entries
      if layout.sortsKeys {
        entries = try entries.sorted { (try $0.key.order(to: $1.key) ?? 0) < 0 }
      }
      try Self.write(entries, "{", "}", to: &out, layout, level: level) { out, entry in
        try entry.key.jsonKey().writeJSON(to: &out, escapesNonASCII: layout.escapesNonASCII)
        out += layout.keySeparator
        try entry.value.write(to: &out, layout, level: level + 1)
      }
    default: out += try jsonScalar()
    }
  }

  private func jsonScalar() throws -> String {
    switch self {
    case .none: return "null"
    case .bool(let value): return value ? "true" : "false"
    case .int(let value): return String(value)
    case .float(let value):
      if value.isNaN { return "NaN" }
      if value.isInfinite { return value < 0 ? "-Infinity" : "Infinity" }
      return value.pythonDescription
    default: throw Failure.type("a value of kind \(kindName) has no form in JSON")
    }
  }

  private func jsonKey() throws -> String {
    switch self {
    case .string(let text): return text
    case .none, .bool, .int, .float: return try jsonScalar()
    default: throw Failure.type("a key of kind \(kindName) has no form in JSON")
    }
  }

  private static func write<T>(
    _ elements: [T], _ open: String, _ close: String, to out: inout String, _ layout: JSONLayout,
    level: Int, each: (inout String, T) throws -> Void
  ) throws {
    out += open
    func newline(_ level: Int) {
      if let indent = layout.indent { out += "\n" + String(repeating: indent, count: level) }
    }
    let separator = layout.itemSeparator ?? (layout.indent == nil ? ", " : ",")
    for (index, element) in elements.enumerated() {
      if index > 0 { out += separator }
      newline(level + 1)
      try each(&out, element)
    }
    if !elements.isEmpty { newline(level) }
    out += close
  }
}

extension String {
  fileprivate func writeJSON(to out: inout String, escapesNonASCII: Bool) {
    out += "\""
    for scalar in unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\r": out += "\\r"
      case "\t": out += "\\t"
      case "\u{8}": out += "\\b"
      case "\u{C}": out += "\\f"
      case "\u{0}"..<"\u{20}": out += Self.escaped(UInt16(scalar.value))
      case "\u{7F}"... where escapesNonASCII:
        for unit in UTF16.encode(scalar)! { out += Self.escaped(unit) }
      default: out.unicodeScalars.append(scalar)
      }
    }
    out += "\""
  }

  private static func escaped(_ unit: UInt16) -> String {
    let hex = String(unit, radix: 16)
    return "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
  }
}
