import Glibc
import TemperPlugin

/// How the gradient in the logits is spread over tokens.
///
/// For a coefficient c on `log p_a`, with p at the training temperature:
///
///     |grad|^2 = c^2 (1 - 2 p_a + sum_v p_v^2),   between 0 and 2 c^2
///
/// so that improbable tokens with a large |c| outweigh all others.
struct LogitMass {
  /// Of a token.
  let mean: Double
  /// Of the 1% of the tokens, at least one, with the largest.
  let topShare: Double
  /// Their mean probability.
  let topProbability: Double
  /// The share of tokens with a negative advantage and a probability below the bound.
  let lowNegative: Double

  /// `nil` where there are no rows.
  init?(of seen: Observation, lowProbability: Double) {
    let rows = seen.logits.compactMap { row -> (mass: Double, p: Double, c: Double)? in
      guard let sums = Self.sums(row, seen.temperature), row.advantage.isFinite else { return nil }
      let mass = row.advantage * row.advantage * max(1 - 2 * sums.p + sums.squares, 0)
      return (mass, sums.p, row.advantage)
    }
    guard !rows.isEmpty else { return nil }
    let masses = rows.map(\.mass)
    let total = masses.reduce(0, +)
    mean = total / Double(rows.count)
    let top = masses.places(ofLargest: max(1, rows.count / 100))
    topShare = total > 0 ? top.reduce(0) { $0 + masses[$1] } / total : 0
    topProbability = top.reduce(0) { $0 + rows[$1].p } / Double(top.count)
    lowNegative =
      Double(rows.count { $0.c < 0 && $0.p < lowProbability }) / Double(rows.count)
  }

  /// The token's probability and the sum of all squared; `nil` where they are not finite.
  private static func sums(
    _ row: LogitRow, _ temperature: Double
  ) -> (p: Double, squares: Double)? {
    guard let largest = row.logits.max(), largest.isFinite, row.logits.indices.contains(row.token)
    else { return nil }
    var (norm, squares) = (0.0, 0.0)
    for logit in row.logits {
      let weight = exp(Double(logit - largest) / temperature)
      norm += weight
      squares += weight * weight
    }
    guard norm.isFinite else { return nil }
    let p = exp(Double(row.logits[row.token] - largest) / temperature) / norm
    return (p, squares / (norm * norm))
  }
}
