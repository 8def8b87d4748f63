/// An exact quotient of whole numbers.
///
/// Quotients of long numbers stay unreduced, because a greatest common divisor costs more than all
/// the rest; so compare with ``equals(_:_:)``.
struct Rational: Hashable, Sendable {
  let numerator: BigInteger
  /// Positive.
  let denominator: BigInteger

  static let zero = Rational(0)
  static let one = Rational(1)

  /// Words above which a quotient stays unreduced.
  private static let reducible = 16

  init(_ value: Int) { (numerator, denominator) = (BigInteger(value), .one) }

  init(_ value: BigInteger) { (numerator, denominator) = (value, .one) }

  init(_ numerator: BigInteger, over denominator: BigInteger, _ work: Work) throws(Stop) {
    guard !denominator.isZero else { throw .undefined }
    var (top, bottom) =
      denominator.isNegative ? (-numerator, -denominator) : (numerator, denominator)
    if !bottom.isOne, top.words <= Self.reducible, bottom.words <= Self.reducible {
      let words = top.words + bottom.words
      try work.spend(words > 2 ? words * words * 16 : 1)
      let divisor = BigInteger.gcd(top, bottom)
      if !divisor.isOne {
        (top, bottom) = (
          top.dividedRounded(by: divisor).quotient, bottom.dividedRounded(by: divisor).quotient
        )
      }
    } else if top.isZero {
      bottom = .one
    }
    (self.numerator, self.denominator) = (top, bottom)
  }

  var isZero: Bool { numerator.isZero }
  var isNegative: Bool { numerator.isNegative }

  /// The value, where it is a whole number.
  var integer: BigInteger? {
    if denominator.isOne { return numerator }
    guard denominator.words > Self.reducible || numerator.words > Self.reducible else { return nil }
    let (quotient, remainder) = numerator.dividedRounded(by: denominator)
    return remainder.isZero ? quotient : nil
  }

  /// The value, where it is a whole number that fits a machine word.
  var int: Int? { integer?.int }

  var negated: Rational { Rational(inLowestTerms: -numerator, denominator) }
  var magnitude: Rational { isNegative ? negated : self }

  /// - Parameter denominator: positive.
  init(inLowestTerms numerator: BigInteger, _ denominator: BigInteger) {
    (self.numerator, self.denominator) = (numerator, denominator)
  }

  func plus(_ other: Rational, _ work: Work) throws(Stop) -> Rational {
    if denominator == other.denominator {
      try work.spend(numerator.words)
      let sum = numerator + other.numerator
      return denominator.isOne
        ? Rational(sum) : try Rational(sum, over: denominator, work)
    }
    let sum =
      try numerator.times(other.denominator, work)
      + other.numerator.times(denominator, work)
    return try Rational(sum, over: denominator.times(other.denominator, work), work)
  }

  func minus(_ other: Rational, _ work: Work) throws(Stop) -> Rational {
    try plus(other.negated, work)
  }

  func times(_ other: Rational, _ work: Work) throws(Stop) -> Rational {
    let product = try numerator.times(other.numerator, work)
    if denominator.isOne, other.denominator.isOne { return Rational(product) }
    return try Rational(product, over: denominator.times(other.denominator, work), work)
  }

  func over(_ other: Rational, _ work: Work) throws(Stop) -> Rational {
    try Rational(
      numerator.times(other.denominator, work), over: denominator.times(other.numerator, work),
      work)
  }

  /// An integer power. Throws ``Stop/undefined`` for zero to a negative one.
  func power(_ exponent: Int, _ work: Work) throws(Stop) -> Rational {
    let top = try numerator.power(exponent.magnitude, work)
    let bottom = try denominator.power(exponent.magnitude, work)
    if exponent >= 0 { return Rational(inLowestTerms: top, bottom) }
    guard !top.isZero else { throw .undefined }
    return top.isNegative
      ? Rational(inLowestTerms: -bottom, -top) : Rational(inLowestTerms: bottom, top)
  }

  func equals(_ other: Rational, _ work: Work) throws(Stop) -> Bool {
    if self == other { return true }
    return try compare(other, work) == 0
  }

  /// Negative, zero or positive, as `self - other` is.
  func compare(_ other: Rational, _ work: Work) throws(Stop) -> Int {
    if isNegative != other.isNegative { return isNegative ? -1 : 1 }
    let left = try numerator.times(other.denominator, work)
    let right = try other.numerator.times(denominator, work)
    return left < right ? -1 : left == right ? 0 : 1
  }

  /// True if its decimal expansion ends.
  func terminates(_ work: Work) throws(Stop) -> Bool {
    var rest = denominator
    for prime in [BigInteger(10), BigInteger(2), BigInteger(5)] {
      while !rest.isOne {
        try work.spend(rest.words + 1)
        let (quotient, remainder) = rest.dividedRounded(by: prime)
        guard remainder.isZero else { break }
        rest = quotient
      }
    }
    return rest.isOne
  }
}

extension BigInteger {
  func times(_ other: BigInteger, _ work: Work) throws(Stop) -> BigInteger {
    try work.spend(words * other.words)
    guard words + other.words < 3 || bits + other.bits <= Self.maximumBits + 64 else {
      throw .tooLarge
    }
    return self * other
  }

  /// By repeated squaring; nothing larger than ``maximumBits`` is built.
  func power(_ exponent: UInt, _ work: Work) throws(Stop) -> BigInteger {
    if exponent == 0 || isOne { return .one }
    if isZero || exponent == 1 { return self }
    if self == BigInteger(-1) { return exponent & 1 == 0 ? .one : self }
    let (size, overflow) = (bits - 1).multipliedReportingOverflow(by: Int(clamping: exponent))
    guard !overflow, size <= Self.maximumBits else { throw .tooLarge }
    var (result, base, rest) = (BigInteger.one, self, exponent)
    while true {
      if rest & 1 == 1 { result = try result.times(base, work) }
      rest >>= 1
      if rest == 0 { return result }
      base = try base.times(base, work)
    }
  }

  /// The product `low * (low + 1) * ... * high`; one where `low` is above `high`.
  static func product(_ low: Int, through high: Int, _ work: Work) throws(Stop) -> BigInteger {
    var result = BigInteger.one
    var chunk = 1
    var factor = low
    while factor <= high {
      try work.spend()
      let (product, overflow) = chunk.multipliedReportingOverflow(by: factor)
      if overflow {
        result = try result.times(BigInteger(chunk), work)
        chunk = factor
      } else {
        chunk = product
      }
      factor += 1
    }
    return try result.times(BigInteger(chunk), work)
  }
}
