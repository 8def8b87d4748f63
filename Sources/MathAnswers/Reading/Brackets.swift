/// Which brackets of an answer belong together.
struct Brackets: Sendable {
  /// For every bracket its partner; -1 for other tokens.
  private(set) var partner: [Int]

  /// - Parameter isLenient: close what is left open and drop what closes nothing, as is done for
  ///   answers that come from data.
  init(_ tokens: inout [Token], isLenient: Bool) throws(Stop) {
    var open: [Int] = []
    partner = Array(repeating: -1, count: tokens.count)
    var surplus: [Int] = []
    for index in tokens.indices {
      switch tokens[index].kind {
      case .open(.square) where Self.closesReversed(tokens, index, open):
        pair(open.removeLast(), index)
      case .open, .begin: open.append(index)
      case .close(let bracket):
        if let last = open.last, Self.match(tokens[last].kind, bracket) {
          pair(open.removeLast(), index)
        } else if bracket == .square, Self.opensReversed(tokens, index) {
          open.append(index)
        } else {
          guard isLenient else { throw .unreadable("a bracket closes nothing") }
          surplus.append(index)
        }
      case .end:
        guard let last = open.last, case .begin = tokens[last].kind else {
          throw .unreadable("\\end without \\begin")
        }
        pair(open.removeLast(), index)
      default: break
      }
    }
    if open.isEmpty && surplus.isEmpty { return }
    guard isLenient, open.count <= 8, surplus.count <= 8 else {
      throw .unreadable("a bracket is left open")
    }
    for index in open.reversed() {
      guard case .open(let bracket) = tokens[index].kind else {
        throw .unreadable("\\begin without \\end")
      }
      let end = tokens.last!.end
      tokens.append(Token(kind: .close(bracket), start: end, end: end))
    }
    for index in surplus.reversed() { tokens.remove(at: index) }
    self = try Brackets(&tokens, isLenient: false)
  }

  private mutating func pair(_ open: Int, _ close: Int) {
    partner[open] = close
    partner[close] = open
  }

  private static func match(_ open: Token.Kind, _ close: Bracket) -> Bool {
    switch open {
    case .open(let bracket): bracket == close || bracket.isInterval && close.isInterval
    case .close(.square): close == .square  // ]a,b]
    default: false
    }
  }

  /// `]a,b[`: a bracket that turns its back to the interval.
  private static func opensReversed(_ tokens: [Token], _ index: Int) -> Bool {
    if index == 0 { return true }
    switch tokens[index - 1].kind {
    case .union, .relation, .intersection: return true
    default: return false
    }
  }

  private static func closesReversed(_ tokens: [Token], _ index: Int, _ open: [Int]) -> Bool {
    guard let last = open.last, index > 0, endsOperand(tokens[index - 1].kind) else { return false }
    let isLast = index == tokens.count - 1 || startsNextPiece(tokens[index + 1].kind)
    switch tokens[last].kind {
    case .close(.square): return true
    case .open(.square), .open(.round): return isLast
    default: return false
    }
  }

  private static func endsOperand(_ kind: Token.Kind) -> Bool {
    switch kind {
    case .number, .letter, .constant, .close, .infinity, .percent, .bang: true
    default: false
    }
  }

  private static func startsNextPiece(_ kind: Token.Kind) -> Bool {
    switch kind {
    case .union, .intersection, .without, .comma, .or, .and, .semicolon: true
    default: false
    }
  }
}
