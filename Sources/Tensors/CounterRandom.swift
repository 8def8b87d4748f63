import Foundation

/// Random numbers as a pure function of a key and a counter: nothing to save, nothing to share,
/// and the same bits whatever else runs.
///
/// Philox4x32-10 of Salmon et al. 2011, "Parallel Random Numbers: As Easy as 1, 2, 3".
public struct CounterRandom: Sendable {
  /// What numbers are drawn for; streams of different purposes never meet.
  public enum Purpose: UInt32, Sendable {
    case sampling = 1, dataOrder, initialization, generator, plugin, bootstrap, check, template
  }

  let key: (UInt32, UInt32)

  public init(seed: UInt64, purpose: Purpose) {
    // Purposes differ by a multiple of the golden ratio, so nearby seeds do not collide.
    let mixed = seed &+ UInt64(purpose.rawValue) &* 0x9E37_79B9_7F4A_7C15
    self.init(key: UInt32(truncatingIfNeeded: mixed), UInt32(truncatingIfNeeded: mixed >> 32))
  }

  init(key first: UInt32, _ second: UInt32) { key = (first, second) }

  /// 128 bits for the counter `(a, b, c, d)`, of each of which the low 32 bits count.
  public func bits(_ a: Int, _ b: Int = 0, _ c: Int = 0, _ d: Int = 0) -> SIMD4<UInt32> {
    var counter = SIMD4(
      UInt32(truncatingIfNeeded: a), UInt32(truncatingIfNeeded: b),
      UInt32(truncatingIfNeeded: c), UInt32(truncatingIfNeeded: d))
    var (k0, k1) = key
    for _ in 0..<10 {
      let p0 = counter[0].multipliedFullWidth(by: 0xD251_1F53)
      let p1 = counter[2].multipliedFullWidth(by: 0xCD9E_8D57)
      counter = SIMD4(p1.high ^ counter[1] ^ k0, p1.low, p0.high ^ counter[3] ^ k1, p0.low)
      k0 &+= 0x9E37_79B9
      k1 &+= 0xBB67_AE85
    }
    return counter
  }

  /// A number in `[0, 1)` with 53 random bits.
  public func uniform(_ a: Int, _ b: Int = 0, _ c: Int = 0, _ d: Int = 0) -> Double {
    let bits = bits(a, b, c, d)
    let high = UInt64(bits[0]) << 32 | UInt64(bits[1])
    return Double(high >> 11) * 0x1p-53
  }

  /// An integer in `0..<bound`, without bias that could be seen (bound below 2^32).
  public func integer(below bound: Int, _ a: Int, _ b: Int = 0, _ c: Int = 0, _ d: Int = 0) -> Int {
    precondition(bound > 0 && bound <= 1 << 32, "an integer below \(bound)")
    let bits = bits(a, b, c, d)
    let wide = UInt64(bits[0]) << 32 | UInt64(bits[1])
    return Int(wide.multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// A standard normal number (Box and Muller).
  public func normal(_ a: Int, _ b: Int = 0, _ c: Int = 0, _ d: Int = 0) -> Double {
    let bits = bits(a, b, c, d)
    let first = (Double(bits[0]) + 1) * 0x1p-32
    let second = Double(bits[1]) * 0x1p-32
    return (-2 * log(first)).squareRoot() * cos(2 * .pi * second)
  }
}
