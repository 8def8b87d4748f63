import TemperPlugin

/// The rewards of several verifiers, side by side.
struct RewardComponents {
  private let columns: [(name: String, values: [Double])]

  init(_ outcomes: Outcomes) {
    columns = outcomes.components.map { ($0.name, $0.rewards.map { Double($0) }) }
  }

  /// `[sequences]`
  func values(of name: String) -> [Double]? { columns.first { $0.name == name }?.values }

  func mean(of name: String) -> Double? { values(of: name)?.filter(\.isFinite).mean }

  /// The one with the largest share of the variance within groups; `nil` for fewer than two, and
  /// where nothing varies.
  func dominant(_ groups: [[Int]]) -> (name: String, share: Double)? {
    guard columns.count > 1 else { return nil }
    let variances = columns.map { column in
      groups.reduce(0.0) { sum, members in
        let values = members.map { column.values[$0] }.filter(\.isFinite)
        guard let mean = values.mean else { return sum }
        return sum + values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      }
    }
    let total = variances.reduce(0, +)
    guard total > 0, let most = variances.places(ofLargest: 1).first else { return nil }
    return (columns[most].name, variances[most] / total)
  }

  /// The share of pairs in a group that two verifiers put in opposite order.
  func conflict(_ groups: [[Int]]) -> Double {
    var (pairs, opposed) = (0, 0)
    for (first, a) in columns.enumerated() {
      for b in columns[(first + 1)...] {
        for members in groups {
          for (place, i) in members.enumerated() {
            for j in members[(place + 1)...] {
              let order = (a.values[i] - a.values[j]) * (b.values[i] - b.values[j])
              guard order.isFinite else { continue }
              pairs += 1
              if order < 0 { opposed += 1 }
            }
          }
        }
      }
    }
    return Double(opposed) / Double(max(pairs, 1))
  }

  /// The share of groups whose best completions are others when the weights, equal ones, are moved
  /// by `shift` in L1 from one verifier to another.
  func sensitivity(_ groups: [[Int]], shift: Double, tolerance: Double) -> Double {
    let even = columns.map { _ in 1 / Double(columns.count) }
    let isChanged = groups.map { members in
      let best = optima(members, weights: even, tolerance)
      return columns.indices.contains { from in
        columns.indices.contains { to in
          var weights = even
          weights[from] -= shift / 2
          weights[to] += shift / 2
          return from != to && optima(members, weights: weights, tolerance) != best
        }
      }
    }
    return Double(isChanged.count(where: \.self)) / Double(max(groups.count, 1))
  }

  private func optima(_ members: [Int], weights: [Double], _ tolerance: Double) -> [Bool] {
    RewardGroup.optima(
      members.map { s in zip(columns, weights).reduce(0) { $0 + $1.1 * $1.0.values[s] } }, tolerance
    )
  }
}
