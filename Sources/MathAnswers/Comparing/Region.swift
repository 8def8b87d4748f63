/// A set of reals as pieces between bounds.
struct Region {
  struct Bound {
    var expression: Expression
    var value: Double

    var negated: Bound {
      Bound(expression: value == 0 ? expression : .negated(expression), value: -value)
    }
  }

  struct Piece {
    var lower: Bound
    var upper: Bound
    var hasLower: Bool
    var hasUpper: Bool

    var isPoint: Bool { lower.value == upper.value }
    var isEmpty: Bool {
      lower.value > upper.value || isPoint && !(hasLower && hasUpper)
    }
  }

  var pieces: [Piece]

  init(pieces: [Piece]) { self.pieces = pieces }

  private static let minusInfinity = Bound(
    expression: .negated(.constant(.infinity)), value: -.infinity)
  private static let infinity = Bound(expression: .constant(.infinity), value: .infinity)

  static let everything = Region(pieces: [
    Piece(lower: minusInfinity, upper: infinity, hasLower: false, hasUpper: false)
  ])

  /// What lies on one side of a limit: `x < 5`. `nil` for relations that are none of order.
  init?(_ limit: Bound, _ relation: Relation) {
    let point = Piece(lower: limit, upper: limit, hasLower: true, hasUpper: true)
    var (below, above) = (point, point)
    (below.lower, below.hasLower) = (Self.minusInfinity, false)
    (above.upper, above.hasUpper) = (Self.infinity, false)
    switch relation {
    case .lessOrEqual: pieces = [below]
    case .greaterOrEqual: pieces = [above]
    case .equal: pieces = [point]
    case .less, .greater, .notEqual:
      below.hasUpper = false
      above.hasLower = false
      pieces = relation == .less ? [below] : relation == .greater ? [above] : [below, above]
    default: return nil
    }
  }

  /// The pieces in order, those that touch joined; as given where a bound is symbolic or an
  /// interval is written backwards.
  var normalized: Region {
    guard pieces.allSatisfy({ !$0.lower.value.isNaN && !$0.upper.value.isNaN && !$0.isEmpty })
    else { return self }
    var joined: [Piece] = []
    let order = pieces.sorted {
      ($0.lower.value, $0.hasLower ? 0 : 1) < ($1.lower.value, $1.hasLower ? 0 : 1)
    }
    for piece in order {
      guard let last = joined.last, last.reaches(piece) else {
        joined.append(piece)
        continue
      }
      if piece.upper.value > last.upper.value {
        joined[joined.count - 1].upper = piece.upper
        joined[joined.count - 1].hasUpper = piece.hasUpper
      } else if piece.upper.value == last.upper.value, piece.hasUpper {
        joined[joined.count - 1].hasUpper = true
      }
    }
    return Region(pieces: joined)
  }

  func intersection(_ other: Region) -> Region {
    var result: [Piece] = []
    for a in pieces {
      for b in other.pieces {
        let fromA = a.lower.value > b.lower.value || a.lower.value == b.lower.value && !a.hasLower
        let toA = a.upper.value < b.upper.value || a.upper.value == b.upper.value && !a.hasUpper
        let piece = Piece(
          lower: fromA ? a.lower : b.lower, upper: toA ? a.upper : b.upper,
          hasLower: fromA ? a.hasLower : b.hasLower, hasUpper: toA ? a.hasUpper : b.hasUpper)
        if !piece.isEmpty { result.append(piece) }
      }
    }
    return Region(pieces: result)
  }

  /// The numbers whose absolute value is in the region.
  var absolutePreimage: Region {
    let zero = Bound(expression: .int(0), value: 0)
    guard let positive = Region(zero, .greaterOrEqual) else { return self }
    let right = intersection(positive)
    let left = right.pieces.reversed().map { piece in
      Piece(
        lower: piece.upper.negated, upper: piece.lower.negated, hasLower: piece.hasUpper,
        hasUpper: piece.hasLower)
    }
    return Region(pieces: left + right.pieces)
  }

  var complement: Region {
    var rest = Region.everything
    for piece in pieces {
      let sides = [
        Piece(
          lower: Self.minusInfinity, upper: piece.lower, hasLower: false, hasUpper: !piece.hasLower),
        Piece(
          lower: piece.upper, upper: Self.infinity, hasLower: !piece.hasUpper, hasUpper: false),
      ]
      rest = rest.intersection(
        Region(pieces: sides.filter { !$0.isEmpty && $0.lower.value != $0.upper.value }))
    }
    return rest
  }
}

extension Region.Piece {
  /// True if the piece that starts later overlaps or touches at a point that one of them has.
  fileprivate func reaches(_ next: Region.Piece) -> Bool {
    next.lower.value < upper.value
      || next.lower.value == upper.value && (hasUpper || next.hasLower)
  }
}

extension AnswerEquality {
  /// Compares sets of reals. `nil` where the answers are not both such, by their form or because
  /// the other one is.
  func areEqualRegions(_ gold: Answer, _ prediction: Answer) throws(Stop) -> Bool? {
    guard gold.isRegion || prediction.isRegion || gold.isOrder || prediction.isOrder else {
      return nil
    }
    guard let a = try region(of: gold), let b = try region(of: prediction) else {
      return gold.isRegion && prediction.isRegion ? false : nil
    }
    let first = a.normalized.pieces, second = b.normalized.pieces
    guard first.count == second.count else { return false }
    for (x, y) in zip(first, second) {
      guard x.hasLower == y.hasLower, x.hasUpper == y.hasUpper,
        try expressions.areEqual(x.lower.expression, y.lower.expression),
        try expressions.areEqual(x.upper.expression, y.upper.expression)
      else { return false }
    }
    return true
  }

  /// Pieces that a region may have.
  private static var mostPieces: Int { 64 }

  private func region(of answer: Answer) throws(Stop) -> Region? {
    guard let region = try uncheckedRegion(of: answer) else { return nil }
    guard region.pieces.count <= Self.mostPieces else { throw .tooLarge }
    return region
  }

  private func uncheckedRegion(of answer: Answer) throws(Stop) -> Region? {
    try work.spend(8)
    switch answer {
    case .reals: return .everything
    case .interval(let lower, let upper, let hasLower, let hasUpper):
      return try interval(lower, upper, hasLower, hasUpper)
    case .tuple(let items) where items.count == 2:
      return try interval(items[0], items[1], false, false)
    case .set(let items):
      guard items.count <= Self.mostPieces else { throw .tooLarge }
      var pieces: [Region.Piece] = []
      for item in items {
        guard let point = try interval(item, item, true, true) else { return nil }
        pieces += point.pieces
      }
      return Region(pieces: pieces)
    case .union(let parts):
      var pieces: [Region.Piece] = []
      for part in parts {
        guard let region = try region(of: part) else { return nil }
        pieces += region.pieces
      }
      return Region(pieces: pieces)
    case .intersection(let parts):
      var result = Region.everything
      for part in parts {
        guard let region = try region(of: part) else { return nil }
        result = result.intersection(region)
      }
      return result
    case .difference(let from, let without):
      guard let from = try region(of: from), let without = try region(of: without) else {
        return nil
      }
      return from.intersection(without.complement)
    case .relation(let chain): return try region(of: chain)
    case .list(let items, let style): return try region(of: items, style)
    default: return nil
    }
  }

  private func interval(
    _ lower: Answer, _ upper: Answer, _ hasLower: Bool, _ hasUpper: Bool
  ) throws(Stop) -> Region? {
    guard let low = try bound(lower), let high = try bound(upper) else { return nil }
    return Region(pieces: [
      Region.Piece(
        lower: low, upper: high, hasLower: hasLower && !low.expression.isInfinite,
        hasUpper: hasUpper && !high.expression.isInfinite)
    ])
  }

  private func bound(_ answer: Answer) throws(Stop) -> Region.Bound? {
    guard case .value(let quantity) = answer else { return nil }
    return try bound(quantity.expression)
  }

  private func bound(_ expression: Expression) throws(Stop) -> Region.Bound {
    if expression.isInfinite {
      return Region.Bound(
        expression: expression, value: expression.infinitySign > 0 ? .infinity : -.infinity)
    }
    let value = try Evaluator<Double>([:], work).value(of: expression)
    return Region.Bound(expression: expression, value: value?.real ?? .nan)
  }

  /// What a relation that bounds one subject says of it; of the symbol where that is between bars.
  private func region(of chain: RelationChain) throws(Stop) -> Region? {
    guard let subject = chain.subject,
      let place = chain.members.firstIndex(where: { member in
        if case .value(let quantity) = member { return quantity.expression == subject }
        return false
      })
    else { return nil }
    var result = Region.everything
    for (index, relation) in chain.relations.enumerated() {
      // Turned so that the subject stands on the left.
      let isLeft = index == place
      guard isLeft || index + 1 == place,
        case .value(let quantity) = chain.members[isLeft ? index + 1 : index]
      else { return nil }
      let limit = try bound(quantity.expression)
      guard !limit.value.isNaN else { return nil }
      guard let side = Region(limit, isLeft ? relation : relation.flipped) else { return nil }
      result = result.intersection(side)
    }
    return subject.isAbsolute ? result.absolutePreimage : result
  }

  /// Several bounds of one subject: alternatives, or conditions that hold together.
  private func region(of items: [Answer], _ style: ListStyle) throws(Stop) -> Region? {
    guard items.count <= Self.mostPieces else { throw .tooLarge }
    var regions: [Region] = []
    var subject: Expression?
    for item in items {
      if case .relation(let chain) = item {
        guard let name = chain.subject, subject == nil || subject == name,
          let region = try region(of: chain)
        else { return nil }
        subject = name
        regions.append(region)
      } else if item.isRegion, let region = try region(of: item) {
        regions.append(region)
      } else {
        return nil
      }
    }
    let union = Region(pieces: regions.flatMap(\.pieces))
    if style.isAlternative || subject == nil { return union }
    let both = regions.reduce(Region.everything) { $0.intersection($1) }
    return both.pieces.isEmpty ? union : both
  }
}

extension Expression {
  fileprivate var isAbsolute: Bool {
    if case .function(.absolute, _) = self { return true }
    return false
  }
}

extension Answer {
  /// An inequality, or several.
  fileprivate var isOrder: Bool {
    switch self {
    case .relation(let chain): !chain.isEquality && chain.relations != [.element]
    case .list(let items, _): items.contains(where: \.isOrder)
    default: false
    }
  }
}
