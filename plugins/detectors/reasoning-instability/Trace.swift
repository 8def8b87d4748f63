import Glibc
import TemperPlugin

/// One completion's instability, token by token:
///
///     H_t = -sum p log p,   D_t = JSD(p_t, p_{t-1}),   I_t = D_t + lambda H_t
///
/// with p_t over the most probable symbols of its row, and D 0 at the first token of a turn.
struct Trace {
  /// When a trace is unstable, and what comes of it.
  enum Horizon: String { case corrective, neutral, destructive }

  let sequence: Int
  let entropies: [Double]
  let divergences: [Double]
  let instability: [Double]
  /// The first of the largest instabilities, from 0.
  let peak: Int
  /// The largest instability.
  let strength: Double

  /// `nil` for a completion of which nothing was noted.
  init?(
    _ tokens: Tokens, _ sequence: Int, temperature: Double,
    _ configuration: ReasoningInstability.Configuration
  ) {
    var (entropies, divergences): ([Double], [Double]) = ([], [])
    var previous: (symbols: LikelySymbols, p: [Double], turn: UInt32)?
    for t in tokens.trained(in: tokens.range(sequence)) {
      let symbols = LikelySymbols(tokens.oldBytes(t))
      let p = symbols.probabilities(temperature: temperature)
      guard !p.isEmpty, p.allSatisfy(\.isFinite) else { continue }
      entropies.append(p.reduce(0) { $1 > 0 ? $0 - $1 * log($1) : $0 })
      let isNext = previous?.turn == tokens.turns[t]
      divergences.append(isNext ? divergence(symbols, p, previous!.symbols, previous!.p) : 0)
      previous = (symbols, p, tokens.turns[t])
    }
    guard !entropies.isEmpty else { return nil }
    let instability = zip(divergences, entropies).map { $0 + configuration.lambda * $1 }
    strength = instability.max()!
    peak = instability.firstIndex(of: strength)!
    (self.sequence, self.entropies) = (sequence, entropies)
    (self.divergences, self.instability) = (divergences, instability)
  }

  /// Of the peak, from above 0 to 1 at the last token.
  var position: Double { Double(peak + 1) / Double(instability.count) }

  func strength(within length: Int) -> Double { instability.prefix(length).max()! }

  func horizon(_ configuration: ReasoningInstability.Configuration) -> Horizon {
    let rest = instability[(peak + 1)...]
    let lasting = rest.count { $0 > configuration.lasting * strength }
    if position >= configuration.late
      || Double(lasting) > configuration.lastingShare * Double(rest.count)
    {
      return .destructive
    }
    guard position <= configuration.early else { return .neutral }
    let after = Array(instability.dropFirst(peak + 1 + configuration.settling)).mean
    let before = Array(instability.prefix(peak)).mean
    guard let after else { return .neutral }
    return after <= before ?? strength ? .corrective : .neutral
  }
}

/// Jensen and Shannon's of two distributions over symbols by rising id, in nats: from 0 to log 2.
private func divergence(
  _ a: LikelySymbols, _ p: [Double], _ b: LikelySymbols, _ q: [Double]
) -> Double {
  func term(_ x: Double, _ middle: Double) -> Double { x > 0 ? x * log(x / middle) : 0 }
  var (sum, i, j) = (0.0, 0, 0)
  while i < p.count || j < q.count {
    let isInA = i < p.count && (j >= q.count || a.symbols[i].id <= b.symbols[j].id)
    let isInB = j < q.count && (i >= p.count || b.symbols[j].id <= a.symbols[i].id)
    let (x, y) = (isInA ? p[i] : 0, isInB ? q[j] : 0)
    let middle = (x + y) / 2
    sum += term(x, middle) + term(y, middle)
    i += isInA ? 1 : 0
    j += isInB ? 1 : 0
  }
  return min(max(sum / 2, 0), log(2))
}
