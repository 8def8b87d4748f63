/// Sixteen symbols at a time.
public typealias Lanes = SIMD16<Float>

// A row has as many numbers as the vocabulary has symbols, and there is one for each token, so
// what is done to all of a row is done in lanes.
extension Row {
  /// The largest log-probability.
  @inlinable public var largest: Float {
    var most = Lanes(repeating: -.infinity)
    forEachLanes { _, lanes in most.replace(with: lanes, where: lanes .> most) }
    return most.max()
  }

  /// Calls `body` with every symbol whose log-probability is at least `threshold`, by rising id.
  ///
  /// Fast where those are few.
  @inlinable public func forEach(
    atLeast threshold: Float, _ body: (_ id: Int, _ logprob: Float) -> Void
  ) {
    let bound = Lanes(repeating: threshold)
    forEachLanes { first, lanes in
      guard any(lanes .>= bound) else { return }
      for lane in 0..<min(Lanes.scalarCount, logprobs.count - first)
      where lanes[lane] >= threshold {
        body(first + lane, lanes[lane])
      }
    }
  }

  /// The sum of `term(p, log p)` over the symbols whose log-probability is at least `threshold`.
  ///
  /// - Parameter term: 0 where p is 0; a log-probability below -200 comes as -200.
  @inlinable public func sum(
    atLeast threshold: Float = -.infinity, _ term: (_ p: Lanes, _ logp: Lanes) -> Lanes
  ) -> Double {
    let bound = Lanes(repeating: threshold)
    var sum = 0.0
    var part = Lanes.zero
    forEachLanes { first, lanes in
      let isCounted = lanes .>= bound
      guard any(isCounted) else { return }
      // A symbol that is not allowed is worth 0, and 0 times infinity is not.
      let logp = lanes.replacing(with: -200, where: lanes .< -200)
      part += term(exponential(logp), logp).replacing(with: 0, where: .!isCounted)
      if first % (64 * Lanes.scalarCount) == 0 {  // not for long in Float
        sum += Double(part.sum())
        part = .zero
      }
    }
    return sum + Double(part.sum())
  }

  /// Adds `term(p, log p)` to the components of `gradient` `[vocabulary]` whose symbols have a
  /// log-probability of at least `threshold`.
  @inlinable public func add(
    to gradient: UnsafeMutableBufferPointer<Float>, atLeast threshold: Float = -.infinity,
    _ term: (_ p: Lanes, _ logp: Lanes) -> Lanes
  ) {
    precondition(
      gradient.count == logprobs.count, "\(gradient.count) components, \(logprobs.count) symbols")
    let bound = Lanes(repeating: threshold)
    let out = UnsafeMutableRawPointer(gradient.baseAddress!)
    forEachLanes { first, lanes in
      let isCounted = lanes .>= bound
      guard any(isCounted) else { return }
      let logp = lanes.replacing(with: -200, where: lanes .< -200)
      let added = term(exponential(logp), logp).replacing(with: 0, where: .!isCounted)
      if first + Lanes.scalarCount <= gradient.count {
        let place = out + first * MemoryLayout<Float>.stride
        place.storeBytes(of: place.loadUnaligned(as: Lanes.self) + added, as: Lanes.self)
      } else {
        for lane in 0..<gradient.count - first { gradient[first + lane] += added[lane] }
      }
    }
  }

  /// The whole row in order; the last lanes are filled up with `-infinity`.
  @inlinable func forEachLanes(_ body: (_ first: Int, _ lanes: Lanes) -> Void) {
    guard let base = logprobs.baseAddress.map({ UnsafeRawPointer($0) }) else { return }
    let whole = logprobs.count - logprobs.count % Lanes.scalarCount
    for first in stride(from: 0, to: whole, by: Lanes.scalarCount) {
      let place = base + first * MemoryLayout<Float>.stride
      body(first, place.loadUnaligned(as: Lanes.self))
    }
    guard whole < logprobs.count else { return }
    var rest = Lanes(repeating: -.infinity)
    for id in whole..<logprobs.count { rest[id - whole] = logprobs[id] }
    body(whole, rest)
  }
}

/// exp, to two units in the last place; 0 below -87.
///
/// Cephes' `expf`: x = n log 2 + r, and a polynomial in r.
@inlinable func exponential(_ x: Lanes) -> Lanes {
  let bounded = x.replacing(with: -87, where: x .< -87)
  // Adding 1.5 * 2^23 rounds to the nearest whole number, and leaves it in the lowest bits.
  let magic: Float = 12_582_912
  let shifted = bounded * 1.442_695_04 + magic
  let n = shifted - magic
  let r = (bounded - n * 0.693_359_375) + n * 2.121_944_4e-4
  var power = Lanes(repeating: 1.987_569_15e-4)
  power = power * r + 1.398_199_95e-3
  power = power * r + 8.333_451_9e-3
  power = power * r + 4.166_579_6e-2
  power = power * r + 1.666_666_55e-1
  power = power * r + 5.000_000_1e-1
  power = power * (r * r) + r + 1
  let exponent = unsafeBitCast(shifted, to: SIMD16<Int32>.self) &<< 23
  let result = unsafeBitCast(
    unsafeBitCast(power, to: SIMD16<Int32>.self) &+ exponent, to: Lanes.self)
  return result.replacing(with: 0, where: x .< -87)
}
