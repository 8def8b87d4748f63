/// A quotient of whole numbers, exact and of any size. It is not reduced: an expression has few
/// numbers, and equality needs no more than a product.
struct Rational: Equatable {
  private let numerator: BigInteger
  /// Above zero.
  private let denominator: BigInteger

  init(_ value: BigInteger) { self.init(value, over: BigInteger(1)) }

  private init(_ numerator: BigInteger, over denominator: BigInteger) {
    let isFlipped = denominator.isNegative
    self.numerator = isFlipped ? numerator.negated : numerator
    self.denominator = isFlipped ? denominator.negated : denominator
  }

  static func == (a: Rational, b: Rational) -> Bool {
    a.numerator * b.denominator == b.numerator * a.denominator
  }

  static func + (a: Rational, b: Rational) -> Rational {
    Rational(
      a.numerator * b.denominator + b.numerator * a.denominator,
      over: a.denominator * b.denominator)
  }

  static func - (a: Rational, b: Rational) -> Rational {
    a + Rational(b.numerator.negated, over: b.denominator)
  }

  static func * (a: Rational, b: Rational) -> Rational {
    Rational(a.numerator * b.numerator, over: a.denominator * b.denominator)
  }

  /// `nil` for a division by zero.
  static func / (a: Rational, b: Rational) -> Rational? {
    guard !b.numerator.isZero else { return nil }
    return Rational(a.numerator * b.denominator, over: a.denominator * b.numerator)
  }

  var isNaturalNumber: Bool {
    !numerator.isNegative && numerator.isMultiple(of: denominator)
  }
}

/// A whole number of any size.
struct BigInteger: Equatable {
  /// False for zero.
  let isNegative: Bool
  /// Digits to the base 2^32, the lowest first, without zeros at the high end.
  private let digits: [UInt32]

  private init(_ digits: [UInt32], isNegative: Bool) {
    self.digits = Array(digits[..<((digits.lastIndex { $0 != 0 } ?? -1) + 1)])
    self.isNegative = isNegative && !self.digits.isEmpty
  }

  init(_ value: Int) {
    let size = value.magnitude
    self.init([UInt32(size & 0xFFFF_FFFF), UInt32(size >> 32)], isNegative: value < 0)
  }

  /// - Parameter digits: decimal, nothing else.
  init(digits: String) {
    var result: [UInt32] = []
    for digit in digits.utf8 {
      var carry = UInt64(digit - UInt8(ascii: "0"))
      for index in result.indices {
        carry += UInt64(result[index]) * 10
        result[index] = UInt32(truncatingIfNeeded: carry)
        carry >>= 32
      }
      if carry > 0 { result.append(UInt32(carry)) }
    }
    self.init(result, isNegative: false)
  }

  var isZero: Bool { digits.isEmpty }
  var negated: BigInteger { BigInteger(digits, isNegative: !isNegative) }

  static func * (a: BigInteger, b: BigInteger) -> BigInteger {
    var product = [UInt32](repeating: 0, count: a.digits.count + b.digits.count)
    for (i, x) in a.digits.enumerated() {
      var carry: UInt64 = 0
      for (j, y) in b.digits.enumerated() {
        carry += UInt64(x) * UInt64(y) + UInt64(product[i + j])
        product[i + j] = UInt32(truncatingIfNeeded: carry)
        carry >>= 32
      }
      product[i + b.digits.count] = UInt32(carry)
    }
    return BigInteger(product, isNegative: a.isNegative != b.isNegative)
  }

  static func + (a: BigInteger, b: BigInteger) -> BigInteger {
    if a.isNegative == b.isNegative {
      return BigInteger(sum(a.digits, b.digits), isNegative: a.isNegative)
    }
    return isLess(a.digits, b.digits)
      ? BigInteger(difference(b.digits, a.digits), isNegative: b.isNegative)
      : BigInteger(difference(a.digits, b.digits), isNegative: a.isNegative)
  }

  /// Long division bit by bit, of which the remainder is of interest.
  func isMultiple(of divisor: BigInteger) -> Bool {
    var remainder = BigInteger(0)
    for digit in digits.reversed() {
      for bit in (0..<32).reversed() {
        let next = BigInteger(Int(digit >> UInt32(bit) & 1))
        remainder = remainder + remainder + next
        if !Self.isLess(remainder.digits, divisor.digits) {
          remainder = BigInteger(
            Self.difference(remainder.digits, divisor.digits), isNegative: false)
        }
      }
    }
    return remainder.isZero
  }

  private static func sum(_ a: [UInt32], _ b: [UInt32]) -> [UInt32] {
    var carry: UInt64 = 0
    return (0...max(a.count, b.count)).map { index in
      carry += UInt64(index < a.count ? a[index] : 0) + UInt64(index < b.count ? b[index] : 0)
      defer { carry >>= 32 }
      return UInt32(truncatingIfNeeded: carry)
    }
  }

  /// `a - b`, where `a` is not the smaller one.
  private static func difference(_ a: [UInt32], _ b: [UInt32]) -> [UInt32] {
    var borrow: Int64 = 0
    return a.indices.map { index in
      borrow += Int64(a[index]) - Int64(index < b.count ? b[index] : 0)
      defer { borrow >>= 32 }
      return UInt32(truncatingIfNeeded: borrow)
    }
  }

  private static func isLess(_ a: [UInt32], _ b: [UInt32]) -> Bool {
    if a.count != b.count { return a.count < b.count }
    return zip(a, b).reversed().first { $0 != $1 }.map { $0 < $1 } ?? false
  }
}
