/// What stands behind a value without being a part of it: percent, degrees, a unit, a currency.
struct UnitTail {
  /// The value's own tokens.
  private(set) var body: Range<Int>
  private(set) var isPercent = false
  private(set) var unit: String?

  private let parser: ExpressionParser
  private var tokens: [Token] { parser.tokens }

  init(_ range: Range<Int>, _ parser: ExpressionParser) {
    (body, self.parser) = (range, parser)
    var size = -1
    while size != body.count, body.count > 1 {
      size = body.count
      takeMark()
      takeUnit()
    }
    for index in range {
      if case .currency(let name) = tokens[index].kind, unit == nil { unit = name }
    }
  }

  /// A percent sign, a degree sign or a currency at the end.
  private mutating func takeMark() {
    switch tokens[body.upperBound - 1].kind {
    case .percent:
      isPercent = true
      body = body.dropLast()
    case .currency: body = body.dropLast()
    case .degree where !hasFunction:
      body = body.dropLast()
      if body.count > 1, tokens[body.upperBound - 1].kind == .caret { body = body.dropLast() }
    case .close(.group):
      // ^{\circ}
      let end = body.upperBound
      if !hasFunction, end - body.lowerBound > 4, tokens[end - 2].kind == .degree,
        tokens[end - 3].kind == .open(.group), tokens[end - 4].kind == .caret
      {
        body = body.lowerBound..<end - 4
      }
    case .letter(let name) where name == "F" || name == "C":
      let end = body.upperBound
      if end - body.lowerBound > 2, isDegreeEnd(end - 1) { body = body.dropLast() }
    default: break
    }
  }

  /// True if the degrees may be those of an angle in a sine.
  private var hasFunction: Bool {
    body.contains { index in
      if case .function = tokens[index].kind { return true }
      return false
    }
  }

  private func isDegreeEnd(_ end: Int) -> Bool {
    tokens[end - 1].kind == .degree
      || tokens[end - 1].kind == .close(.group) && tokens[end - 2].kind == .degree
  }

  /// Words, and runs of letters that are units, with their powers and slashes.
  private mutating func takeUnit() {
    var start = body.upperBound
    var words: [String] = []
    var isPlain = false
    while let (next, word, plain) = unitWord(before: start) {
      guard next > body.lowerBound else { break }
      words.insert(word, at: 0)
      start = next
      isPlain = isPlain || plain
      if start - 1 > body.lowerBound, tokens[start - 1].kind == .slash,
        unitWord(before: start - 1) != nil
      {
        words.insert("per", at: 0)
        start -= 1
      }
    }
    guard start < body.upperBound, !words.isEmpty, endsValue(start - 1, isPlain) else { return }
    guard let name = Self.name(words) else { return }
    unit = unit.map { "\(name) \($0)" } ?? name
    body = body.lowerBound..<start
  }

  private static func name(_ words: [String]) -> String? {
    let name = Units.normalized(words)
    return name.isEmpty ? nil : name
  }

  /// The word that ends at `end`: its first token, itself, and whether it is in plain letters.
  private func unitWord(before end: Int) -> (start: Int, word: String, isPlain: Bool)? {
    var last = end - 1
    guard last > body.lowerBound else { return nil }
    var power = ""
    if let caret = powerStart(before: end), caret > body.lowerBound {
      power = parser.source(of: caret + 1..<end).contains(UInt8(ascii: "3")) ? "cubic " : "square "
      last = caret - 1
      guard last > body.lowerBound else { return nil }
    }
    switch tokens[last].kind {
    case .word(let word): return (last, power + word, false)
    case .function(.min): return (last, "min", true)
    case .function(.sec): return (last, "sec", true)
    case .relation(.element) where power.isEmpty && end == body.upperBound:
      return (last, "in", true)
    case .letter(let name):
      if tokens[last].isText {
        let hasPlace = tokens[last - 1].kind == .slash || endsValue(last - 1, true)
        return Units.isKnown(name) && hasPlace ? (last, power + name, false) : nil
      }
      var start = last
      while start > body.lowerBound, tokens[start].run == 0, !tokens[start].isSpaced { start -= 1 }
      let count = last - start + 1
      let isDivisor = start > body.lowerBound && tokens[start - 1].kind == .slash
      guard tokens[start].isSpaced || isDivisor, max(tokens[start].run, 1) == count else {
        return nil
      }
      let word = String(decoding: parser.source(of: start..<last + 1), as: UTF8.self)
      return Units.isKnown(word) ? (start, power + word, true) : nil
    default: return nil
    }
  }

  /// The caret of `^2`, `^{3}` before `end`.
  private func powerStart(before end: Int) -> Int? {
    if end - 2 > body.lowerBound, case .number(let value, _) = tokens[end - 1].kind,
      value == Rational(2) || value == Rational(3), tokens[end - 2].kind == .caret
    {
      return end - 2
    }
    guard end - 4 > body.lowerBound, tokens[end - 1].kind == .close(.group),
      case .number(let value, _) = tokens[end - 2].kind,
      value == Rational(2) || value == Rational(3),
      tokens[end - 3].kind == .open(.group), tokens[end - 4].kind == .caret
    else { return nil }
    return end - 4
  }

  /// True if a value can end here: behind plain letters only a number or a bracket.
  private func endsValue(_ index: Int, _ isPlain: Bool) -> Bool {
    switch tokens[index].kind {
    case .number, .close, .percent, .degree, .currency: true
    case .letter, .constant, .infinity, .bang: !isPlain
    default: false
    }
  }
}
