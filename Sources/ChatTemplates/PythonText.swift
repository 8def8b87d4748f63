/// Python's view of text: code points, never grapheme clusters, and its idea of white space.
extension Unicode.Scalar {
  /// Python's `str.isspace` of one character; `\s` of its regular expressions is the same.
  var isPythonSpace: Bool {
    switch value {
    case 0x09...0x0D, 0x1C...0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F,
      0x205F, 0x3000:
      true
    default: false
    }
  }

  fileprivate var isCased: Bool { properties.isCased }
}

extension String {
  init(_ scalar: Unicode.Scalar, _: Void = ()) { self = String(Character(scalar)) }

  /// The text without the characters at its ends that are in `characters`, or are white space.
  func stripped(of characters: String?, left: Bool, right: Bool) -> String {
    let set = characters.map { Set($0.unicodeScalars) }
    let goes: (Unicode.Scalar) -> Bool = { set?.contains($0) ?? $0.isPythonSpace }
    var rest = unicodeScalars[...]
    while left, let first = rest.first, goes(first) { rest.removeFirst() }
    while right, let last = rest.last, goes(last) { rest.removeLast() }
    return String(rest)
  }

  /// Where `other` occurs, from the left and not overlapping; `other` is not empty.
  private func occurrences(of other: String, limit: Int) -> [Range<String.Index>] {
    var result: [Range<String.Index>] = []
    let pattern = Array(other.utf8)
    var text = self
    text.withUTF8 { bytes in
      var offset = 0
      while result.count < limit, offset + pattern.count <= bytes.count {
        if bytes[offset] == pattern[0],
          bytes[offset..<(offset + pattern.count)].elementsEqual(pattern)
        {
          let start = utf8.index(utf8.startIndex, offsetBy: offset)
          result.append(start..<utf8.index(start, offsetBy: pattern.count))
          offset += pattern.count
        } else {
          offset += 1
        }
      }
    }
    return result
  }

  func holds(_ other: String) -> Bool {
    other.isEmpty || !occurrences(of: other, limit: 1).isEmpty
  }

  func beginsWith(_ other: String) -> Bool { utf8.starts(with: other.utf8) }

  func finishesWith(_ other: String) -> Bool {
    utf8.count >= other.utf8.count && utf8.suffix(other.utf8.count).elementsEqual(other.utf8)
  }

  /// How many code points stand before the first or last occurrence; -1 where there is none.
  func position(of other: String, last: Bool) -> Int {
    let length = unicodeScalars.count
    if other.isEmpty { return last ? length : 0 }
    if last {
      let (text, pattern) = (Array(unicodeScalars), Array(other.unicodeScalars))
      for start in stride(from: text.count - pattern.count, through: 0, by: -1)
      where text[start..<(start + pattern.count)].elementsEqual(pattern) { return start }
      return -1
    }
    guard let found = occurrences(of: other, limit: 1).first else { return -1 }
    return unicodeScalars[..<found.lowerBound].count
  }

  /// Python's `count`: without overlaps; the empty string stands between all characters.
  func countOccurrences(of other: String) -> Int {
    other.isEmpty ? unicodeScalars.count + 1 : occurrences(of: other, limit: .max).count
  }

  func replacingText(_ old: String, with new: String, limit: Int) -> String {
    let limit = limit < 0 ? Int.max : limit
    if old.isEmpty {
      var result = ""
      var left = limit
      for scalar in unicodeScalars {
        if left > 0 { result += new }
        left -= 1
        result.unicodeScalars.append(scalar)
      }
      return left > 0 ? result + new : result
    }
    return pieces(at: occurrences(of: old, limit: limit)).joined(separator: new)
  }

  /// The stretches that are left when `cuts` are taken out.
  private func pieces(at cuts: [Range<String.Index>]) -> [String] {
    var result: [String] = []
    var start = startIndex
    for cut in cuts {
      result.append(String(self[start..<cut.lowerBound]))
      start = cut.upperBound
    }
    result.append(String(self[start...]))
    return result
  }

  /// Python's `split(separator, limit)`; `separator` is not empty.
  func split(at separator: String, limit: Int) -> [String] {
    pieces(at: occurrences(of: separator, limit: limit < 0 ? .max : limit))
  }

  /// Python's `rsplit(separator, limit)`.
  func splitFromEnd(at separator: String, limit: Int) -> [String] {
    let turned = String(separator.unicodeScalars.reversedView)
    let pieces = String(unicodeScalars.reversedView).split(at: turned, limit: limit)
    return pieces.reversed().map { String($0.unicodeScalars.reversedView) }
  }

  /// Python's `split()`: runs of white space separate, none at the ends; what follows the last
  /// cut keeps its white space.
  func splitAtSpace(limit: Int) -> [String] {
    var result: [String] = []
    var rest = unicodeScalars[...]
    while true {
      rest = rest.drop(while: \.isPythonSpace)
      guard !rest.isEmpty else { return result }
      if limit >= 0, result.count == limit {
        return result + [String(rest).stripped(of: nil, left: false, right: false)]
      }
      let word = rest.prefix { !$0.isPythonSpace }
      result.append(String(word))
      rest = rest[word.endIndex...]
    }
  }

  /// Python's `splitlines()`.
  func lines(keepingEnds: Bool) -> [String] {
    var result: [String] = []
    var line = String.UnicodeScalarView()
    var rest = unicodeScalars[...]
    while let scalar = rest.popFirst() {
      switch scalar.value {
      case 0x0A...0x0D, 0x1C...0x1E, 0x85, 0x2028, 0x2029:
        if keepingEnds { line.append(scalar) }
        if scalar == "\r", rest.first == "\n" {
          rest.removeFirst()
          if keepingEnds { line.append("\n") }
        }
        result.append(String(line))
        line = String.UnicodeScalarView()
      default: line.append(scalar)
      }
    }
    return line.isEmpty ? result : result + [String(line)]
  }
}

extension String.UnicodeScalarView {
  fileprivate var reversedView: String.UnicodeScalarView {
    var result = String.UnicodeScalarView()
    result.append(contentsOf: reversed())
    return result
  }
}

// MARK: Case

extension String {
  var pythonUppercased: String {
    unicodeScalars.reduce(into: "") { $0 += $1.properties.uppercaseMapping }
  }

  /// Full lower case; a sigma that ends a word becomes `ς`.
  var pythonLowercased: String {
    if utf8.allSatisfy({ $0 < 0x80 }) { return lowercased() }
    let scalars = Array(unicodeScalars)
    var result = ""
    for (index, scalar) in scalars.enumerated() {
      result += scalar.lowercased(at: index, in: scalars)
    }
    return result
  }

  /// Python's `title()`: every cased character after one that is not is a capital.
  var pythonTitled: String {
    let scalars = Array(unicodeScalars)
    var result = ""
    var isInside = false
    for (index, scalar) in scalars.enumerated() {
      result +=
        isInside
        ? scalar.lowercased(at: index, in: scalars) : scalar.properties.titlecaseMapping
      isInside = scalar.isCased
    }
    return result
  }

  /// Python's `capitalize()`.
  var pythonCapitalized: String {
    let scalars = Array(unicodeScalars)
    guard let first = scalars.first else { return "" }
    var result = first.properties.titlecaseMapping
    for (index, scalar) in scalars.enumerated().dropFirst() {
      result += scalar.lowercased(at: index, in: scalars)
    }
    return result
  }
}

extension Unicode.Scalar {
  fileprivate func lowercased(at index: Int, in scalars: [Unicode.Scalar]) -> String {
    guard self == "Σ" else { return properties.lowercaseMapping }
    let before = scalars[..<index].last { !$0.properties.isCaseIgnorable }
    let after = scalars[(index + 1)...].first { !$0.properties.isCaseIgnorable }
    return before?.isCased == true && after?.isCased != true ? "ς" : "σ"
  }
}
