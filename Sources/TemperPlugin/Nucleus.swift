import Glibc

/// The most probable symbols of a row: as many as it takes for their probabilities to reach a mass
/// (top-p). Of equally probable symbols the lower id comes first.
public struct Nucleus {
  public private(set) var count = 0
  /// What the members' probabilities come to.
  public private(set) var mass = 0.0
  /// Nats, of the members' probabilities divided by their mass; 0 where there is no member.
  public private(set) var entropy = 0.0
  /// The last member in the ranking.
  private var last: Symbol
  /// sum p log p over the members.
  private var weighted = 0.0

  private struct Symbol {
    let id: Int
    let logprob: Float
  }

  /// The vocabulary is not sorted: the crossing is narrowed down to a few symbols by sums over the
  /// row, mostly in one pass.
  ///
  /// - Parameters:
  ///   - reaching: the mass. Rows come in Float: what is a millionth short of it has reached it.
  ///   - atMost: members, whether or not they reach it.
  ///   - withCrossing: the symbol with which the mass is reached is a member.
  public init(of row: Row, reaching: Double, atMost: Int, withCrossing: Bool) {
    let mass = reaching - 1e-6
    func reaches(_ sums: Sums) -> Bool { sums.mass >= mass || sums.count >= atMost }
    // All above `high` are members, and the last one lies in low..<high.
    var (low, high) = (row.largest - 4, Float.infinity)
    var above = Sums()
    var through = Sums(row, atLeast: low)
    for depth: Float in [8, 16, 32, 200] where !reaches(through) {
      (high, above) = (low, through)
      low = row.largest - depth
      through = Sums(row, atLeast: low)
    }
    if !reaches(through) { (high, above) = (low, through) }  // no more than rounding is missing
    while through.count - above.count > 256 {
      let middle = (low + min(high, 0)) / 2
      guard middle > low, middle < high else { break }  // all of them tie
      let sums = Sums(row, atLeast: middle)
      if reaches(sums) { (low, through) = (middle, sums) } else { (high, above) = (middle, sums) }
    }

    (count, self.mass, weighted) = (above.count, above.mass, above.weighted)
    last = Symbol(id: .max, logprob: high)
    var symbols: [Symbol] = []
    row.forEach(atLeast: low) { if $1 < high { symbols.append(Symbol(id: $0, logprob: $1)) } }
    symbols.sort { ($1.logprob, $0.id) < ($0.logprob, $1.id) }
    for symbol in symbols where count < atMost && self.mass < mass {
      let p = exp(Double(symbol.logprob))
      guard withCrossing || self.mass + p < mass else { break }
      (count, last) = (count + 1, symbol)
      self.mass += p
      weighted += p * Double(symbol.logprob)
    }
    // One symbol has none, to the last bit: rows that are alike must tie.
    entropy = count > 1 ? max(log(self.mass) - weighted / self.mass, 0) : 0
  }

  /// Whether a symbol of the row is a member.
  public func contains(_ id: Int, of row: Row) -> Bool {
    let logprob = row.logprobs[id]
    return logprob > last.logprob || logprob == last.logprob && id <= last.id
  }

  /// Adds `scale` times the entropy's gradient in the logits, -q (log q + H) for members and 0 for
  /// others, to `gradient` `[vocabulary]`.
  public func addEntropyGradient(
    of row: Row, times scale: Double, to gradient: UnsafeMutableBufferPointer<Float>
  ) {
    guard count > 1 else { return }
    // log q + H = log p - sum p log p / mass
    let (mean, factor) = (Float(weighted / mass), Float(-scale / mass))
    row.add(to: gradient, atLeast: last.logprob.nextUp) { p, logp in factor * p * (logp - mean) }
    let tied = factor * exp(last.logprob) * (last.logprob - mean)
    row.forEach(atLeast: last.logprob) { id, logprob in
      if logprob == last.logprob, id <= last.id { gradient[id] += tied }
    }
  }

  /// Of the symbols from a log-probability on.
  private struct Sums {
    var count = 0
    var mass = 0.0
    var weighted = 0.0

    init() {}

    init(_ row: Row, atLeast threshold: Float) {
      let bound = Lanes(repeating: threshold)
      var (counts, masses, weights) = (Lanes.zero, Lanes.zero, Lanes.zero)
      row.forEachLanes { first, lanes in
        let isCounted = lanes .>= bound
        guard any(isCounted) else { return }
        let logp = lanes.replacing(with: -200, where: .!isCounted)
        let p = exponential(logp)
        counts += Lanes.zero.replacing(with: 1, where: isCounted)
        masses += p
        weights += p * logp
        if first % (64 * Lanes.scalarCount) == 0 {  // not for long in Float
          add(counts, masses, weights)
          (counts, masses, weights) = (.zero, .zero, .zero)
        }
      }
      add(counts, masses, weights)
    }

    private mutating func add(_ counts: Lanes, _ masses: Lanes, _ weights: Lanes) {
      count += Int(counts.sum())
      mass += Double(masses.sum())
      weighted += Double(weights.sum())
    }
  }
}
