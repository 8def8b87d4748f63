/// An answer as ASCII LaTeX: other scripts' signs as commands, control bytes as blanks, without the
/// wrappers around the whole.
struct AnswerText: Sendable {
  private(set) var bytes: [UInt8]

  /// - Parameter text: read as UTF-8; what is not becomes U+FFFD, which no answer holds.
  init(_ text: some Sequence<UInt8>, _ work: Work) throws(Stop) {
    bytes = []
    var hasOther = false
    for byte in text {
      bytes.append(byte < 0x20 || byte == 0x7F ? 0x20 : byte)
      hasOther = hasOther || byte >= 0x80
    }
    try work.spend(bytes.count / 8)
    if hasOther { bytes = UnicodeFolding.folded(bytes) }
    dropDoubledBackslashes()
    trim()
  }

  var isEmpty: Bool { bytes.isEmpty }

  /// `\\frac` is `\frac`: an accident of JSON escaping, except in environments, where a doubled
  /// backslash ends a row.
  private mutating func dropDoubledBackslashes() {
    let backslash = UInt8(ascii: "\\")
    guard bytes.contains(backslash), !bytes.contains("\\begin") else { return }
    var kept: [UInt8] = []
    kept.reserveCapacity(bytes.count)
    for (index, byte) in bytes.enumerated() {
      if byte == backslash, index + 2 < bytes.count, bytes[index + 1] == backslash,
        bytes[index + 2].isLetter || "()[]{}".utf8.contains(bytes[index + 2])
      {
        continue
      }
      kept.append(byte)
    }
    bytes = kept
  }

  /// Takes away blanks, one layer of each wrapper, and closing punctuation.
  private mutating func trim() {
    var text = bytes[...]
    var before = -1
    while before != text.count {
      before = text.count
      text = text.trimmingBlanks()
      while let last = text.last, ".,;:".utf8.contains(last) {
        text = text.dropLast().trimmingBlanks()
      }
      for stray in ["\\\\", "**"] {
        if text.hasSuffix(stray) { text = text.dropLast(2) }
        if text.hasPrefix(stray), !text.dropFirst(2).hasSuffix(stray) { text = text.dropFirst(2) }
      }
      for (open, close) in Self.wrappers {
        guard text.count >= open.utf8.count + close.utf8.count, text.hasPrefix(open),
          text.hasSuffix(close), !text.isEscapedEnd(close)
        else { continue }
        let inner = text.dropFirst(open.utf8.count).dropLast(close.utf8.count)
        guard open != "$" || !inner.contains(UInt8(ascii: "$")) else { continue }
        text = inner
      }
    }
    bytes = Array(text)
  }

  private static let wrappers = [
    ("$$", "$$"), ("$", "$"), ("\\(", "\\)"), ("\\[", "\\]"), ("**", "**"), ("__", "__"),
    ("`", "`"),
  ]

  /// The text with single blanks, for comparing it as it stands.
  var collapsed: [UInt8] {
    var kept: [UInt8] = []
    kept.reserveCapacity(bytes.count)
    var isBlank = false
    for byte in bytes {
      if byte == 0x20 {
        isBlank = true
      } else {
        if isBlank && !kept.isEmpty { kept.append(0x20) }
        isBlank = false
        kept.append(byte)
      }
    }
    return kept
  }
}

extension UInt8 {
  var isDigit: Bool { self >= 0x30 && self <= 0x39 }
  var isLetter: Bool { (self | 0x20) >= 0x61 && (self | 0x20) <= 0x7A }
  var isBlank: Bool { self == 0x20 || self >= 0x09 && self <= 0x0D }
}

extension Collection<UInt8> {
  func hasPrefix(_ text: StaticString) -> Bool { starts(with: text.bytes) }
  func hasPrefix(_ text: String) -> Bool { starts(with: text.utf8) }
}

extension BidirectionalCollection<UInt8> {
  func hasSuffix(_ text: String) -> Bool { reversed().starts(with: text.utf8.reversed()) }

  fileprivate func isEscapedEnd(_ close: String) -> Bool {
    close.utf8.count == 1 && dropLast().last == UInt8(ascii: "\\")
  }
}

extension ArraySlice<UInt8> {
  func trimmingBlanks() -> ArraySlice<UInt8> {
    var (low, high) = (startIndex, endIndex)
    while low < high, self[low].isBlank || self[low] == UInt8(ascii: "~") { low += 1 }
    while low < high, self[high - 1].isBlank || self[high - 1] == UInt8(ascii: "~") { high -= 1 }
    return self[low..<high]
  }
}

extension [UInt8] {
  func contains(_ text: StaticString) -> Bool {
    let pattern = text.bytes
    guard count >= pattern.count else { return false }
    return withUnsafeBufferPointer { bytes in
      (0...bytes.count - pattern.count).contains { start in
        bytes[start] == pattern[0]
          && bytes[start..<start + pattern.count].elementsEqual(pattern)
      }
    }
  }
}

extension StaticString {
  var bytes: UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(start: utf8Start, count: utf8CodeUnitCount)
  }
}
