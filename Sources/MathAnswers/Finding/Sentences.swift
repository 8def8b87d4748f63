/// Answers in sentences that announce them.
enum Sentences {
  /// The text between the last `final answer is` and `I hope it is correct`.
  static func minerva(in text: ArraySlice<UInt8>) -> [UInt8]? {
    var rest = text
    while let end = rest.lastRange(of: "I hope it is correct") {
      let before = text[..<end.lowerBound]
      if let start = lastPhrase("final answer is", in: before.suffix(4_096)) {
        var answer = before[start...].trimmingBlanks()
        if answer.last == UInt8(ascii: ".") { answer = answer.dropLast() }
        answer = withoutDollars(answer.trimmingBlanks())
        if !answer.isEmpty { return Array(answer) }
      }
      rest = before
    }
    return nil
  }

  /// The line behind the last `####`.
  static func behindHash(in text: ArraySlice<UInt8>) -> [UInt8]? {
    guard let mark = text.lastRange(of: "####") else { return nil }
    let line = text[mark.upperBound...].prefix { $0 != 0x0A }.trimmingBlanks()
    return line.isEmpty ? nil : Array(line)
  }

  /// The sentence behind the last `answer is`, `answer:` or `answer`.
  static func behindPhrase(in text: ArraySlice<UInt8>) -> [UInt8]? {
    var end = text.endIndex
    while let word = lastPhrase("answer", in: text[..<end]) {
      end = word - 6
      guard end == text.startIndex || !text[end - 1].isLetter else { continue }
      guard var start = announced(at: word, in: text) else { continue }
      while start < text.endIndex, text[start].isBlank || text[start] == UInt8(ascii: "*") {
        start += 1
      }
      let answer = withoutMarkup(sentence(from: start, in: text))
      if !answer.isEmpty { return Array(answer) }
    }
    return nil
  }

  /// Where the answer starts if the word `answer`, which ends at `index`, announces one.
  private static func announced(at index: Int, in text: ArraySlice<UInt8>) -> Int? {
    var index = index
    func skipMarks() {
      while index < text.endIndex, text[index] == 0x20 || text[index] == UInt8(ascii: "*") {
        index += 1
      }
    }
    skipMarks()
    guard index < text.endIndex else { return nil }
    if text[index] == UInt8(ascii: ":") { return index + 1 }
    for phrase in ["is:", "is", "="] as [StaticString] where text[index...].hasPrefix(phrase) {
      let end = index + phrase.utf8CodeUnitCount
      guard end == text.endIndex || !text[end].isLetter else { continue }
      return end
    }
    // "Answer $9$"
    return text[index] == UInt8(ascii: "$") || text[index].isDigit ? index : nil
  }

  /// The text up to the end of its line or sentence; a point between digits ends none.
  private static func sentence(from start: Int, in text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var end = start
    var isFormula = false
    while end < text.endIndex, text[end] != 0x0A {
      if text[end] == UInt8(ascii: "$") { isFormula.toggle() }
      if text[end] == UInt8(ascii: "."), !isFormula,
        end + 1 == text.endIndex || text[end + 1].isBlank || "*$\"".utf8.contains(text[end + 1])
      {
        break
      }
      end += 1
    }
    return text[start..<end].trimmingBlanks()
  }

  /// Behind a phrase the formula is the answer where the sentence goes on after it.
  private static func withoutMarkup(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var text = text
    while let last = text.last, last == UInt8(ascii: "*") || last.isBlank { text.removeLast() }
    return withoutDollars(text)
  }

  private static func withoutDollars(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let isWrapped =
      text.count > 2 && text.first == UInt8(ascii: "$") && text.last == UInt8(ascii: "$")
      && !text.dropFirst().dropLast().contains(UInt8(ascii: "$"))
    return isWrapped ? text.dropFirst().dropLast() : text
  }

  /// Where the last occurrence of a phrase in small letters ends, without regard to case.
  private static func lastPhrase(_ phrase: StaticString, in text: ArraySlice<UInt8>) -> Int? {
    let phrase = phrase.bytes
    guard text.count >= phrase.count else { return nil }
    return text.withUnsafeBufferPointer { bytes in
      (0...bytes.count - phrase.count).last { start in
        bytes[start] | 0x20 == phrase[0]
          && zip(bytes[start..<start + phrase.count], phrase).allSatisfy {
            ($1 == 0x20 ? $0 : $0 | 0x20) == $1
          }
      }
    }.map { text.startIndex + $0 + phrase.count }
  }
}
