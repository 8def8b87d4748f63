/// Answers inside of sentences.
enum Prose {
  /// What a sentence says the answer is; a text that is no sentence is itself.
  ///
  /// `The largest $n$ is 34` is 34, `72 clips altogether in May` is 72, `Jane started 3 hours ago`
  /// is 3. A sentence that goes on with other numbers stays whole, so that it cannot hedge.
  static func answer(in text: [UInt8]) -> [UInt8] {
    let words = words(of: text[...])
    guard let first = words.first, words.count >= (first.lowerBound > 0 ? 3 : 2) else {
      return text
    }
    if first.lowerBound > 0 {
      let head = text[..<first.lowerBound].trimmingBlanks()
      let rest = text[first.lowerBound...]
      let isPlain = !rest.contains { $0.isDigit || $0 == UInt8(ascii: "$") }
      return head.contains(where: \.isDigit) && isPlain && rest.firstRange(of: " or ") == nil
        ? Array(head) : text
    }
    if let verb = text[...].lastRange(of: " is ") {
      let tail = text[verb.upperBound...]
      if tail.contains(where: \.isDigit), Prose.words(of: tail).count < 2 { return Array(tail) }
    }
    let numbers = text.split { !$0.isDigit && $0 != UInt8(ascii: ".") && $0 != UInt8(ascii: ",") }
      .filter { $0.contains(where: \.isDigit) }
    return numbers.count == 1 ? Numbers.last(in: text[...]) ?? text : text
  }

  /// True if a sentence or line ends in the text, and a number stands behind that.
  ///
  /// - Parameter isClosed: a full stop stands in front of the text.
  static func endsSentence(_ text: ArraySlice<UInt8>, _ isClosed: Bool) -> Bool {
    if isClosed { return text.contains(where: \.isDigit) }
    guard
      let end = text.indices.first(where: { index in
        text[index] == 0x0A
          || text[index] == UInt8(ascii: ".") && index + 1 < text.endIndex
            && text[index + 1].isBlank
      })
    else { return false }
    return text[end...].contains(where: \.isDigit)
  }

  /// Runs of three letters or more that are neither commands nor inside of formulas.
  private static func words(of text: ArraySlice<UInt8>) -> [Range<Int>] {
    var words: [Range<Int>] = []
    var isFormula = false
    var index = text.startIndex
    while index < text.endIndex {
      if text[index] == UInt8(ascii: "$") { isFormula.toggle() }
      guard text[index].isLetter else {
        index += 1
        continue
      }
      let start = index
      while index < text.endIndex, text[index].isLetter { index += 1 }
      let isCommand = start > text.startIndex && text[start - 1] == UInt8(ascii: "\\")
      if index - start >= 3, !isCommand, !isFormula { words.append(start..<index) }
    }
    return words
  }
}
