/// Answers in `\boxed{...}` and `\fbox{...}`.
enum Boxes {
  private struct Box {
    /// From the backslash to behind the closing brace.
    let range: Range<Int>
    let content: ArraySlice<UInt8>
  }

  /// Boxes that one answer joins at most; more of them are a spray, and the answer is cut there.
  private static let mostBoxes = 1_000

  /// The content of the last box; those that stand close before it join it with commas.
  ///
  /// - Returns: `nil` where there is no box, or the last one is not closed.
  static func answer(in text: ArraySlice<UInt8>) -> [UInt8]? {
    guard let mark = lastMark(in: text), let last = box(at: mark, in: text) else { return nil }
    let outer = enclosing(last, in: text)
    var boxes = [outer]
    while boxes.count < mostBoxes, let first = boxes.last,
      let mark = lastMark(in: text[..<first.range.lowerBound]),
      let box = box(at: mark, in: text[..<first.range.lowerBound]),
      joins(text[box.range.upperBound..<first.range.lowerBound], box, first)
    {
      boxes.append(enclosing(box, in: text[..<first.range.lowerBound]))
    }
    var contents: [[UInt8]] = []
    var seen = Set<[UInt8]>()
    for box in boxes.reversed() {
      let content = Array(innermost(box.content).trimmingBlanks())
      if seen.insert(content).inserted { contents.append(content) }
    }
    return Array(contents.joined(separator: [UInt8(ascii: ",")]))
  }

  /// True if the last box starts and does not end.
  static func isLastUnclosed(in text: ArraySlice<UInt8>) -> Bool {
    lastMark(in: text).map { box(at: $0, in: text) == nil } ?? false
  }

  /// The backslash of the last `\boxed` or `\fbox`.
  private static func lastMark(in text: ArraySlice<UInt8>) -> Int? {
    text.withUnsafeBufferPointer { bytes -> Int? in
      var index = bytes.count - 5
      while index >= 0 {
        if bytes[index] == UInt8(ascii: "\\") {
          let rest = bytes[(index + 1)...]
          let length = rest.hasPrefix("boxed") ? 5 : rest.hasPrefix("fbox") ? 4 : 0
          let next = index + 1 + length
          if length > 0, next >= bytes.count || !bytes[next].isLetter || bytes[next - 1] != 0x64 {
            return index
          }
        }
        index -= 1
      }
      return nil
    }.map { text.startIndex + $0 }
  }

  /// The box whose command starts at `start`; `nil` where its brace stays open.
  private static func box(at start: Int, in text: ArraySlice<UInt8>) -> Box? {
    var index = start + (text[(start + 1)...].hasPrefix("boxed") ? 6 : 5)
    while index < text.endIndex, text[index].isBlank { index += 1 }
    guard index < text.endIndex else { return nil }
    guard text[index] == UInt8(ascii: "{") else { return token(at: index, from: start, in: text) }
    var depth = 0
    var end = index
    while end < text.endIndex {
      switch text[end] {
      case UInt8(ascii: "\\"): end += 1
      case UInt8(ascii: "{"): depth += 1
      case UInt8(ascii: "}"): depth -= 1
      default: break
      }
      end += 1
      if depth == 0 {
        return end <= text.endIndex
          ? Box(range: start..<end, content: text[(index + 1)..<(end - 1)]) : nil
      }
    }
    return nil
  }

  /// `\boxed 7`, `\boxed\pi`: what stands before a blank, a dollar sign or punctuation.
  private static func token(
    at index: Int, from start: Int, in text: ArraySlice<UInt8>
  ) -> Box? {
    var end = index
    if text[end] == UInt8(ascii: "\\") {
      end += 1
      while end < text.endIndex, text[end].isLetter { end += 1 }
    } else {
      while end < text.endIndex, !text[end].isBlank, !"$,;:!?)]}\\".utf8.contains(text[end]) {
        if text[end] == UInt8(ascii: "."), end + 1 == text.endIndex || !text[end + 1].isDigit {
          break
        }
        end += 1
      }
    }
    return end > index ? Box(range: start..<end, content: text[index..<end]) : nil
  }

  /// The outermost box around one that was found, of those whose command stands near before it.
  private static func enclosing(_ inner: Box, in text: ArraySlice<UInt8>) -> Box {
    var result = inner
    for _ in 0..<8 {
      let before = text[..<result.range.lowerBound].suffix(200)
      guard let mark = lastMark(in: before), let outer = box(at: mark, in: text),
        outer.range.upperBound >= result.range.upperBound
      else { break }
      result = outer
    }
    return result
  }

  /// What is in the innermost of boxes that hold nothing but a box.
  private static func innermost(_ content: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var content = content
    for _ in 0..<8 {
      let trimmed = content.trimmingBlanks()
      guard trimmed.hasPrefix("\\boxed") || trimmed.hasPrefix("\\fbox"),
        let inner = box(at: trimmed.startIndex, in: trimmed),
        inner.range.upperBound == trimmed.endIndex
      else { break }
      content = inner.content
    }
    return content
  }

  /// True if the text between two boxes makes them one answer.
  private static func joins(_ between: ArraySlice<UInt8>, _ a: Box, _ b: Box) -> Bool {
    if between.count < 10 { return true }
    guard between.count < 70, !a.content.elementsEqual(b.content) else { return false }
    let text = String(decoding: between, as: UTF8.self)
    return text.contains(",") || text.contains(";") || text.contains("and") || text.contains("or")
  }
}
