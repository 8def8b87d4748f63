extension AnswerEquality {
  /// Lists, sets, tuples, matrices and single values against each other.
  func areEqualCollections(_ gold: Answer, _ prediction: Answer) throws(Stop) -> Bool {
    switch (gold, prediction) {
    case (.value(let a), .value(let b)): return try areEqualQuantities(a, b)

    case (.list(let a, _), .list(let b, _)): return try areEqualLists(a, b)
    case (.set(let a), .set(let b)), (.set(let a), .list(let b, _)), (.list(let a, _), .set(let b)):
      return try haveSameElements(a, b)
    case (.tuple(let a), .tuple(let b)): return try agreeInOrder(a, b)
    case (.tuple(let a), .list(let b, _)):
      return try agreeInOrder(a, b.valuesByIndex ?? b.map(\.unnamed))
    case (.list(let a, _), .tuple(let b)):
      return try agreeInOrder(a.valuesByIndex ?? a.map(\.unnamed), b)

    case (.value(let quantity), .tuple(let items)):
      guard let entries = quantity.expression.vector else { return false }
      return try agreeInOrder(entries, items)
    case (.tuple(let items), .value(let quantity)):
      guard let entries = quantity.expression.vector else { return false }
      return try agreeInOrder(items, entries)

    case (.value, .list(let items, let style)):
      if let reading = style.decimalReading {
        let value = Answer.value(Quantity(.decimal(reading)))
        if try areEqual(gold, value) { return true }
      }
      for item in items where try !areEqual(gold, item.unnamed) { return false }
      return true
    case (.list(_, let style), .value):
      guard let reading = style.decimalReading else { return false }
      return try areEqual(.value(Quantity(.decimal(reading))), prediction)
    case (.set(let items), .value), (.list(let items, _), .value):
      return items.count == 1 ? try areEqual(items[0], prediction) : false
    case (.value, .set(let items)), (.tuple, .set(let items)):
      return items.count == 1 ? try areEqual(gold, items[0]) : false
    case (.set(let items), .tuple):
      return items.count == 1 ? try areEqual(items[0], prediction) : false
    default: return false
    }
  }

  /// Lists without brackets: as multisets, those of tuples as sets; in order where names or an
  /// ellipsis give the items a place.
  private func areEqualLists(_ gold: [Answer], _ prediction: [Answer]) throws(Stop) -> Bool {
    if gold.contains(where: \.isEllipsis) || prediction.contains(where: \.isEllipsis) {
      return try agreeInOrder(gold, prediction)
    }
    let areNamed = gold.allSatisfy(\.isRelation)
    if areNamed == prediction.allSatisfy(\.isRelation), areNamed {
      return try areEqualMultisets(gold, prediction)
    }
    let (a, b) = (gold.map(\.unnamed), prediction.map(\.unnamed))
    let named = areNamed ? gold : prediction
    if named.allSatisfy(\.isRelation), named.haveDifferentNames { return try agreeInOrder(a, b) }
    return try areEqualMultisets(a, b)
  }

  private func areEqualMultisets(_ gold: [Answer], _ prediction: [Answer]) throws(Stop) -> Bool {
    if gold.contains(where: \.isTuple) { return try haveSameElements(gold, prediction) }
    guard gold.count == prediction.count else { return false }
    return try match(gold, prediction)
  }

  func agreeInOrder(_ gold: [Answer], _ prediction: [Answer]) throws(Stop) -> Bool {
    guard gold.count == prediction.count else { return false }
    for (a, b) in zip(gold, prediction) where try !areEqual(a, b) { return false }
    return true
  }

  /// As sets: every element of each is one of the other.
  private func haveSameElements(_ gold: [Answer], _ prediction: [Answer]) throws(Stop) -> Bool {
    let gold = gold.map(\.unnamed), prediction = prediction.map(\.unnamed)
    if gold.count == prediction.count, try match(gold, prediction) { return true }
    var used = Set<Int>()
    for item in prediction {
      var isFound = false
      for (index, other) in gold.enumerated() where try areEqual(other, item) {
        used.insert(index)
        isFound = true
      }
      if !isFound { return false }
    }
    return used.count == gold.count
  }

  /// True if the items can be paired so that each pair is equal.
  ///
  /// Up to 12 items by augmenting paths, so that two roots with nearly equal values are not paired
  /// wrongly; more of them after sorting by their approximate values.
  private func match(_ gold: [Answer], _ prediction: [Answer]) throws(Stop) -> Bool {
    guard gold.count <= 12 else {
      if try agreeInOrder(gold, prediction) { return true }
      return try agreeInOrder(sorted(gold), sorted(prediction))
    }
    var partners = [Int](repeating: -1, count: prediction.count)
    var known: [[Bool?]] = gold.map { _ in prediction.map { _ in nil } }
    for index in gold.indices {
      var visited = Set<Int>()
      guard try augment(index, gold, prediction, &partners, &known, &visited) else { return false }
    }
    return true
  }

  private func augment(
    _ index: Int, _ gold: [Answer], _ prediction: [Answer], _ partners: inout [Int],
    _ known: inout [[Bool?]], _ visited: inout Set<Int>
  ) throws(Stop) -> Bool {
    for other in prediction.indices where !visited.contains(other) {
      if known[index][other] == nil {
        known[index][other] = try areEqual(gold[index], prediction[other])
      }
      guard known[index][other] == true else { continue }
      visited.insert(other)
      if partners[other] >= 0 {
        let old = partners[other]
        guard try augment(old, gold, prediction, &partners, &known, &visited) else { continue }
      }
      partners[other] = index
      return true
    }
    return false
  }

  private func sorted(_ items: [Answer]) throws(Stop) -> [Answer] {
    var keyed: [(key: Double, item: Answer)] = []
    let evaluator = Evaluator<Double>([:], work)
    for item in items {
      var key = 0.0
      if case .value(let quantity) = item {
        key = try evaluator.value(of: quantity.expression)?.real ?? 0
      }
      keyed.append((key.isNaN ? 0 : key, item))
    }
    return keyed.sorted { $0.key < $1.key }.map(\.item)
  }
}

extension Answer {
  fileprivate var isEllipsis: Bool {
    if case .ellipsis = self { return true }
    return false
  }

  fileprivate var isTuple: Bool {
    if case .tuple = self { return true }
    return false
  }

  /// The value of an assignment; anything else is itself.
  var unnamed: Answer {
    if case .relation(let chain) = self, chain.isAssignment, chain.isEquality { return chain.last }
    if case .list(let items, _) = self, items.allSatisfy(\.isRelation) {
      return .tuple(items.map(\.unnamed))
    }
    return self
  }

}

extension [Answer] {
  fileprivate var names: [String] {
    compactMap { item in
      if case .relation(let chain) = item { return chain.name }
      return nil
    }
  }

  /// True if no two assignments have one name, nor names that differ in an index alone.
  fileprivate var haveDifferentNames: Bool {
    let stems = names.map { $0.prefix { $0 != "_" } }
    return Set(stems).count == count
  }

  /// The values of `x_1 = 2, x_2 = 3` in the order of their indices.
  fileprivate var valuesByIndex: [Answer]? {
    var indexed: [(index: Int, value: Answer)] = []
    for item in self {
      guard case .relation(let chain) = item, let mark = chain.name.firstIndex(of: "_"),
        let index = Int(chain.name[chain.name.index(after: mark)...])
      else { return nil }
      indexed.append((index, item.unnamed))
    }
    return indexed.sorted { $0.index < $1.index }.map(\.value)
  }
}

extension Expression {
  /// The entries of a row or a column.
  fileprivate var vector: [Answer]? {
    guard case .matrix(let rows) = self else { return nil }
    if rows.count == 1 { return rows[0].map { .value(Quantity($0)) } }
    return rows[0].count == 1 ? rows.map { .value(Quantity($0[0])) } : nil
  }
}
