import Foundation

extension Value {
  /// Python's `str(value)`: what an output tag prints.
  var printed: String {
    switch self {
    case .string(let text): text
    case .undefined: ""
    default: represented
    }
  }

  /// Python's `repr(value)`.
  var represented: String {
    switch self {
    case .undefined: return "Undefined"
    case .none: return "None"
    case .bool(let value): return value ? "True" : "False"
    case .int(let value): return String(value)
    case .float(let value): return value.pythonDescription
    case .string(let text): return text.pythonQuoted
    case .list(let items): return "[\(Self.joined(items.elements))]"
    case .tuple(let items):
      let comma = items.elements.count == 1 ? "," : ""
      return "(\(Self.joined(items.elements))\(comma))"
    case .mapping(let mapping):
      let entries = mapping.entries.map { "\($0.key.represented): \($0.value.represented)" }
      return "{\(entries.joined(separator: ", "))}"
    case .range(let range):
      let step = range.step == 1 ? "" : ", \(range.step)"
      return "range(\(range.start), \(range.end)\(step))"
    case .view(let name, let items): return "\(name)([\(Self.joined(items.elements))])"
    case .namespace(let namespace):
      let entries = namespace.attributes.map { "\($0.name.pythonQuoted): \($0.value.represented)" }
      return "<Namespace {\(entries.joined(separator: ", "))}>"
    case .loop(let loop): return "<LoopContext \(loop.index + 1)/\(loop.elements.count)>"
    case .generator: return "<generator object>"
    case .function(let function): return "<function \(function.name)>"
    }
  }

  private static func joined(_ elements: [Value]) -> String {
    elements.map(\.represented).joined(separator: ", ")
  }
}

extension Double {
  /// The shortest decimal that reads back the same, laid out as Python does: `1.0`, `1e-07`.
  var pythonDescription: String {
    if isNaN { return "nan" }
    if isInfinite { return self < 0 ? "-inf" : "inf" }
    if self == 0 { return sign == .minus ? "-0.0" : "0.0" }
    // Swift finds the same digits; only where the point goes differs.
    let parts = "\(magnitude)".split(separator: "e")
    let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
    var digits = mantissa[0] + (mantissa.count > 1 ? mantissa[1] : "")
    var point = mantissa[0].count + (parts.count > 1 ? Int(parts[1])! : 0)
    while digits.first == "0" {
      digits.removeFirst()
      point -= 1
    }
    while digits.last == "0" { digits.removeLast() }
    let text: String
    if point > 16 || point < -3 {
      let fraction = digits.count > 1 ? "." + digits.dropFirst() : ""
      let exponent = String(abs(point - 1))
      let padding = exponent.count < 2 ? "0" : ""
      text = "\(digits.prefix(1))\(fraction)e\(point > 0 ? "+" : "-")\(padding)\(exponent)"
    } else if point <= 0 {
      text = "0." + String(repeating: "0", count: -point) + digits
    } else if digits.count <= point {
      text = digits + String(repeating: "0", count: point - digits.count) + ".0"
    } else {
      text = digits.prefix(point) + "." + digits.dropFirst(point)
    }
    return self < 0 ? "-" + text : text
  }
}

extension String {
  /// Python's `repr` of a string: single quotes unless the text holds one and no double quote.
  var pythonQuoted: String {
    let quote: Unicode.Scalar = utf8.contains(0x27) && !utf8.contains(0x22) ? "\"" : "'"
    var result = String.UnicodeScalarView([quote])
    for scalar in unicodeScalars {
      switch scalar {
      case quote, "\\":
        result.append("\\")
        result.append(scalar)
      case "\n": result.append(contentsOf: "\\n".unicodeScalars)
      case "\r": result.append(contentsOf: "\\r".unicodeScalars)
      case "\t": result.append(contentsOf: "\\t".unicodeScalars)
      case _ where scalar.isPythonPrintable: result.append(scalar)
      default:
        let code = scalar.value
        let (mark, width) = code < 0x100 ? ("x", 2) : code < 0x10000 ? ("u", 4) : ("U", 8)
        let hex = String(code, radix: 16)
        let padding = String(repeating: "0", count: width - hex.count)
        result.append(contentsOf: "\\\(mark)\(padding)\(hex)".unicodeScalars)
      }
    }
    result.append(quote)
    return String(result)
  }
}

extension Unicode.Scalar {
  /// Python's `str.isprintable` of one character.
  fileprivate var isPythonPrintable: Bool {
    if isASCII { return value >= 0x20 && value < 0x7F }
    switch properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator,
      .paragraphSeparator, .spaceSeparator:
      return false
    default: return true
    }
  }
}
