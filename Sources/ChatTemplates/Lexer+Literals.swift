/// Numbers and strings as Python writes them.
extension Lexer {
  private func digits(from start: Int, where isDigit: (Unicode.Scalar) -> Bool) -> Int {
    var end = start
    while end < source.count {
      let isSeparator =
        source[end] == "_" && end > start && end + 1 < source.count && isDigit(source[end + 1])
      guard isDigit(source[end]) || isSeparator else { break }
      end += 1
    }
    return end
  }

  mutating func number() throws(TemplateError) {
    let start = position
    let isDecimal: (Unicode.Scalar) -> Bool = { ("0"..."9").contains($0) }
    let afterDot = start > 0 && source[start - 1] == "."
    var end = digits(from: start, where: isDecimal)
    var isFloat = false
    if !afterDot {
      if end + 1 < source.count, source[end] == ".", isDecimal(source[end + 1]) {
        isFloat = true
        end = digits(from: end + 1, where: isDecimal)
      }
      if end < source.count, source[end] == "e" || source[end] == "E" {
        var exponent = end + 1
        if exponent < source.count, source[exponent] == "+" || source[exponent] == "-" {
          exponent += 1
        }
        if exponent < source.count, isDecimal(source[exponent]) {
          isFloat = true
          end = digits(from: exponent, where: isDecimal)
        }
      }
    }
    let written = text(start..<end).filter { $0 != "_" }
    if isFloat {
      emit(.float(Double(written)!))
    } else {
      guard let value = Int(written) else {
        throw failure("the integer \(written) does not fit 64 bits", line: line)
      }
      emit(.integer(value))
    }
    position = end
  }

  mutating func string(quote: Unicode.Scalar) throws(TemplateError) {
    let start = line
    var result = String.UnicodeScalarView()
    var index = position + 1
    while index < source.count, source[index] != quote {
      if source[index] == "\\", index + 1 < source.count {
        index = try escape(at: index + 1, into: &result)
      } else {
        result.append(source[index])
        index += 1
      }
    }
    guard index < source.count else {
      throw failure("the string that begins here is not closed; add \(quote)", line: start)
    }
    emit(.string(String(result)))
    advance(to: index + 1)
  }

  /// Python's escapes; an unknown one keeps its backslash. Returns where the text goes on.
  private func escape(
    at index: Int, into result: inout String.UnicodeScalarView
  ) throws(TemplateError) -> Int {
    let simple: [Unicode.Scalar: Unicode.Scalar] = [
      "n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", "\"": "\"", "a": "\u{7}",
      "b": "\u{8}", "f": "\u{C}", "v": "\u{B}",
    ]
    let scalar = source[index]
    if let meant = simple[scalar] {
      result.append(meant)
      return index + 1
    }
    switch scalar {
    case "\n": return index + 1
    case "0"..."7":
      var end = index
      while end < source.count, end < index + 3, ("0"..."7").contains(source[end]) { end += 1 }
      result.append(Unicode.Scalar(UInt32(text(index..<end), radix: 8)!)!)
      return end
    case "x": return try hexEscape(at: index + 1, digits: 2, into: &result)
    case "u": return try hexEscape(at: index + 1, digits: 4, into: &result)
    case "U": return try hexEscape(at: index + 1, digits: 8, into: &result)
    default:
      result.append("\\")
      result.append(scalar)
      return index + 1
    }
  }

  private func hexEscape(
    at start: Int, digits count: Int, into result: inout String.UnicodeScalarView
  ) throws(TemplateError) -> Int {
    let end = start + count
    guard end <= source.count, let code = UInt32(text(start..<end), radix: 16),
      let scalar = Unicode.Scalar(code)
    else {
      throw failure("a string holds an escape that is no character; write it itself", line: line)
    }
    result.append(scalar)
    return end
  }
}
