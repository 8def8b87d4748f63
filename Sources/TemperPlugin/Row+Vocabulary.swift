/// Sixteen symbols at a time.
public typealias Lanes = SIMD16<Float>

// A row has as many numbers as the vocabulary has symbols, and there is one for each token, so
// what is done to all of a row is done in lanes.
extension Row {
  /// The largest log-probability.
  @inlinable public var largest: Float {
    var most = Lanes(repeating: -.infinity)
    forEachLanes { most.replace(with: $0, where: $0 .> most) }
    return most.max()
  }

  /// Calls `body` with every symbol whose log-probability is at least `threshold`, by rising id.
  ///
  /// Fast where those are few.
  @inlinable public func forEach(
    atLeast threshold: Float, _ body: (_ id: Int, _ logprob: Float) -> Void
  ) {
    let bound = Lanes(repeating: threshold)
    var first = 0
    forEachLanes { lanes in
      if any(lanes .>= bound) {
        for lane in 0..<min(Lanes.scalarCount, logprobs.count - first)
        where lanes[lane] >= threshold {
          body(first + lane, lanes[lane])
        }
      }
      first += Lanes.scalarCount
    }
  }

  /// The sum over the vocabulary of `term(p, log p)`, which is 0 where p is.
  @inlinable public func sum(_ term: (_ p: Lanes, _ logp: Lanes) -> Lanes) -> Double {
    var sum = 0.0
    var part = Lanes.zero
    var pending = 0
    forEachLanes { lanes in
      // A symbol that is not allowed is worth 0, and 0 times infinity is not.
      let logp = lanes.replacing(with: -200, where: lanes .< -200)
      part += term(exponential(logp), logp)
      pending += 1
      if pending == 64 {  // not for long in Float: a vocabulary has ten thousand such steps
        sum += Double(part.sum())
        (part, pending) = (.zero, 0)
      }
    }
    return sum + Double(part.sum())
  }

  /// Adds `scale` p to `gradient` `[vocabulary]`.
  @inlinable public func addProbabilities(
    times scale: Float, to gradient: UnsafeMutableBufferPointer<Float>
  ) {
    precondition(
      gradient.count == logprobs.count, "\(gradient.count) components, \(logprobs.count) symbols")
    let out = UnsafeMutableRawPointer(gradient.baseAddress!)
    var first = 0
    forEachLanes { lanes in
      let added = scale * exponential(lanes)
      if first + Lanes.scalarCount <= gradient.count {
        let place = out + first * MemoryLayout<Float>.stride
        place.storeBytes(of: place.loadUnaligned(as: Lanes.self) + added, as: Lanes.self)
      } else {
        for lane in 0..<gradient.count - first { gradient[first + lane] += added[lane] }
      }
      first += Lanes.scalarCount
    }
  }

  /// The whole row in order; the last lanes are filled up with `-infinity`.
  @inlinable func forEachLanes(_ body: (Lanes) -> Void) {
    guard let base = logprobs.baseAddress.map({ UnsafeRawPointer($0) }) else { return }
    let whole = logprobs.count / Lanes.scalarCount
    for block in 0..<whole {
      body((base + block * MemoryLayout<Lanes>.size).loadUnaligned(as: Lanes.self))
    }
    guard whole * Lanes.scalarCount < logprobs.count else { return }
    var rest = Lanes(repeating: -.infinity)
    for id in whole * Lanes.scalarCount..<logprobs.count {
      rest[id - whole * Lanes.scalarCount] = logprobs[id]
    }
    body(rest)
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
