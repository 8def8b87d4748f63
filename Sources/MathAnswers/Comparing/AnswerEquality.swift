/// Decides whether a prediction says the same as a gold answer, by the kinds of both.
///
/// The comparison is directed: what is forgiven a prediction is not always forgiven a gold.
struct AnswerEquality {
  let work: Work
  let expressions: ExpressionEquality

  func areEqual(_ gold: Answer, _ prediction: Answer) throws(Stop) -> Bool {
    try work.spend(8)
    try work.descend()
    defer { work.ascend() }
    switch (gold, prediction) {
    case (.relation(let a), .relation(let b)): return try areEqualRelations(a, b)
    case (.relation(let chain), _) where !prediction.isListOfRelations:
      return try isEqual(chain, toBare: prediction)
    case (_, .relation(let chain)) where !gold.isListOfRelations:
      return try isBare(gold, equalTo: chain)
    case (.relation(let chain), .list) where chain.isAssignment:
      return try areEqual(chain.last, prediction)
    case (.list, .relation(let chain)) where chain.isAssignment:
      return try areEqual(gold, chain.last)
    case (.congruence, _), (_, .congruence): return try areCongruent(gold, prediction)
    case (.words, _), (_, .words): return areSameWords(gold, prediction)
    case (.ellipsis, .ellipsis): return true
    case (.numberSet(let a), .numberSet(let b)): return a == b
    case (.ratio(let a, let clock), .ratio(let b, let other)):
      return try areEqualRatios(a, clock, b, other)
    case (.ratio(let terms, _), .value(let quantity)):
      return try isRatio(terms, quantity.expression, isGold: true)
    case (.value(let quantity), .ratio(let terms, _)):
      return try isRatio(terms, quantity.expression, isGold: false)
    default: break
    }
    if let isEqual = try areEqualRegions(gold, prediction) { return isEqual }
    return try areEqualCollections(gold, prediction)
  }

  // MARK: Words

  private func areSameWords(_ gold: Answer, _ prediction: Answer) -> Bool {
    if gold.saysNothingExists, prediction.saysNothingExists { return true }
    guard let a = gold.words, let b = prediction.words else { return false }
    return a.withoutBlanks == b.withoutBlanks || Phrases.areSame(a, b)
  }

  // MARK: Values

  func areEqualQuantities(_ gold: Quantity, _ prediction: Quantity) throws(Stop) -> Bool {
    if let a = gold.unit, let b = prediction.unit, a != b { return false }
    if let a = gold.letters, let b = prediction.letters, a.utf8.count > 1,
      a.withoutBlanks == b.withoutBlanks
    {
      return true
    }
    switch (gold.base, prediction.base) {
    case (let a?, let b?): return a == b && gold.digits == prediction.digits
    case (nil, let base?) where base != "10": return false
    default: break
    }
    if try expressions.areEqual(gold.expression, prediction.expression) { return true }
    func hundredth(_ expression: Expression) -> Expression { .quotient(expression, .int(100)) }
    switch (gold.isPercent, prediction.isPercent) {
    case (true, false):
      return try expressions.areEqual(hundredth(gold.expression), prediction.expression)
    case (false, true):
      return try expressions.areEqual(gold.expression, hundredth(prediction.expression))
    default: return false
    }
  }

  // MARK: Ratios, times of day, congruences

  private func areEqualRatios(
    _ gold: [Quantity], _ clock: Clock?, _ prediction: [Quantity], _ other: Clock?
  ) throws(Stop) -> Bool {
    if let clock, let other, (clock.second == nil) == (other.second == nil) {
      let agree =
        (clock.hour, clock.minute, clock.second) == (other.hour, other.minute, other.second)
      let contradict = clock.half != nil && other.half != nil && clock.half != other.half
      return agree && !contradict
    }
    guard gold.count == prediction.count else { return false }
    for index in gold.indices.dropFirst() {
      // a : b = c : d where ad = bc
      let left = Expression.product([gold[0].expression, prediction[index].expression])
      let right = Expression.product([gold[index].expression, prediction[0].expression])
      guard try expressions.areEqual(left, right) else { return false }
    }
    return true
  }

  private func isRatio(
    _ terms: [Quantity], _ value: Expression, isGold: Bool
  ) throws(Stop) -> Bool {
    guard terms.count == 2 else { return false }
    let quotient = Expression.quotient(terms[0].expression, terms[1].expression)
    return isGold
      ? try expressions.areEqual(quotient, value) : try expressions.areEqual(value, quotient)
  }

  private func areCongruent(_ gold: Answer, _ prediction: Answer) throws(Stop) -> Bool {
    switch (gold, prediction) {
    case (.congruence(let a, let modulus), .congruence(let b, let other)):
      guard try expressions.areEqual(modulus, other) else { return false }
      if let x = a.residue, let y = b.residue {
        guard a.residueName == nil || b.residueName == nil || a.residueName == b.residueName else {
          return false
        }
        return try expressions.areEqual(
          .function(.modulo, [x, modulus]), .function(.modulo, [y, modulus]))
      }
      return try areEqual(a, b)
    case (.congruence(let a, _), _): return try areEqual(a.withoutResidueName, prediction)
    case (_, .congruence(let b, _)): return try areEqual(gold, b.withoutResidueName)
    default: return false
    }
  }
}

extension Answer {
  /// Its words; also letters that may be one.
  var words: String? {
    switch self {
    case .words(let words): words
    case .value(let quantity): quantity.letters
    default: nil
    }
  }

  /// The empty set, in whatever words.
  var saysNothingExists: Bool {
    if case .set(let items) = self { return items.isEmpty }
    return words.map { Phrases.nothingExists.contains($0) } ?? false
  }

  fileprivate var isListOfRelations: Bool {
    if case .list(let items, _) = self { return items.contains(where: \.isRelation) }
    return false
  }

  /// What a congruence says its left side is congruent to.
  fileprivate var residue: Expression? {
    switch self {
    case .value(let quantity): quantity.expression
    case .relation(let chain): chain.last.residue
    default: nil
    }
  }

  fileprivate var residueName: String? {
    if case .relation(let chain) = self { return chain.name }
    return nil
  }

  fileprivate var withoutResidueName: Answer {
    if case .relation(let chain) = self { return chain.last }
    return self
  }
}

extension String {
  var withoutBlanks: String { filter { $0 != " " } }
}
