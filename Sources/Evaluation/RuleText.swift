/// A completion as the bytes that rules search; every search is linear in its length.
struct RuleText {
  private let bytes: [UInt8]

  init(_ text: String) { bytes = Array(text.utf8) }

  private func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

  // MARK: Places of texts

  private func isAt(_ place: Int, _ needle: [UInt8], ignoringCase: Bool = false) -> Bool {
    guard place + needle.count <= bytes.count else { return false }
    for (offset, wanted) in needle.enumerated() {
      let byte = bytes[place + offset]
      let isLetter = ignoringCase && byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z")
      if (isLetter ? byte | 0x20 : byte) != wanted { return false }
    }
    return true
  }

  private func first(_ needle: String, from start: Int = 0) -> Int? {
    let needle = Array(needle.utf8)
    return (start..<max(start, bytes.count)).first { isAt($0, needle) }
  }

  private func last(_ needle: String, ignoringCase: Bool = false) -> Int? {
    let needle = Array(needle.utf8)
    return bytes.indices.last { isAt($0, needle, ignoringCase: ignoringCase) }
  }

  /// What stands behind the last `needle`, which is in lower case where case does not matter.
  func after(last needle: String, ignoringCase: Bool = false) -> String? {
    last(needle, ignoringCase: ignoringCase).map { text($0 + needle.utf8.count..<bytes.count) }
  }

  func before(first needle: String) -> String? { first(needle).map { text(0..<$0) } }

  /// The first line, without the blanks around it.
  var firstLine: String {
    let end = bytes.firstIndex { $0 == 0x0A || $0 == 0x0D } ?? bytes.count
    return text(0..<end).trimmingBlanks
  }

  // MARK: Forms

  /// What the last `\boxed{...}` or `\fbox{...}` holds; `nil` where its brace stays open.
  var lastBox: String? {
    let places = ["\\boxed{", "\\fbox{"].compactMap { name in
      last(name).map { $0 + name.utf8.count }
    }
    guard let start = places.max() else { return nil }
    var depth = 1
    var place = start
    while place < bytes.count {
      switch bytes[place] {
      case UInt8(ascii: "\\"): place += 1
      case UInt8(ascii: "{"): depth += 1
      case UInt8(ascii: "}"):
        depth -= 1
        if depth == 0 { return text(start..<place).trimmingBlanks }
      default: break
      }
      place += 1
    }
    return nil
  }

  var lastAnswerTag: String? {
    guard let close = last("</answer>"),
      let open = RuleText(text(0..<close)).last("<answer>")
    else { return nil }
    return text(open + "<answer>".utf8.count..<close).trimmingBlanks
  }

  var betweenDollars: String {
    let dollar = UInt8(ascii: "$")
    guard let first = bytes.firstIndex(of: dollar), let last = bytes.lastIndex(of: dollar),
      first < last
    else { return text(0..<bytes.count) }
    return text(first + 1..<last)
  }

  /// `Final Answer: The final answer is(.*?). I hope it is correct.` where a full stop is any
  /// character but a line break.
  var minervaSentence: String? {
    let (opening, closing) = (
      "Final Answer: The final answer is", Array(" I hope it is correct".utf8)
    )
    var start = 0
    while let place = first(opening, from: start) {
      let content = place + opening.utf8.count
      let lineEnd = bytes[content...].firstIndex(of: 0x0A) ?? bytes.count
      // One character before the closing words, and one behind them, on the same line.
      if let close = (content + 1..<max(content + 1, lineEnd)).first(where: {
        isAt($0, closing) && $0 + closing.count < lineEnd
      }) {
        return withoutDollar(text(content..<close - 1).trimmingBlanks)
      }
      start = content
    }
    return nil
  }

  private func withoutDollar(_ text: String) -> String {
    guard text.count >= 2, text.hasPrefix("$"), text.hasSuffix("$") else { return text }
    return String(text.dropFirst().dropLast())
  }

  /// The order of Qwen2.5-Math's `extract_answer`.
  var qwenAnswer: String? {
    if let sentence = after(last: "final answer is $").flatMap({
      RuleText($0).before(first: "$. I hope")
    }) {
      return sentence.trimmingBlanks
    }
    if let boxed = after(last: "boxed") {
      if boxed.hasPrefix("{") { return RuleText("\\boxed" + boxed).lastBox }
      return (RuleText(boxed).before(first: "$") ?? boxed).trimmingBlanks
    }
    if let said = after(last: "he answer is") { return RuleText(said).qwenTail }
    return RuleText(text(0..<bytes.count).filter { $0 != "," }).numbers(.decimal).last
  }

  private var qwenTail: String {
    var line = firstLine
    while let last = line.last, ".:/".contains(last) { line.removeLast() }
    return line.first == ":" ? String(line.dropFirst()).trimmingBlanks : line
  }

  // MARK: Numbers

  /// Shapes of numbers in the patterns of harnesses.
  enum NumberShape {
    /// `-?[0-9.,]+`
    case digits
    /// `-?[0-9.,]+` before one more character of the line.
    case digitsAndOneMore
    /// `-?[0-9.,]*[0-9]+`
    case endingInDigit
    /// `-?[$0-9.,]{2,}|-?[0-9]+`
    case money
    /// `-?\d*\.?\d+`
    case decimal
  }

  /// Every match of `prefix` and a number of that shape from left to right; the numbers.
  func numbers(behind prefix: String = "", _ shape: NumberShape) -> [String] {
    let needle = Array(prefix.utf8)
    var found: [String] = []
    var place = 0
    while place < bytes.count {
      let start = place + needle.count
      if isAt(place, needle), let end = end(of: shape, at: start) {
        found.append(text(start..<end))
        place = end
      } else {
        place += 1
      }
    }
    return found
  }

  private func end(of shape: NumberShape, at start: Int) -> Int? {
    var first = start
    if first < bytes.count, bytes[first] == UInt8(ascii: "-") { first += 1 }
    func run(_ isInside: (UInt8) -> Bool) -> Int {
      var end = first
      while end < bytes.count, isInside(bytes[end]) { end += 1 }
      return end
    }
    func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
    func isLoose(_ byte: UInt8) -> Bool { isDigit(byte) || byte == 0x2E || byte == 0x2C }
    var end: Int
    switch shape {
    case .digits: end = run(isLoose)
    case .digitsAndOneMore:
      end = run(isLoose)
      // The pattern gives a digit back where no other character follows.
      if end == bytes.count || bytes[end] == 0x0A { end -= 1 }
    case .endingInDigit:
      end = run(isLoose)
      while end > first, !isDigit(bytes[end - 1]) { end -= 1 }
    case .money:
      end = run { isLoose($0) || $0 == UInt8(ascii: "$") }
      if end - first < 2 { end = run(isDigit) }
    case .decimal:
      end = run(isDigit)
      if end < bytes.count, bytes[end] == 0x2E {
        var fraction = end + 1
        while fraction < bytes.count, isDigit(bytes[fraction]) { fraction += 1 }
        if fraction > end + 1 { end = fraction }
      }
    }
    return end > first ? end : nil
  }
}
