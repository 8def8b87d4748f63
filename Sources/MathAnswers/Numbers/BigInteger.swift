/// A whole number of any size. One that fits a machine word needs no memory of its own.
struct BigInteger: Hashable, Sendable {
  /// Values that fit an `Int` are always small, so equality of the parts is equality of values.
  private enum Form: Hashable, Sendable {
    case small(Int)
    case large(isNegative: Bool, Magnitude)
  }

  /// Larger numbers are never built: 20,000 decimal digits.
  static let maximumBits = 66_500

  private var form: Form

  static let zero = BigInteger(0)
  static let one = BigInteger(1)

  init(_ value: Int) { form = .small(value) }

  init(isNegative: Bool, _ magnitude: Magnitude) {
    switch magnitude.limbs.count {
    case 0: form = .small(0)
    case 1 where magnitude.limbs[0] <= UInt(Int.max):
      form = .small(isNegative ? -Int(magnitude.limbs[0]) : Int(magnitude.limbs[0]))
    case 1 where isNegative && magnitude.limbs[0] == Int.min.magnitude: form = .small(.min)
    default: form = .large(isNegative: isNegative, magnitude)
    }
  }

  /// Reads decimal digits, all of them `0` to `9`.
  init(digits: some Collection<UInt8>) {
    if digits.count <= 18 {
      self.init(digits.reduce(0) { $0 * 10 + Int($1 & 15) })
    } else {
      self.init(isNegative: false, Magnitude(digits: digits))
    }
  }

  var magnitude: Magnitude {
    switch form {
    case .small(let value): Magnitude([value.magnitude])
    case .large(_, let magnitude): magnitude
    }
  }

  /// The value, where it fits a machine word.
  var int: Int? {
    if case .small(let value) = form { return value }
    return nil
  }

  var isZero: Bool { form == .small(0) }
  var isOne: Bool { form == .small(1) }

  var isNegative: Bool {
    switch form {
    case .small(let value): value < 0
    case .large(let isNegative, _): isNegative
    }
  }

  var isOdd: Bool {
    switch form {
    case .small(let value): value & 1 == 1
    case .large(_, let magnitude): magnitude.limbs[0] & 1 == 1
    }
  }

  /// Bits of the magnitude; 0 for zero.
  var bits: Int {
    switch form {
    case .small(let value): UInt.bitWidth - value.magnitude.leadingZeroBitCount
    case .large(_, let magnitude): magnitude.bits
    }
  }

  /// Machine words of the magnitude, which is what arithmetic costs.
  var words: Int {
    switch form {
    case .small: 1
    case .large(_, let magnitude): magnitude.limbs.count
    }
  }

  static prefix func - (a: BigInteger) -> BigInteger {
    if case .small(let value) = a.form, value != .min { return BigInteger(-value) }
    return BigInteger(isNegative: !a.isNegative, a.magnitude)
  }

  static func + (a: BigInteger, b: BigInteger) -> BigInteger {
    if case .small(let x) = a.form, case .small(let y) = b.form {
      let (sum, overflow) = x.addingReportingOverflow(y)
      if !overflow { return BigInteger(sum) }
    }
    let (x, y) = (a.magnitude, b.magnitude)
    if a.isNegative == b.isNegative { return BigInteger(isNegative: a.isNegative, x + y) }
    return x < y
      ? BigInteger(isNegative: b.isNegative, y - x) : BigInteger(isNegative: a.isNegative, x - y)
  }

  static func - (a: BigInteger, b: BigInteger) -> BigInteger { a + -b }

  static func * (a: BigInteger, b: BigInteger) -> BigInteger {
    if case .small(let x) = a.form, case .small(let y) = b.form {
      let (product, overflow) = x.multipliedReportingOverflow(by: y)
      if !overflow { return BigInteger(product) }
    }
    return BigInteger(isNegative: a.isNegative != b.isNegative, a.magnitude * b.magnitude)
  }

  /// Quotient and remainder, rounded towards zero.
  ///
  /// - Precondition: `divisor` is not zero.
  func dividedRounded(by divisor: BigInteger) -> (quotient: BigInteger, remainder: BigInteger) {
    if case .small(let x) = form, case .small(let y) = divisor.form, y != -1 {
      return (BigInteger(x / y), BigInteger(x % y))
    }
    let (quotient, remainder) = magnitude.divided(by: divisor.magnitude)
    return (
      BigInteger(isNegative: isNegative != divisor.isNegative, quotient),
      BigInteger(isNegative: isNegative, remainder)
    )
  }

  /// `self` times two to the power of `places`.
  func shifted(left places: Int) -> BigInteger {
    BigInteger(isNegative: isNegative, magnitude.shifted(left: places))
  }

  /// The greatest common divisor, never negative.
  static func gcd(_ a: BigInteger, _ b: BigInteger) -> BigInteger {
    var (x, y) = (a, b)
    while !y.isZero {
      if case .small(let p) = x.form, case .small(let q) = y.form {
        var (p, q) = (p.magnitude, q.magnitude)
        while q != 0 { (p, q) = (q, p % q) }
        return BigInteger(isNegative: false, Magnitude([p]))
      }
      (x, y) = (y, x.dividedRounded(by: y).remainder)
    }
    return x.isNegative ? -x : x
  }
}

extension BigInteger: Comparable {
  static func < (a: BigInteger, b: BigInteger) -> Bool {
    if case .small(let x) = a.form, case .small(let y) = b.form { return x < y }
    if a.isNegative != b.isNegative { return a.isNegative }
    return a.isNegative ? b.magnitude < a.magnitude : a.magnitude < b.magnitude
  }
}
