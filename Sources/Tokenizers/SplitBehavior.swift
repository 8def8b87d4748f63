/// What becomes of the matches of a split pattern and of the gaps between them.
///
/// `the-final--countdown` at `-`:
enum SplitBehavior: String, CaseIterable, Sendable {
  /// `the|-|final|-|-|countdown`
  case isolated = "Isolated"
  /// `the|final|countdown`
  case removed = "Removed"
  /// `the-|final-|-|countdown`
  case mergedWithPrevious = "MergedWithPrevious"
  /// `the|-final|-|-countdown`
  case mergedWithNext = "MergedWithNext"
  /// `the|-|final|--|countdown`
  case contiguous = "Contiguous"

  private struct Part {
    var start: Int
    var end: Int
    var isMatch: Bool
  }

  /// Calls `body` with the start and end of each piece.
  ///
  /// - Parameters:
  ///   - delimiter: what is a match.
  ///   - invert: takes the gaps for the matches and the matches for the gaps.
  func forEachPiece(
    of text: Bytes, at delimiter: Delimiter, invert: Bool = false, _ body: (Int, Int) -> Void
  ) {
    var done = 0
    if self == .isolated {
      delimiter.forEachMatch(in: text) { start, end in
        if start > done { body(done, start) }
        body(start, end)
        done = end
      }
      if done < text.count { body(done, text.count) }
      return
    }
    var parts: [Part] = []
    delimiter.forEachMatch(in: text) { start, end in
      if start > done { parts.append(Part(start: done, end: start, isMatch: invert)) }
      parts.append(Part(start: start, end: end, isMatch: !invert))
      done = end
    }
    if done < text.count { parts.append(Part(start: done, end: text.count, isMatch: invert)) }
    for part in joined(parts) { body(part.start, part.end) }
  }

  private func joined(_ parts: [Part]) -> [Part] {
    switch self {
    case .isolated: parts
    case .removed: parts.filter { !$0.isMatch }
    case .mergedWithPrevious:
      Self.join(parts) { previous, part in part.isMatch && !previous.isMatch }
    case .mergedWithNext: Self.join(parts) { previous, part in previous.isMatch && !part.isMatch }
    case .contiguous: Self.join(parts) { previous, part in part.isMatch == previous.isMatch }
    }
  }

  /// Joins each part to the one before where `joins` says so of the two.
  private static func join(_ parts: [Part], where joins: (Part, Part) -> Bool) -> [Part] {
    var result: [Part] = []
    var previous: Part?
    for part in parts {
      if let before = previous, joins(before, part) {
        result[result.count - 1].end = part.end
      } else {
        result.append(part)
      }
      previous = part
    }
    return result
  }
}

/// What text is split at.
enum Delimiter: Sendable {
  /// A character of category Nd, Nl or No.
  case number
  case literal([UInt8])
  case expression(SplitPattern)

  /// Calls `body` with the start and end of each match, in order.
  func forEachMatch(in text: Bytes, _ body: (Int, Int) -> Void) {
    switch self {
    case .number:
      let classified = ClassifiedText(text)
      var index = 0
      while index < text.count {
        let (kind, length) = classified.character(at: index)
        if kind == CharacterClass.number { body(index, index + length) }
        index += length
      }
    case .literal(let literal):
      text.forEachOccurrence(of: literal) { body($0, $0 + literal.count) }
    case .expression(let expression):
      expression.forEachMatch(in: text, body)
    }
  }
}
