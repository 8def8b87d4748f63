/// The value of a chain such as `7+5*3-2=`: from left to right, every result modulo 100, never
/// negative. `nil` where the text is no chain.
func chainValue(_ text: String) -> Int? {
  var symbols = text.utf8.filter { $0 != UInt8(ascii: " ") }[...]
  if symbols.last == UInt8(ascii: "=") { symbols.removeLast() }
  guard var value = takeNumber(&symbols) else { return nil }
  value %= 100
  while let symbol = symbols.popFirst() {
    guard let number = takeNumber(&symbols) else { return nil }
    switch symbol {
    case UInt8(ascii: "+"): value += number
    case UInt8(ascii: "-"): value -= number
    case UInt8(ascii: "*"), UInt8(ascii: "x"): value *= number
    default: return nil
    }
    value = (value % 100 + 100) % 100
  }
  return value
}

/// Takes one to four digits from the front.
private func takeNumber(_ symbols: inout ArraySlice<UInt8>) -> Int? {
  let digits = symbols.prefix { isDigit($0) }
  guard (1...4).contains(digits.count) else { return nil }
  symbols.removeFirst(digits.count)
  return digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
}

/// A completion: optionally some working, then `#` and two digits.
struct Reply {
  /// The two digits behind the last `#`, if nothing else follows it.
  let answer: Int?
  /// True if digits stand in front of the last `#`.
  let showsWorking: Bool

  init(_ completion: String) {
    let symbols = completion.utf8.filter { $0 != 0x20 && !($0 >= 0x09 && $0 <= 0x0D) }
    guard let mark = symbols.lastIndex(of: UInt8(ascii: "#")) else {
      (answer, showsWorking) = (nil, symbols.contains(where: isDigit))
      return
    }
    let digits = symbols[(mark + 1)...]
    showsWorking = symbols[..<mark].contains(where: isDigit)
    let isAnswer = digits.count == 2 && digits.allSatisfy(isDigit)
    answer = isAnswer ? digits.reduce(0) { $0 * 10 + Int($1 - 0x30) } : nil
  }
}

func twoDigits(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }

private func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
