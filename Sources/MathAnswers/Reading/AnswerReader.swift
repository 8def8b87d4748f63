/// Reads an answer from its tokens: lists, relations, brackets; expressions are left to
/// ``ExpressionParser``.
struct AnswerReader {
  static let deepest = 200
  static let longestList = 1_000

  private(set) var parser: ExpressionParser
  private var depth = 0

  private var tokens: [Token] { parser.tokens }
  private var work: Work { parser.work }

  private init(_ parser: ExpressionParser) { self.parser = parser }

  /// - Parameters:
  ///   - isLenient: repair brackets, as is done for gold answers.
  ///   - hasImaginaryUnit: false where `i` is a name like others.
  static func read(
    _ text: AnswerText, _ tokens: [Token], isLenient: Bool, hasImaginaryUnit: Bool, _ work: Work
  ) throws(Stop) -> Answer {
    guard !tokens.isEmpty else { throw .unreadable("the answer is empty") }
    do throws(Stop) {
      var tokens = tokens
      let brackets = try Brackets(&tokens, isLenient: isLenient)
      var reader = AnswerReader(
        ExpressionParser(
          text: text, tokens: tokens, brackets: brackets, hasImaginaryUnit: hasImaginaryUnit, work))
      return try reader.answer(0..<tokens.count)
    } catch .unreadable(let reason) {
      // Sentences are no mathematics, but they can be compared.
      let hasWords = tokens.contains { token in
        if case .word = token.kind { return true }
        return token.run >= 3
      }
      guard hasWords else { throw .unreadable(reason) }
      return .words(Words.normalized(text.bytes[...]))
    }
  }

  // MARK: Lists

  private mutating func answer(_ range: Range<Int>) throws(Stop) -> Answer {
    guard depth < Self.deepest else { throw .unreadable("brackets are nested too deep") }
    depth += 1
    defer { depth -= 1 }
    try work.spend(range.count + 1)
    var range = range
    if let arrow = topLevel(range).last(where: { tokens[$0].kind == .arrow }),
      arrow + 1 < range.upperBound
    {
      range = arrow + 1..<range.upperBound
    }
    let isAlternative = topLevel(range).contains { tokens[$0].kind == .or }
    let groups = split(range) { $0 == .semicolon || $0 == .and || $0 == .or }
      .map { split($0) { $0 == .comma }.filter { !$0.isEmpty } }.filter { !$0.isEmpty }
    guard groups.reduce(0, { $0 + $1.count }) <= Self.longestList else {
      throw .unreadable("a list has more than \(Self.longestList) items")
    }
    var answers: [[Answer]] = []
    for group in groups {
      var items: [Answer] = []
      for range in group { items.append(try item(range)) }
      answers.append(items)
    }
    guard let first = answers.first else { throw .unreadable("there is nothing in the brackets") }
    if answers.count == 1, first.count == 1 { return first[0] }
    var style = ListStyle(isAlternative: isAlternative)
    if answers.count == 1, first.count == 2 { style.decimalReading = decimalComma(range) }
    // p=5,q=2; p=7,q=2 are two solutions of two values each.
    let areSystems =
      answers.count > 1
      && answers.allSatisfy {
        $0.count > 1 && $0.count == first.count && $0.allSatisfy(\.isRelation)
      }
    if areSystems { return .list(answers.map { .list($0, ListStyle()) }, style) }
    return .list(answers.flatMap { $0 }, style)
  }

  /// The number that `2,74` is where the comma is a decimal one.
  private func decimalComma(_ range: Range<Int>) -> Rational? {
    var range = range
    var isNegative = false
    if tokens[range.lowerBound].kind == .minus {
      isNegative = true
      range = range.dropFirst()
    }
    guard range.count == 3, case .number = tokens[range.lowerBound].kind,
      tokens[range.lowerBound + 1].kind == .comma, !tokens[range.lowerBound + 2].isSpaced,
      case .number = tokens[range.lowerBound + 2].kind
    else { return nil }
    let whole = parser.source(of: range.lowerBound), part = parser.source(of: range.upperBound - 1)
    guard whole.allSatisfy(\.isDigit), part.allSatisfy(\.isDigit), part.count <= 30,
      whole.count <= 30,
      let scale = try? BigInteger(10).power(UInt(part.count), work),
      let value = try? Rational(BigInteger(digits: whole + part), over: scale, work)
    else { return nil }
    return isNegative ? value.negated : value
  }

  /// Indices outside of brackets, the brackets themselves included.
  private func topLevel(_ range: Range<Int>) -> [Int] {
    var indices: [Int] = []
    var index = range.lowerBound
    while index < range.upperBound {
      indices.append(index)
      index = max(index, parser.brackets.partner[index]) + 1
    }
    return indices
  }

  private func split(_ range: Range<Int>, _ isSeparator: (Token.Kind) -> Bool) -> [Range<Int>] {
    var parts: [Range<Int>] = []
    var start = range.lowerBound
    for index in topLevel(range) where isSeparator(tokens[index].kind) {
      parts.append(start..<index)
      start = index + 1
    }
    return parts + [start..<range.upperBound]
  }

  // MARK: Items

  private mutating func item(_ range: Range<Int>) throws(Stop) -> Answer {
    if let (value, modulus) = try congruence(range) { return .congruence(value, modulus: modulus) }
    return try relation(range)
  }

  /// `a \pmod m` and `x \equiv a \ (\text{mod } m)`.
  private mutating func congruence(_ range: Range<Int>) throws(Stop) -> (Answer, Expression)? {
    let top = topLevel(range)
    if let mark = top.first(where: { tokens[$0].kind == .modulus }), mark > range.lowerBound,
      mark + 1 < range.upperBound
    {
      let modulus = try parser.expression(mark + 1..<range.upperBound)
      return (try relation(range.lowerBound..<mark), modulus)
    }
    guard let last = top.last, tokens[last].kind == .open(.round), last > range.lowerBound,
      last + 2 < range.upperBound, tokens[last + 1].kind == .modulus
    else { return nil }
    let modulus = try parser.expression(last + 2..<range.upperBound - 1)
    return (try relation(range.lowerBound..<last), modulus)
  }

  private mutating func relation(_ range: Range<Int>) throws(Stop) -> Answer {
    var parts: [Range<Int>] = []
    var relations: [Relation] = []
    var start = range.lowerBound
    for index in topLevel(range) {
      guard case .relation(let relation) = tokens[index].kind else { continue }
      if relation == .element, index == range.upperBound - 1 { continue }  // inches
      parts.append(start..<index)
      relations.append(relation)
      start = index + 1
    }
    parts.append(start..<range.upperBound)
    if parts[0].isEmpty, relations.first == .approximately || relations.first == .equal {
      parts.removeFirst()
      relations.removeFirst()
    }
    // The tail of approximations is not the answer, unless it is all there is behind a name.
    if let mark = relations.firstIndex(of: .approximately) {
      if mark > 0 || !isName(parts[0]) {
        parts.removeLast(parts.count - mark - 1)
        relations.removeLast(relations.count - mark)
      } else {
        relations[mark] = .equal
      }
    }
    guard !relations.isEmpty else { return try side(parts[0]) }
    guard parts.allSatisfy({ !$0.isEmpty }) else {
      throw .unreadable("a relation lacks a side")
    }
    var members: [Answer] = []
    for part in parts { members.append(try side(part)) }
    var chain = RelationChain(members: members, relations: relations)
    chain.isAssignment = isName(parts[0])
    chain.name = Words.compact(parser.source(of: parts[0]))
    return .relation(chain)
  }

  /// A symbol, `f(x)`, a segment `AB`, a tuple of symbols, a quotient of names, a function of one,
  /// or words.
  private func isName(_ range: Range<Int>) -> Bool {
    let range = peeled(range)
    guard let first = range.first else { return false }
    if case .function = tokens[first].kind { return isName(range.dropFirst()) }
    if tokens[first].kind == .fraction, first + 1 < range.upperBound {
      let middle = parser.brackets.partner[first + 1] + 1
      return middle > first + 2 && middle < range.upperBound && isName(first + 1..<middle)
        && isName(middle..<range.upperBound)
    }
    if let slash = topLevel(range).first(where: { tokens[$0].kind == .slash }) {
      return isName(first..<slash) && isName(slash + 1..<range.upperBound)
    }
    var letters = 0
    var hasWord = false
    var index = first
    while index < range.upperBound {
      switch tokens[index].kind {
      case .letter, .accent, .constant(.e), .constant(.i): letters += 1
      case .word, .currency: hasWord = true
      case .underscore, .prime, .degree, .colon, .comma, .bar, .caret, .number: break
      case .open(.round) where index > first || range.contains(parser.brackets.partner[index]):
        break
      case .open(.group), .close: break
      default: return false
      }
      index += 1
    }
    if hasWord { return true }
    guard letters > 0 else { return false }
    let hasBars =
      range.count > 2 && tokens[first].kind == .bar
      && tokens[range.upperBound - 1].kind == .bar
    let inner = hasBars ? range.dropFirst().dropLast() : range
    return isSingleName(inner) || isTupleOfNames(inner) || isSegment(inner)
  }

  /// One symbol with its subscripts and primes, perhaps applied to an argument or between bars.
  private func isSingleName(_ range: Range<Int>) -> Bool {
    var index = range.lowerBound
    let end = range.upperBound
    if index < end, case .accent = tokens[index].kind { index += 1 }
    guard index < end else { return false }
    switch tokens[index].kind {
    case .letter: index += 1
    case .open(.group): index = parser.brackets.partner[index] + 1
    default: return false
    }
    while index < end {
      switch tokens[index].kind {
      case .prime: index += 1
      case .underscore, .caret:
        if tokens[index].kind == .caret, !isMark(index + 1) { return false }
        index = index + 1 < end ? max(index + 1, parser.brackets.partner[index + 1]) + 1 : end
      case .open(.round): index = parser.brackets.partner[index] + 1
      default: return false
      }
    }
    return true
  }

  /// A prime, a circle or the like in the exponent: part of a name.
  private func isMark(_ index: Int) -> Bool {
    guard index < tokens.count else { return false }
    let inner = tokens[index].kind == .open(.group) ? index + 1 : index
    return inner < tokens.count && (tokens[inner].kind == .prime || tokens[inner].kind == .times)
  }

  private func isTupleOfNames(_ range: Range<Int>) -> Bool {
    guard tokens[range.lowerBound].kind == .open(.round),
      parser.brackets.partner[range.lowerBound] == range.upperBound - 1
    else {
      let parts = split(range) { $0 == .colon }
      return parts.count > 1
        && parts.allSatisfy { !$0.isEmpty && (isSingleName($0) || isSegment($0)) }
    }
    let parts = split(range.dropFirst().dropLast()) { $0 == .comma }
    return parts.count > 1 && parts.allSatisfy { !$0.isEmpty && isSingleName($0) }
  }

  /// Capitals, perhaps behind an angle or triangle: `AB`, `\angle ABC`, `m\angle A`; or a word.
  private func isSegment(_ range: Range<Int>) -> Bool {
    var capitals = 0
    var hasAngle = false
    for index in range {
      guard case .letter(let name) = tokens[index].kind else { return false }
      if name.utf8.first.map({ $0 >= 0x41 && $0 <= 0x5A }) == true { capitals += 1 }
      if ["\\angle", "\\triangle"].contains(name) { hasAngle = true }
      if tokens[index].run >= 3, tokens[index].run == range.count { return true }
    }
    return hasAngle || capitals == range.count
  }

  /// Without brackets around the whole that change nothing.
  private func peeled(_ range: Range<Int>) -> Range<Int> {
    var range = range
    while range.count > 2, tokens[range.lowerBound].kind == .open(.group),
      parser.brackets.partner[range.lowerBound] == range.upperBound - 1
    {
      range = range.dropFirst().dropLast()
    }
    return range
  }

  // MARK: Sides

  /// What stands between relations: a value, a collection, a region.
  private mutating func side(_ range: Range<Int>) throws(Stop) -> Answer {
    var range = range
    guard depth < Self.deepest else { throw .unreadable("brackets are nested too deep") }
    depth += 1
    defer { depth -= 1 }
    while true {
      try work.spend(2)
      guard let first = range.first else { throw .unreadable("there is nothing to read") }
      guard case .open(let bracket) = tokens[first].kind,
        parser.brackets.partner[first] == range.upperBound - 1
      else { break }
      let inner = range.dropFirst().dropLast()
      if bracket == .group || bracket.isInterval && hasOneItem(inner) {
        guard !inner.isEmpty, inner.count < range.count else { break }
        range = inner
        if !hasOneItem(inner) { return try answer(inner) }
        if inner.contains(where: { tokens[$0].kind.isRelation }) { return try answer(inner) }
        continue
      }
      return try enclosed(inner, by: bracket, range)
    }
    if let region = try region(range) { return region }
    if isReversed(range) { return try enclosed(range.dropFirst().dropLast(), by: .square, range) }
    let tail = UnitTail(range, parser)
    if let ratio = try ratio(tail) { return ratio }
    return try quantity(tail, range)
  }

  private func hasOneItem(_ range: Range<Int>) -> Bool {
    !topLevel(range).contains { index in
      switch tokens[index].kind {
      case .comma, .semicolon, .and, .or: true
      default: false
      }
    }
  }

  private func isReversed(_ range: Range<Int>) -> Bool {
    tokens[range.lowerBound].kind == .close(.square)
      && parser.brackets.partner[range.lowerBound] == range.upperBound - 1
  }

  /// Items in brackets.
  private mutating func enclosed(
    _ inner: Range<Int>, by bracket: Bracket, _ whole: Range<Int>
  ) throws(Stop) -> Answer {
    if bracket == .floor || bracket == .ceiling {
      return .value(Quantity(try parser.expression(whole)))
    }
    if bracket == .set, let condition = setBuilder(inner) { return try answer(condition) }
    var items: [Answer] = []
    for part in split(inner, { $0 == .comma || $0 == .semicolon || $0 == .and || $0 == .or })
    where !part.isEmpty {
      items.append(try item(part))
    }
    guard items.count <= Self.longestList else { throw .unreadable("a list is too long") }
    if bracket == .set { return .set(items) }
    guard !items.isEmpty else { throw .unreadable("there is nothing in the brackets") }
    let hasLower = tokens[whole.lowerBound].kind == .open(.square)
    let hasUpper = tokens[whole.upperBound - 1].kind == .close(.square)
    if items.count == 2, bracket.isInterval, hasLower || hasUpper || isReversed(whole) {
      return .interval(
        lower: items[0], upper: items[1], hasLower: hasLower, hasUpper: hasUpper)
    }
    return .tuple(items)
  }

  /// The condition of `\{x \mid x > 5\}`.
  private func setBuilder(_ inner: Range<Int>) -> Range<Int>? {
    guard let mark = topLevel(inner).first(where: { [.bar, .colon].contains(tokens[$0].kind) }),
      mark + 1 < inner.upperBound,
      (mark + 1..<inner.upperBound).contains(where: { tokens[$0].kind.isRelation })
    else { return nil }
    return mark + 1..<inner.upperBound
  }

  /// Unions, intersections and differences of sets.
  private mutating func region(_ range: Range<Int>) throws(Stop) -> Answer? {
    if range.count == 1 {
      switch tokens[range.lowerBound].kind {
      case .emptySet: return .set([])
      case .reals: return .reals
      case .numberSet(let name): return .numberSet(name)
      case .ellipsis: return .ellipsis
      default: return nil
      }
    }
    let top = topLevel(range)
    for (operation, make) in [
      (Token.Kind.union, { Answer.union($0) }), (.intersection, { .intersection($0) }),
    ] as [(Token.Kind, ([Answer]) -> Answer)]
    where top.contains(where: { tokens[$0].kind == operation }) {
      var parts: [Answer] = []
      for part in split(range, { $0 == operation }) { parts.append(try side(part)) }
      return make(parts)
    }
    guard let mark = top.last(where: { tokens[$0].kind == .without || isSetMinus($0, range) }),
      mark > range.lowerBound
    else { return nil }
    return .difference(
      try side(range.lowerBound..<mark), try side(mark + 1..<range.upperBound))
  }

  /// `\mathbb{R} - \{0\}`
  private func isSetMinus(_ index: Int, _ range: Range<Int>) -> Bool {
    tokens[index].kind == .minus && index == range.lowerBound + 1
      && tokens[range.lowerBound].kind == .reals
  }

  private mutating func ratio(_ tail: UnitTail) throws(Stop) -> Answer? {
    let parts = split(tail.body) { $0 == .colon }
    guard parts.count > 1 else { return nil }
    var terms: [Quantity] = []
    for part in parts {
      if part.count == 1, tokens[part.lowerBound].kind == .ellipsis {
        terms.append(Quantity(.symbol("…")))
      } else {
        terms.append(Quantity(try parser.expression(part)))
      }
    }
    return .ratio(terms, clock(parts, tail.unit))
  }

  private func clock(_ parts: [Range<Int>], _ unit: String?) -> Clock? {
    guard parts.count <= 3 else { return nil }
    var numbers: [Int] = []
    for (place, part) in parts.enumerated() {
      guard part.count == 1, case .number(let value, false) = tokens[part.lowerBound].kind,
        let number = value.int, number >= 0, number < 60,
        place == 0 || parser.source(of: part.lowerBound).count == 2
      else { return nil }
      numbers.append(number)
    }
    let half = unit == "am" || unit == "pm" ? unit : nil
    return Clock(
      hour: numbers[0], minute: numbers[1], second: numbers.count > 2 ? numbers[2] : nil,
      half: half)
  }

  private mutating func quantity(_ tail: UnitTail, _ range: Range<Int>) throws(Stop) -> Answer {
    let body = tail.body
    if let based = basedNumeral(body) { return .value(based) }
    let hasWords = body.contains { index in
      if case .word = tokens[index].kind { return true }
      return false
    }
    guard !body.isEmpty, !hasWords else {
      let words = Words.normalized(parser.source(of: range))
      return Phrases.allReals.contains(words) ? .reals : .words(words)
    }
    var quantity = Quantity(try parser.expression(body))
    quantity.isPercent = tail.isPercent
    quantity.unit = tail.unit
    let areLetters = body.allSatisfy { index in
      if case .letter(let name) = tokens[index].kind { return name.utf8.count == 1 }
      return false
    }
    if areLetters { quantity.letters = Words.normalized(parser.source(of: body)) }
    return .value(quantity)
  }

  /// `204_5`, `(204)_{5}`, `\text{A5}_{11}`, `1011_{\text{two}}`.
  private func basedNumeral(_ range: Range<Int>) -> Quantity? {
    guard let mark = range.first(where: { tokens[$0].kind == .underscore }),
      mark > range.lowerBound, mark + 1 < range.upperBound
    else { return nil }
    var digits = range.lowerBound..<mark
    while digits.count > 2, case .open(let bracket) = tokens[digits.lowerBound].kind,
      bracket == .round || bracket == .group,
      parser.brackets.partner[digits.lowerBound] == digits.upperBound - 1
    {
      digits = digits.dropFirst().dropLast()
    }
    let label = peeled(mark + 1..<range.upperBound)
    guard label.count == 1, case .number(let base, false) = tokens[label.lowerBound].kind,
      let base = base.int, base >= 2, base <= 62, digits.count <= 64
    else { return nil }
    var hasDigit = false
    for index in digits {
      switch tokens[index].kind {
      case .number: hasDigit = true
      case .letter: break
      case .minus where index == digits.lowerBound: break
      default: return nil
      }
    }
    guard hasDigit else { return nil }
    let text = String(decoding: Words.compact(parser.source(of: digits)).utf8, as: UTF8.self)
    var quantity = Quantity(
      digits.count == 1 ? parser.literal(digits.lowerBound) : .symbol(text.uppercased()))
    if digits.count == 2, tokens[digits.lowerBound].kind == .minus {
      quantity.expression = .negated(parser.literal(digits.upperBound - 1))
    }
    quantity.base = String(base)
    quantity.digits = text.uppercased()
    return quantity
  }
}

extension Token.Kind {
  var isRelation: Bool {
    if case .relation = self { return true }
    return false
  }
}
