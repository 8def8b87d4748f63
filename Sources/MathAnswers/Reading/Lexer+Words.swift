extension Lexer {
  /// A run of letters: a word that is known, a word of a text, or single letters.
  mutating func letters() throws(Stop) {
    let start = position
    var end = start
    while byte(end).isLetter { end += 1 }
    let run = String(decoding: bytes[start..<end], as: UTF8.self)
    if let half = halfOfDay(start, end) {
      position = half.end
      return try emit(.word(half.name), from: start)
    }
    position = end
    guard end - start > 1 else { return try emit(.letter(run), from: start, run: 1) }
    let lower = run.lowercased()
    if let value = Vocabulary.numbers[lower] { return try numberWord(value, from: start) }
    if let unit = Vocabulary.currencies[lower] { return try emit(.currency(unit), from: start) }
    if lower == "degree" || lower == "degrees" { return try emit(.degree, from: start) }
    if let kind = Vocabulary.words[lower] { return try emit(kind, from: start) }
    if let function = Vocabulary.functions[run] {
      return try emit(.function(function), from: start)
    }
    if start < textEnd { return try emit(.word(run), from: start) }
    if let (function, length) = leadingFunction(of: run) {
      position = start + length
      return try emit(function, from: start)
    }
    position = start
    for index in start..<end {
      position += 1
      let letter = String(decoding: bytes[index..<index + 1], as: UTF8.self)
      try emit(.letter(letter), from: index, run: index == start ? end - start : 0)
    }
  }

  /// `a.m.`, `PM` and the like behind a number.
  private func halfOfDay(_ start: Int, _ end: Int) -> (name: String, end: Int)? {
    guard case .number? = tokens.last?.kind else { return nil }
    let first = bytes[start] | 0x20
    guard first == UInt8(ascii: "a") || first == UInt8(ascii: "p") else { return nil }
    var index = start + 1
    if byte(index) == UInt8(ascii: ".") { index += 1 }
    while byte(index) == 0x20 { index += 1 }
    guard byte(index) | 0x20 == UInt8(ascii: "m"), !byte(index + 1).isLetter else { return nil }
    index += 1
    if byte(index) == UInt8(ascii: ".") { index += 1 }
    return (first == UInt8(ascii: "a") ? "am" : "pm", index)
  }

  /// `twelve`, `twenty-one`, `twenty one`.
  private mutating func numberWord(_ value: Int, from start: Int) throws(Stop) {
    var value = value
    if value >= 20, byte(position) == UInt8(ascii: "-") || byte(position) == 0x20 {
      var end = position + 1
      while byte(end).isLetter { end += 1 }
      let next = String(decoding: bytes[position + 1..<end], as: UTF8.self).lowercased()
      if let ones = Vocabulary.numbers[next], (1...9).contains(ones) {
        value += ones
        position = end
      }
    }
    try emit(.number(Rational(value), isDecimal: false), from: start)
  }

  /// `sinx`, `lnx`: a function stuck to its argument.
  private func leadingFunction(of run: String) -> (Token.Kind, length: Int)? {
    for length in stride(from: min(run.utf8.count - 1, 6), through: 2, by: -1)
    where run.utf8.count - length <= 2 {
      let head = String(run.prefix(length))
      if head == "sqrt" { return (.squareRoot, length) }
      if head == "pi" { return (.constant(.pi), length) }
      if length >= 2, let function = Vocabulary.functions[head], function != .max, function != .min
      {
        return (.function(function), length)
      }
    }
    return nil
  }
}
