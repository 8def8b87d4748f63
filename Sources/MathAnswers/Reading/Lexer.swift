/// Cuts an answer into tokens, once from left to right.
struct Lexer {
  static let longest = 4_096

  let bytes: [UInt8]
  let work: Work
  var position = 0
  var tokens: [Token] = []
  /// Where the argument of the text command that we are in ends.
  private(set) var textEnd = 0
  private var isSpaced = false
  /// True if a comma between groups of three digits separates thousands.
  let hasThousandsCommas: Bool
  /// Open brackets of any kind.
  private var depth = 0

  init(_ text: AnswerText, _ work: Work) {
    bytes = text.bytes
    self.work = work
    hasThousandsCommas = Thousands.separateThousands(text.bytes)
    tokens.reserveCapacity(min(bytes.count, Self.longest) / 2 + 4)
  }

  static func tokens(of text: AnswerText, _ work: Work) throws(Stop) -> [Token] {
    var lexer = Lexer(text, work)
    while lexer.position < lexer.bytes.count { try lexer.next() }
    return lexer.tokens
  }

  func byte(_ index: Int) -> UInt8 { index >= 0 && index < bytes.count ? bytes[index] : 0 }

  var isText: Bool { position < textEnd }
  var isNested: Bool { depth > 0 }

  mutating func emit(_ kind: Token.Kind, from start: Int, run: Int = 0) throws(Stop) {
    guard tokens.count < Self.longest else {
      throw .unreadable("the answer has more than \(Self.longest) tokens")
    }
    try work.spend(2)
    tokens.append(
      Token(
        kind: kind, start: start, end: position, isSpaced: isSpaced, run: run,
        isText: start < textEnd))
    isSpaced = false
    if case .open = kind { depth += 1 }
    if case .close = kind { depth -= 1 }
  }

  private mutating func next() throws(Stop) {
    let start = position
    let first = bytes[position]
    if first.isDigit || first == UInt8(ascii: ".") && byte(position + 1).isDigit {
      return try number()
    }
    if first.isLetter { return try letters() }
    position += 1
    switch first {
    case UInt8(ascii: "\\"): try command()
    case 0x20, UInt8(ascii: "~"): isSpaced = true
    case UInt8(ascii: "$"), UInt8(ascii: "`"), UInt8(ascii: "\""): isSpaced = true
    case UInt8(ascii: "+"): try emit(.plus, from: start)
    case UInt8(ascii: "-"): try pair(.minus, then: ">", .arrow)
    case UInt8(ascii: "*"): try pair(.times, then: "*", .caret)
    case UInt8(ascii: "/"): try emit(.slash, from: start)
    case UInt8(ascii: "^"): try emit(.caret, from: start)
    case UInt8(ascii: "_"): try emit(.underscore, from: start)
    case UInt8(ascii: "'"): try emit(.prime, from: start)
    case UInt8(ascii: "!"): try pair(.bang, then: "=", .relation(.notEqual))
    case UInt8(ascii: "="):
      if byte(position) == UInt8(ascii: ">") {
        try pair(.arrow, then: ">", .arrow)
      } else {
        try pair(.relation(.equal), then: "=", .relation(.equal))
      }
    case UInt8(ascii: "<"): try pair(.relation(.less), then: "=", .relation(.lessOrEqual))
    case UInt8(ascii: ">"): try pair(.relation(.greater), then: "=", .relation(.greaterOrEqual))
    case UInt8(ascii: "%"): try emit(.percent, from: start)
    case UInt8(ascii: ":"): try emit(.colon, from: start)
    case UInt8(ascii: ","): try emit(.comma, from: start)
    case UInt8(ascii: ";"): try emit(.semicolon, from: start)
    case UInt8(ascii: "&"): try emit(.ampersand, from: start)
    case UInt8(ascii: "|"):
      if byte(position) == UInt8(ascii: "|") { position += 1 }
      try emit(.bar, from: start)
    case UInt8(ascii: "("): try emit(.open(.round), from: start)
    case UInt8(ascii: ")"): try emit(.close(.round), from: start)
    case UInt8(ascii: "["): try emit(.open(.square), from: start)
    case UInt8(ascii: "]"): try emit(.close(.square), from: start)
    case UInt8(ascii: "{"):
      // `{,}` is a comma without the blank that TeX puts behind it.
      if byte(position) == UInt8(ascii: ","), byte(position + 1) == UInt8(ascii: "}") {
        position += 2
        try emit(.comma, from: start)
      } else if byte(position) == UInt8(ascii: ":"), byte(position + 1) == UInt8(ascii: "}") {
        position += 2
        try emit(.colon, from: start)
      } else {
        try emit(.open(.group), from: start)
      }
    case UInt8(ascii: "}"):
      if position - 1 == textEnd, textEnd > 0 {
        isSpaced = true
      } else {
        try emit(.close(.group), from: start)
      }
    case UInt8(ascii: "."):
      guard byte(position) == UInt8(ascii: "."), byte(position + 1) == UInt8(ascii: ".") else {
        // A full stop inside of the answer: of an abbreviation, or of a sentence.
        isSpaced = true
        return
      }
      position += 2
      try emit(.ellipsis, from: start)
    default: throw .unreadable("the answer holds a sign that is not understood")
    }
  }

  private mutating func pair(
    _ single: Token.Kind, then second: Character, _ double: Token.Kind
  ) throws(Stop) {
    let start = position - 1
    guard byte(position) == second.asciiValue else { return try emit(single, from: start) }
    position += 1
    try emit(double, from: start)
  }

  // MARK: Commands

  private mutating func command() throws(Stop) {
    let start = position - 1
    let first = byte(position)
    guard first.isLetter else {
      position += 1
      switch first {
      case UInt8(ascii: "{"): try emit(.open(.set), from: start)
      case UInt8(ascii: "}"): try emit(.close(.set), from: start)
      case UInt8(ascii: "%"): try emit(.percent, from: start)
      case UInt8(ascii: "$"): try emit(.currency("dollar"), from: start)
      case UInt8(ascii: "|"): try emit(.bar, from: start)
      case UInt8(ascii: "\\"): try emit(.row, from: start)
      case UInt8(ascii: "_"), UInt8(ascii: "&"), UInt8(ascii: "#"): isSpaced = true
      case 0: throw .unreadable("the answer ends in a backslash")
      default: isSpaced = true  // spacing, and the delimiters of formulas
      }
      return
    }
    var end = position
    while byte(end).isLetter { end += 1 }
    let name = String(decoding: bytes[position..<end], as: UTF8.self)
    position = end
    if Vocabulary.text.contains(name) { return enterText() }
    if Vocabulary.transparent.contains(name) {
      isSpaced = true
      if name == "left" || name == "right", byte(position) == UInt8(ascii: ".") { position += 1 }
      return
    }
    switch name {
    case "begin", "end":
      let environment = try skippedGroup().map { String(decoding: $0, as: UTF8.self) } ?? ""
      if name == "begin", environment.hasPrefix("array") { _ = try skippedGroup() }
      let plain = environment.filter { $0 != "*" }
      try emit(name == "begin" ? .begin(plain) : .end(plain), from: start)
      depth += name == "begin" ? 1 : -1
    case "mathbb", "Bbb":
      let set = try skippedGroup().map { String(decoding: $0, as: UTF8.self) } ?? ""
      try emit(set == "R" ? .reals : .numberSet(set), from: start)
    case "R", "Reals": try emit(.reals, from: start)
    case "not":
      skipBlanks()
      if byte(position) == UInt8(ascii: "=") { position += 1 }
      try emit(.relation(.notEqual), from: start)
    default:
      guard let kind = Vocabulary.commands[name] else { return try unknown(name, from: start) }
      if kind == .phantom {
        if byte(position) == UInt8(ascii: "*") { position += 1 }
        _ = try skippedGroup()
        isSpaced = true
      } else {
        try emit(kind, from: start)
      }
    }
  }

  /// `\pir` and the like: a known command with letters stuck to it; else a name of its own.
  private mutating func unknown(_ name: String, from start: Int) throws(Stop) {
    for length in stride(from: min(name.utf8.count - 1, 16), through: 2, by: -1) {
      let head = String(name.prefix(length))
      guard let kind = Vocabulary.commands[head] else { continue }
      switch kind {
      case .constant, .function, .times, .infinity, .squareRoot, .fraction, .relation: break
      default: continue
      }
      position = start + 1 + length
      return try emit(kind, from: start)
    }
    try emit(.letter("\\" + name), from: start)
  }

  private mutating func skipBlanks() {
    while byte(position) == 0x20 { position += 1 }
  }

  /// The bytes of the braces that follow, or of one byte where there are none.
  private mutating func skippedGroup() throws(Stop) -> ArraySlice<UInt8>? {
    skipBlanks()
    guard position < bytes.count else { return nil }
    guard bytes[position] == UInt8(ascii: "{") else {
      defer { position += 1 }
      return bytes[position...position]
    }
    let start = position + 1
    let end = try closingBrace(from: start)
    position = min(end + 1, bytes.count)
    return bytes[start..<end]
  }

  private func closingBrace(from start: Int) throws(Stop) -> Int {
    var depth = 1
    var index = start
    while index < bytes.count {
      let byte = bytes[index]
      if byte == UInt8(ascii: "\\") { index += 1 }
      if byte == UInt8(ascii: "{") { depth += 1 }
      if byte == UInt8(ascii: "}") { depth -= 1 }
      if depth == 0 { break }
      index += 1
    }
    try work.spend((index - start) / 8 + 1)
    return min(index, bytes.count)
  }

  private mutating func enterText() {
    if byte(position) == UInt8(ascii: "*") { position += 1 }
    skipBlanks()
    guard byte(position) == UInt8(ascii: "{"), let end = try? closingBrace(from: position + 1)
    else { return }
    position += 1
    isSpaced = true
    textEnd = end
  }
}
