extension AnswerEquality {
  /// A gold relation and a prediction that is none.
  func isEqual(_ gold: RelationChain, toBare prediction: Answer) throws(Stop) -> Bool {
    if gold.relations == [.element] { return try areEqual(gold.last, prediction) }
    if gold.isEquality {
      // Of a general equation the right side alone is not the answer.
      return gold.isAssignment ? try areEqual(gold.last, prediction) : false
    }
    guard prediction.isRegion || prediction.isPair || prediction.isSet else { return false }
    return try areEqualRegions(.relation(gold), prediction) ?? false
  }

  /// A gold that is no relation and a prediction that is one.
  func isBare(_ gold: Answer, equalTo prediction: RelationChain) throws(Stop) -> Bool {
    if prediction.relations == [.element] { return try areEqual(gold, prediction.last) }
    if prediction.isEquality {
      if prediction.isAssignment { return try areEqual(gold, prediction.last) }
      return try holds(prediction) ? areEqual(gold, prediction.last) : false
    }
    guard gold.isRegion || gold.isPair else { return false }
    return try areEqualRegions(gold, .relation(prediction)) ?? false
  }

  /// True of a chain between numbers in which every equality holds: `2+3=5`.
  private func holds(_ chain: RelationChain) throws(Stop) -> Bool {
    var members: [Expression] = []
    for member in chain.members {
      guard case .value(let quantity) = member, quantity.expression.symbols.isEmpty else {
        return false
      }
      members.append(quantity.expression)
    }
    for (a, b) in zip(members, members.dropFirst()) where try !expressions.areEqual(a, b) {
      return false
    }
    return true
  }

  func areEqualRelations(_ gold: RelationChain, _ prediction: RelationChain) throws(Stop) -> Bool {
    if gold.relations == [.element], prediction.relations == [.element] {
      return gold.name == prediction.name ? try areEqual(gold.last, prediction.last) : false
    }
    if gold.relations == [.element], prediction.isEquality == false {
      return try areEqualRegions(gold.last, .relation(prediction)) ?? false
    }
    if prediction.relations == [.element], !gold.isEquality {
      return try areEqualRegions(.relation(gold), prediction.last) ?? false
    }
    if gold.isEquality, prediction.isEquality { return try areEqualEquations(gold, prediction) }
    if try agreeInOrder(gold, prediction) { return true }
    if try agreeInOrder(gold, prediction.reversed) { return true }
    if let a = gold.subject, let b = prediction.subject, a == b,
      let isEqual = try areEqualRegions(.relation(gold), .relation(prediction))
    {
      return isEqual
    }
    guard gold.relations.count == 1, prediction.relations.count == 1,
      let a = gold.difference, let b = prediction.difference
    else { return false }
    if try areProportional(a, b, sign: 1) { return gold.relations == prediction.relations }
    guard gold.relations == prediction.reversed.relations else { return false }
    return try areProportional(a, b, sign: -1)
  }

  private func agreeInOrder(
    _ gold: RelationChain, _ prediction: RelationChain
  ) throws(Stop) -> Bool {
    guard gold.relations == prediction.relations else { return false }
    for (a, b) in zip(gold.members, prediction.members) where try !areEqual(a, b) { return false }
    return true
  }

  private func areEqualEquations(
    _ gold: RelationChain, _ prediction: RelationChain
  ) throws(Stop) -> Bool {
    if gold.isAssignment, prediction.isAssignment, gold.name == prediction.name,
      try areEqual(gold.last, prediction.last)
    {
      return true
    }
    guard let a = gold.difference, let b = prediction.difference, a.hasSymbols else {
      return try agreeInOrder(gold, prediction)
    }
    return try areProportional(a, b, sign: 0)
  }

  /// True if `a` is `b` times a constant other than zero, of the given sign unless that is 0.
  private func areProportional(
    _ a: Expression, _ b: Expression, sign: Int
  ) throws(Stop) -> Bool {
    let canonical = CanonicalForm(work)
    do throws(Stop) {
      let x = try canonical.form(of: a)
      let y = try canonical.form(of: b)
      let left = try x.numerator.times(y.denominator, canonical.atoms, work)
      let right = try y.numerator.times(x.denominator, canonical.atoms, work)
      if left.isZero || right.isZero { return false }
      if let ratio = try left.ratio(to: right, work) {
        return sign == 0 || (sign < 0) == ratio.isNegative
      }
      if left.constant != nil || right.constant != nil { return false }
    } catch .tooLarge {} catch .undecided {}
    guard !a.symbols.isEmpty, a.symbols == b.symbols else { return false }
    // a(x) b(y) = a(y) b(x) for all x and y means that the quotient is a constant.
    let names = a.symbols.sorted()
    func elsewhere(_ expression: Expression) -> Expression {
      names.reduce(expression) { $0.renaming($1, to: $1 + "#2") }
    }
    let left = Expression.product([a, elsewhere(b)])
    let right = Expression.product([elsewhere(a), b])
    guard try expressions.areEqual(left, right) else { return false }
    guard sign != 0 else { return true }
    var point: [String: Approximation<Double>] = [:]
    for (index, name) in names.enumerated() {
      point[name] = Approximation(0.7 + 0.31 * Double(index))
    }
    let evaluator = Evaluator<Double>(point, work)
    guard let x = try evaluator.value(of: a), let y = try evaluator.value(of: b) else {
      throw .undecided
    }
    return (x.real * y.real < 0) == (sign < 0)
  }
}

extension RelationChain {
  var isEquality: Bool { relations.allSatisfy { $0 == .equal || $0 == .approximately } }

  /// The same, read from the right.
  var reversed: RelationChain {
    RelationChain(members: members.reversed(), relations: relations.reversed().map(\.flipped))
  }

  /// Left side minus right side, of the first and the last member.
  fileprivate var difference: Expression? {
    guard case .value(let left)? = members.first, case .value(let right)? = members.last else {
      return nil
    }
    return .sum([left.expression, .negated(right.expression)])
  }

  /// What is bounded, where all other members are constants.
  var subject: Expression? {
    var subject: Expression?
    for member in members {
      guard case .value(let quantity) = member else { return nil }
      if quantity.expression.symbols.isEmpty { continue }
      guard subject == nil, quantity.expression.isSubject else { return nil }
      subject = quantity.expression
    }
    return subject
  }
}

extension Expression {
  /// A symbol, its absolute value, or a function of something.
  fileprivate var isSubject: Bool {
    switch self {
    case .symbol, .application: true
    case .function(.absolute, let parts): parts[0].isSymbol
    default: false
    }
  }
}

extension Answer {
  var isPair: Bool {
    if case .tuple(let items) = self { return items.count == 2 }
    return false
  }

  fileprivate var isSet: Bool {
    if case .set = self { return true }
    return false
  }
}
