/// A number found in a text.
///
/// A number is an optional sign and currency sign, digits, optionally a decimal part, and
/// optionally `e` with an exponent; a slash between two such makes a fraction. A comma between
/// digits separates thousands where two or three digits follow it (`1,000`, `12,34,567`), so
/// that `3,4` is two numbers. A sign behind a digit, letter or bracket is an operator (`10-7`);
/// one with spaces behind it counts only at the start of the text or after `=`. Digits in a name
/// that starts with a letter (`x2`) are no number. Percent and currency signs do not change the
/// value.
public struct FoundNumeral: Sendable, Equatable {
  /// `nil` where it has too many digits or divides by zero.
  public let value: Numeral?
  /// As it stands in the text, sign included.
  public let text: String

  public static func first(in text: String) -> FoundNumeral? {
    var text = text
    return text.withUTF8 { utf8 in
      var scanner = Scanner(bytes: utf8)
      return scanner.next().map { FoundNumeral($0, in: utf8) }
    }
  }

  public static func last(in text: String) -> FoundNumeral? {
    var text = text
    return text.withUTF8 { utf8 in
      var scanner = Scanner(bytes: utf8)
      var last: Scanner.Match?
      while let next = scanner.next() { last = next }
      return last.map { FoundNumeral($0, in: utf8) }
    }
  }

  private init(_ match: Scanner.Match, in bytes: UnsafeBufferPointer<UInt8>) {
    value = match.value
    text = String(decoding: bytes[match.range], as: UTF8.self)
  }
}

extension Numeral {
  /// The number that a text is, if it holds exactly one: `x = 72 km` is 72, `72 or 73` is none.
  public init?(only text: String) {
    var text = text
    let value: Numeral? = text.withUTF8 { utf8 in
      var scanner = Scanner(bytes: utf8)
      let first = scanner.next()
      return scanner.next() == nil ? first?.value : nil
    }
    guard let value else { return nil }
    self = value
  }
}

/// Reads the numbers of a text from left to right, in time linear in its length.
private struct Scanner {
  typealias Match = (range: Range<Int>, value: Numeral?)

  let bytes: UnsafeBufferPointer<UInt8>
  var position = 0

  init(bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  /// The next number.
  mutating func next() -> Match? {
    while position < bytes.count {
      guard startsDigits(position) else {
        position += 1
        continue
      }
      let digitsStart = position
      guard !isInName(digitsStart) else {
        while isDigit(position) || isLetter(position) { position += 1 }
        continue
      }
      let (isNegative, start) = sign(before: digitsStart)
      let numerator = decimal(isNegative: isNegative)
      guard let slash = slashBeforeDigits() else {
        return (start..<position, numerator.flatMap { Numeral($0) })
      }
      position = slash
      let denominator = decimal(isNegative: false)
      guard let numerator, let denominator else { return (start..<position, nil) }
      return (start..<position, Numeral(numerator, over: denominator))
    }
    return nil
  }

  private func byte(_ index: Int) -> UInt8? { bytes.indices.contains(index) ? bytes[index] : nil }

  private func isDigit(_ index: Int) -> Bool {
    byte(index).map { $0 >= 0x30 && $0 <= 0x39 } ?? false
  }

  private func isLetter(_ index: Int) -> Bool {
    byte(index).map { ($0 | 0x20) >= 0x61 && ($0 | 0x20) <= 0x7A || $0 == 0x5F } ?? false
  }

  /// True if letters lead to `index` that no digit stands in front of.
  private func isInName(_ index: Int) -> Bool {
    var start = index
    while isLetter(start - 1) { start -= 1 }
    return start < index && !isDigit(start - 1)
  }

  /// A digit, or a decimal point in front of one (`.5`) that ends no word or number.
  private func startsDigits(_ index: Int) -> Bool {
    if isDigit(index) { return true }
    return byte(index) == UInt8(ascii: ".") && isDigit(index + 1) && !isDigit(index - 1)
      && !isLetter(index - 1)
  }

  /// The sign in front of the digits at `index`, with or without a currency sign between or
  /// before, and where the number starts with it.
  private func sign(before index: Int) -> (isNegative: Bool, start: Int) {
    let start = index - currencyLength(before: index)
    let signEnd = skipSpaces(before: start)
    let signStart = signEnd - signLength(before: signEnd)
    guard signStart < signEnd else { return (false, start) }
    let operand = skipSpaces(before: signStart) - 1
    let isSign =
      signEnd == start
      ? !endsOperand(signStart - 1) : operand < 0 || bytes[operand] == UInt8(ascii: "=")
    guard isSign else { return (false, start) }
    let isNegative = bytes[signEnd - 1] != UInt8(ascii: "+")
    return (isNegative, signStart - currencyLength(before: signStart))
  }

  private func skipSpaces(before index: Int) -> Int {
    var index = index
    while byte(index - 1) == 0x20 { index -= 1 }
    return index
  }

  /// A byte behind which `-` subtracts.
  private func endsOperand(_ index: Int) -> Bool {
    isDigit(index) || isLetter(index) || byte(index).map { ")]}".utf8.contains($0) } ?? false
  }

  /// `+`, `-` or U+2212 in front of `index`.
  private func signLength(before index: Int) -> Int {
    switch byte(index - 1) {
    case UInt8(ascii: "-"), UInt8(ascii: "+"): 1
    case 0x92 where byte(index - 2) == 0x88 && byte(index - 3) == 0xE2: 3
    default: 0
    }
  }

  /// `$`, `£` or `€` in front of `index`.
  private func currencyLength(before index: Int) -> Int {
    switch byte(index - 1) {
    case UInt8(ascii: "$"): 1
    case 0xA3 where byte(index - 2) == 0xC2: 2
    case 0xAC where byte(index - 2) == 0x82 && byte(index - 3) == 0xE2: 3
    default: 0
    }
  }

  /// Reads digits, separators, a decimal part and an exponent at `position`.
  private mutating func decimal(isNegative: Bool) -> Decimal? {
    var digits: [UInt8] = []
    var count = 0
    var exponent = 0
    func keep(_ digit: UInt8) {
      count += 1
      if digits.count <= Decimal.maximumDigits, !(digits.isEmpty && digit == 0x30) {
        digits.append(digit - 0x30)
      }
    }
    while isDigit(position) || isThousandsSeparator(position) {
      if isDigit(position) { keep(bytes[position]) }
      position += 1
    }
    if byte(position) == UInt8(ascii: "."), isDigit(position + 1) {
      position += 1
      while isDigit(position) {
        keep(bytes[position])
        exponent -= 1
        position += 1
      }
    }
    guard let power = powerOfTen() else { return nil }
    guard digits.count <= Decimal.maximumDigits, count <= Decimal.maximumExponent else {
      return nil
    }
    return Decimal(isNegative: isNegative, digits: digits, exponent: exponent + power)
  }

  /// A comma with two or three digits behind it, and no fourth.
  private func isThousandsSeparator(_ index: Int) -> Bool {
    guard byte(index) == UInt8(ascii: ","), isDigit(index + 1), isDigit(index + 2) else {
      return false
    }
    return !(isDigit(index + 3) && isDigit(index + 4))
  }

  /// Reads `e` and an exponent, where there is one; `nil` where it is out of bounds.
  private mutating func powerOfTen() -> Int? {
    guard byte(position).map({ $0 | 0x20 }) == UInt8(ascii: "e") else { return 0 }
    var index = position + 1
    let isNegative = byte(index) == UInt8(ascii: "-")
    if isNegative || byte(index) == UInt8(ascii: "+") { index += 1 }
    guard isDigit(index) else { return 0 }
    var power = 0
    while isDigit(index) {
      power = min(power * 10 + Int(bytes[index] - 0x30), Decimal.maximumExponent + 1)
      index += 1
    }
    position = index
    guard power <= Decimal.maximumExponent else { return nil }
    return isNegative ? -power : power
  }

  /// Where the denominator's digits start, if a slash with optional spaces leads to them.
  private func slashBeforeDigits() -> Int? {
    func skipSpaces(_ index: Int) -> Int {
      var index = index
      while byte(index) == 0x20 { index += 1 }
      return index
    }
    let slash = skipSpaces(position)
    guard byte(slash) == UInt8(ascii: "/") else { return nil }
    let digits = skipSpaces(slash + 1)
    return isDigit(digits) ? digits : nil
  }
}
