extension Lexer {
  static let longestLiteral = 50_000

  /// A number with its separators, decimal part, repeating part and exponent.
  mutating func number() throws(Stop) {
    let start = position
    var digits: [UInt8] = []
    takeDigits(into: &digits)
    if digits.count <= 3, digits.first != UInt8(ascii: "0") {
      while let next = groupOfThree(after: position) {
        position = next
        takeDigits(into: &digits)
      }
    }
    var places = 0
    var isDecimal = false
    var repeating: [UInt8] = []
    if byte(position) == UInt8(ascii: "."),
      byte(position + 1).isDigit || !digits.isEmpty && endsDecimal(position + 1)
        || repeatsDigits(position + 1)
    {
      isDecimal = true
      position += 1
      let whole = digits.count
      takeDigits(into: &digits)
      places = digits.count - whole
      repeating = takeRepeatingDigits()
    }
    guard digits.count + repeating.count <= Self.longestLiteral else {
      throw .unreadable("a number has more than \(Self.longestLiteral) digits")
    }
    try work.spend(digits.count * (digits.count / 200 + 1) / 8 + 1)
    let exponent = takeExponent()
    guard digits.count <= 20_000, repeating.count <= 5_000 else { throw .tooLarge }
    var value = Rational(BigInteger(digits: digits))
    if places > 0 { value = try value.over(powerOfTen(places), work) }
    if !repeating.isEmpty {
      let nines = try powerOfTen(repeating.count).minus(.one, work)
      let tail = try Rational(BigInteger(digits: repeating))
        .over(nines.times(powerOfTen(places), work), work)
      value = try value.plus(tail, work)
    }
    if let exponent, exponent.magnitude <= 9_000 {
      let power = try powerOfTen(Int(exponent.magnitude))
      value = exponent < 0 ? try value.over(power, work) : try value.times(power, work)
    }
    try emit(
      .number(value, isDecimal: (isDecimal || exponent != nil) && repeating.isEmpty), from: start)
    if let exponent, exponent.magnitude > 9_000 {
      // Too long to write out; as a power it keeps its size.
      try emit(.times, from: start)
      try emit(.number(Rational(10), isDecimal: false), from: start)
      try emit(.caret, from: start)
      if exponent < 0 { try emit(.minus, from: start) }
      try emit(.number(Rational(Int(exponent.magnitude)), isDecimal: false), from: start)
    }
  }

  private func powerOfTen(_ places: Int) throws(Stop) -> Rational {
    Rational(try BigInteger(10).power(UInt(places), work))
  }

  private mutating func takeDigits(into digits: inout [UInt8]) {
    while byte(position).isDigit {
      digits.append(bytes[position])
      position += 1
    }
  }

  /// True if a point without digits behind it may belong to a number: `5.` and `-3./2`.
  private func endsDecimal(_ index: Int) -> Bool {
    "/)+-*^".utf8.contains(byte(index))
  }

  /// Where the next group of exactly three digits starts, if a separator of thousands leads to it.
  private func groupOfThree(after index: Int) -> Int? {
    guard let start = separatorEnd(index), byte(start).isDigit, byte(start + 1).isDigit,
      byte(start + 2).isDigit, !byte(start + 3).isDigit
    else { return nil }
    return start
  }

  private func separatorEnd(_ index: Int) -> Int? {
    func skipBlanks(_ index: Int) -> Int {
      var index = index
      while byte(index) == 0x20 { index += 1 }
      return index
    }
    switch byte(index) {
    case UInt8(ascii: ","):
      if byte(index + 1) == UInt8(ascii: "\\"), byte(index + 2) == UInt8(ascii: "!") {
        return skipBlanks(index + 3)
      }
      return hasThousandsCommas && !isNested ? index + 1 : nil
    case UInt8(ascii: "{"):
      guard byte(index + 1) == UInt8(ascii: ","), byte(index + 2) == UInt8(ascii: "}") else {
        return nil
      }
      return skipBlanks(index + 3)
    case UInt8(ascii: "\\"):
      let isThin = byte(index + 1) == UInt8(ascii: ",") || byte(index + 1) == 0x20
      return isThin ? skipBlanks(index + 2) : nil
    case 0x20: return index + 1
    default: return nil
    }
  }

  private static let repeating: [StaticString] = ["\\overline", "\\bar", "\\dot"]

  private func repeatsDigits(_ index: Int) -> Bool {
    Self.repeating.contains { bytes[index...].hasPrefix($0) }
  }

  /// `\overline{3}`, `\bar{3}`, `\dot{3}`, `\dot3` behind the decimal places.
  private mutating func takeRepeatingDigits() -> [UInt8] {
    for mark in Self.repeating where bytes[position...].hasPrefix(mark) {
      var index = position + mark.utf8CodeUnitCount
      while byte(index) == 0x20 { index += 1 }
      if byte(index).isDigit {
        position = index + 1
        return [bytes[index]]
      }
      guard byte(index) == UInt8(ascii: "{") else { return [] }
      let digits = bytes[(index + 1)...].prefix { $0.isDigit }
      guard !digits.isEmpty, byte(digits.endIndex) == UInt8(ascii: "}") else { return [] }
      position = digits.endIndex + 1
      return Array(digits)
    }
    return []
  }

  /// `e3`, `E-3` directly behind the digits.
  private mutating func takeExponent() -> Int? {
    guard byte(position) | 0x20 == UInt8(ascii: "e") else { return nil }
    var index = position + 1
    let isNegative = byte(index) == UInt8(ascii: "-")
    if isNegative || byte(index) == UInt8(ascii: "+") { index += 1 }
    guard byte(index).isDigit else { return nil }
    var value = 0
    while byte(index).isDigit {
      value = min(value * 10 + Int(bytes[index] & 15), 1 << 50)
      index += 1
    }
    position = index
    return isNegative ? -value : value
  }
}

/// Commas in an answer: do they separate thousands, or the items of a list?
enum Thousands {
  /// True if every comma outside of brackets stands between groups of digits as in `1,234,567`, and
  /// there is one such number, or one in each item of a list that has other separators.
  static func separateThousands(_ bytes: [UInt8]) -> Bool {
    guard bytes.contains(UInt8(ascii: ",")) else { return false }
    func byte(_ index: Int) -> UInt8 { index >= 0 && index < bytes.count ? bytes[index] : 0 }
    var (depth, runs, separators, last) = (0, 0, 0, -1)
    for (index, current) in bytes.enumerated() {
      switch current {
      case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
      case UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "}"): depth -= 1
      case UInt8(ascii: ";"): separators += 1
      case UInt8(ascii: "a"), UInt8(ascii: "o"):
        let rest = bytes[index...]
        let isWord = rest.hasPrefix("and") || rest.hasPrefix("or")
        if isWord, !byte(index - 1).isLetter { separators += 1 }
      case UInt8(ascii: ",") where depth == 0 && byte(index + 1) != UInt8(ascii: "\\"):
        guard byte(index + 1).isDigit, byte(index + 2).isDigit, byte(index + 3).isDigit,
          !byte(index + 4).isDigit
        else { return false }
        var start = index
        while byte(start - 1).isDigit, index - start < 4 { start -= 1 }
        guard (1...3).contains(index - start) else { return false }
        if byte(start - 1) == UInt8(ascii: ","), last == start - 1 {
          guard index - start == 3 else { return false }
        } else {
          guard byte(start) != UInt8(ascii: "0"), byte(start - 1) != UInt8(ascii: ".") else {
            return false
          }
          runs += 1
        }
        last = index
      default: break
      }
    }
    return runs > 0 && runs == separators + 1
  }
}
