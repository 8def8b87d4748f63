/// A real number of 128 bits, about 38 decimal digits, whose exponent is a machine word: powers
/// that no double and no exact integer can hold still have their leading digits.
struct Quad: Sendable, Equatable {
  /// The top bit is set; 0 for zero.
  private(set) var significand: UInt128
  /// The value is `significand * 2^(exponent - 127)`.
  private(set) var exponent: Int
  private(set) var isNegative: Bool

  /// Exponents beyond this become infinite, or zero.
  static let largestExponent = 1 << 58

  static let zero = Quad(significand: 0, exponent: 0, isNegative: false)
  static let one = Quad(1.0)
  static let infinity = Quad(
    significand: 1 << 127, exponent: largestExponent + 1, isNegative: false)
  static let pi = Quad(
    significand: 0xC90F_DAA2_2168_C234_C4C6_628B_80DC_1CD1, exponent: 1, isNegative: false)
  static let logarithmOf2 = Quad(
    significand: 0xB172_17F7_D1CF_79AB_C9E3_B398_03F2_F6AF, exponent: -1, isNegative: false)

  private init(significand: UInt128, exponent: Int, isNegative: Bool) {
    (self.significand, self.exponent, self.isNegative) = (significand, exponent, isNegative)
  }

  /// `significand * 2^(exponent - 127)` for a significand of any size.
  init(normalizing significand: UInt128, exponent: Int, isNegative: Bool) {
    guard significand != 0, exponent > -Self.largestExponent else {
      self = .zero
      return
    }
    let shift = significand.leadingZeroBitCount
    guard exponent <= Self.largestExponent else {
      self = .infinity
      self.isNegative = isNegative
      return
    }
    self.init(
      significand: significand << UInt128(shift), exponent: exponent - shift,
      isNegative: isNegative)
  }

  init(_ value: Double) {
    guard value.isFinite else {
      self = .infinity
      isNegative = value < 0
      return
    }
    guard value != 0 else {
      self = .zero
      return
    }
    let bits = UInt128(value.significand * 0x1p52)
    self.init(normalizing: bits, exponent: Int(value.exponent) + 75, isNegative: value < 0)
  }

  init(_ value: Quad) { self = value }

  /// The leading bits of a whole number.
  init(_ value: BigInteger) {
    let limbs = value.magnitude.limbs
    guard let top = limbs.last else {
      self = .zero
      return
    }
    func limb(_ fromTop: Int) -> UInt {
      fromTop < limbs.count ? limbs[limbs.count - 1 - fromTop] : 0
    }
    let shift = top.leadingZeroBitCount
    var bits = UInt128(top) << 64 | UInt128(limb(1))
    if shift > 0 { bits = bits << UInt128(shift) | UInt128(limb(2) >> UInt(64 - shift)) }
    self.init(
      significand: bits, exponent: limbs.count * 64 - 1 - shift, isNegative: value.isNegative)
  }

  init(_ value: Rational) {
    self = Quad(value.numerator)
    if !value.denominator.isOne { self = self / Quad(value.denominator) }
  }

  var isZero: Bool { significand == 0 }
  var isFinite: Bool { exponent <= Self.largestExponent }
  var magnitudeExponent: Int { isZero ? lowestExponent : exponent }
  var quad: Quad { self }

  var double: Double {
    guard !isZero else { return 0 }
    guard exponent < 1024 else { return isNegative ? -.infinity : .infinity }
    guard exponent > -1075 else { return 0 }
    let magnitude = Double(
      sign: .plus, exponent: exponent - 63, significand: Double(UInt64(significand >> 64)))
    return isNegative ? -magnitude : magnitude
  }

  /// The value times two to the power of `places`.
  func scaled(by places: Int) -> Quad {
    isZero
      ? self
      : Quad(normalizing: significand, exponent: exponent + places, isNegative: isNegative)
  }

  static prefix func - (a: Quad) -> Quad {
    Quad(significand: a.significand, exponent: a.exponent, isNegative: !a.isNegative && !a.isZero)
  }

  static func + (a: Quad, b: Quad) -> Quad {
    if a.isZero { return b }
    if b.isZero { return a }
    guard a.isFinite, b.isFinite else { return a.isFinite ? b : a }
    let (big, small) =
      (a.exponent, a.significand) < (b.exponent, b.significand) ? (b, a) : (a, b)
    let distance = big.exponent - small.exponent
    guard distance < 128 else { return big }
    let aligned = small.significand >> UInt128(distance)
    if a.isNegative == b.isNegative {
      let (sum, overflow) = big.significand.addingReportingOverflow(aligned)
      return overflow
        ? Quad(
          normalizing: sum >> 1 | 1 << 127, exponent: big.exponent + 1, isNegative: a.isNegative)
        : Quad(significand: sum, exponent: big.exponent, isNegative: a.isNegative)
    }
    return Quad(
      normalizing: big.significand - aligned, exponent: big.exponent, isNegative: big.isNegative)
  }

  static func - (a: Quad, b: Quad) -> Quad { a + -b }

  static func * (a: Quad, b: Quad) -> Quad {
    guard !a.isZero, !b.isZero else { return .zero }
    let (high, low) = fullProduct(a.significand, b.significand)
    let isNegative = a.isNegative != b.isNegative
    let exponent = a.exponent + b.exponent
    if high >> 127 == 1 {
      return Quad(normalizing: high, exponent: exponent + 1, isNegative: isNegative)
    }
    return Quad(
      normalizing: high << 1 | low >> 127, exponent: exponent, isNegative: isNegative)
  }

  /// By Newton's iteration from the quotient of doubles.
  static func / (a: Quad, b: Quad) -> Quad {
    guard !b.isZero else { return .infinity }
    guard !a.isZero else { return .zero }
    guard b.isFinite else { return .zero }
    let unit = Quad(significand: b.significand, exponent: 0, isNegative: false)
    let two = Quad(2.0)
    var inverse = Quad(1 / unit.double)
    for _ in 0..<2 { inverse = inverse * (two - unit * inverse) }
    var quotient = a * inverse.scaled(by: -b.exponent)
    quotient.isNegative = a.isNegative != b.isNegative && !quotient.isZero
    // One step on the quotient itself takes away the last rounding of the inverse.
    let rest = a - quotient * b
    return quotient + (rest * inverse.scaled(by: -b.exponent)).signed(by: b)
  }

  private func signed(by other: Quad) -> Quad { other.isNegative ? -self : self }

  /// The 256 bits of a product. The generic one of the standard library is many times slower.
  @inline(__always)
  private static func fullProduct(_ a: UInt128, _ b: UInt128) -> (high: UInt128, low: UInt128) {
    let (a1, a0) = (UInt64(truncatingIfNeeded: a >> 64), UInt64(truncatingIfNeeded: a))
    let (b1, b0) = (UInt64(truncatingIfNeeded: b >> 64), UInt64(truncatingIfNeeded: b))
    func wide(_ x: UInt64, _ y: UInt64) -> UInt128 {
      let (high, low) = x.multipliedFullWidth(by: y)
      return UInt128(high) << 64 | UInt128(low)
    }
    let (low, high) = (wide(a0, b0), wide(a1, b1))
    let (first, second) = (wide(a1, b0), wide(a0, b1))
    let mask = UInt128(UInt64.max)
    let middle = (low >> 64) &+ (first & mask) &+ (second & mask)
    return (
      high &+ (first >> 64) &+ (second >> 64) &+ (middle >> 64), middle << 64 | low & mask
    )
  }
}
