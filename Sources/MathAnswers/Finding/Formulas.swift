/// Answers that are the last formula of a text.
enum Formulas {
  private static let brackets: [(open: StaticString, close: StaticString)] = [
    ("\\(", "\\)"), ("\\[", "\\]"),
  ]

  /// The content of the last `$...$`, `$$...$$`, `\(...\)` or `\[...\]`, whichever ends last.
  static func last(in text: ArraySlice<UInt8>) -> (content: [UInt8], end: Int)? {
    var best: (end: Int, content: ArraySlice<UInt8>)?
    func offer(_ content: ArraySlice<UInt8>, _ end: Int) {
      let trimmed = content.trimmingBlanks()
      if !trimmed.isEmpty, end > (best?.end ?? -1) { best = (end, trimmed) }
    }
    for (open, close) in brackets {
      if let end = text.lastRange(of: close),
        let start = text[..<end.lowerBound].lastRange(of: open)
      {
        offer(text[start.upperBound..<end.lowerBound], end.upperBound)
      }
    }
    if let (range, end) = dollars(in: text) { offer(text[range], end) }
    return best.map { (Array($0.content), $0.end) }
  }

  /// What stands between the last two dollar signs that enclose a formula.
  private static func dollars(in text: ArraySlice<UInt8>) -> (Range<Int>, end: Int)? {
    var marks: [Int] = []
    for index in text.indices where text[index] == UInt8(ascii: "$") {
      if index > text.startIndex, text[index - 1] == UInt8(ascii: "\\") { continue }
      if let last = marks.last, last == index - 1 {
        marks[marks.count - 1] = index  // $$ counts as one
        continue
      }
      marks.append(index)
    }
    guard marks.count >= 2, marks.count % 2 == 0 else { return nil }
    let open = marks[marks.count - 2] + 1
    var close = marks[marks.count - 1]
    let end = close + 1
    if text[close - 1] == UInt8(ascii: "$") { close -= 1 }
    return open < close ? (open..<close, end) : nil
  }
}

/// Answers that are the last number of a text, or plain arithmetic.
enum Numbers {
  static func last(in text: ArraySlice<UInt8>) -> [UInt8]? {
    guard let digit = text.lastIndex(where: \.isDigit) else { return nil }
    var end = digit + 1
    var start = digit
    while start > text.startIndex, continues(at: start, in: text) { start -= 1 }
    if end < text.endIndex, text[end] == UInt8(ascii: "\\"), text[end...].hasPrefix("\\%") {
      end += 1
    }
    if end < text.endIndex, text[end] == UInt8(ascii: "%") { end += 1 }
    if text[start...].hasPrefix("-"), start > text.startIndex, text[start - 1].isDigit {
      start += 1
    }
    let found = text[start..<end].drop { ",/ +*".utf8.contains($0) }
    return Array(found)
  }

  /// True if the byte before `start` belongs to the number or expression that starts there.
  private static func continues(at start: Int, in text: ArraySlice<UInt8>) -> Bool {
    let byte = text[start - 1]
    if byte.isDigit || byte == UInt8(ascii: "/") { return true }
    if byte == UInt8(ascii: "-") {
      return start - 1 == text.startIndex || !text[start - 2].isLetter
    }
    if byte == UInt8(ascii: ".") { return text[start].isDigit }
    if byte == UInt8(ascii: ",") {
      // A separator of thousands has exactly three digits behind it.
      let digits = text[start...].prefix { $0.isDigit }.count
      return digits == 3 && start - 1 > text.startIndex && text[start - 2].isDigit
    }
    return false
  }
}
