/// A number as people write it, compared exactly: `1,000` is `1000.0`, `0.5` is `1/2`.
///
/// A decimal, or the quotient of two, each of at most ``Decimal/maximumDigits`` digits, so that
/// no text can make a comparison expensive.
public struct Numeral: Sendable, Equatable {
  let numerator: Decimal
  /// Never zero.
  let denominator: Decimal

  init?(_ numerator: Decimal, over denominator: Decimal = .one) {
    guard !denominator.isZero else { return nil }
    (self.numerator, self.denominator) = (numerator, denominator)
  }

  /// Equality of the values, by cross multiplication.
  public static func == (a: Numeral, b: Numeral) -> Bool {
    if a.denominator == b.denominator { return a.numerator == b.numerator }
    return a.numerator * b.denominator == b.numerator * a.denominator
  }

  /// The nearest double, for comparisons within a tolerance.
  public var double: Double { numerator.double / denominator.double }
}

/// A decimal fraction without rounding: `(-1)^negative * digits * 10^exponent`.
struct Decimal: Sendable, Equatable {
  static let maximumDigits = 200
  static let maximumExponent = 9999
  static let one = Decimal(isNegative: false, digits: [1], exponent: 0)

  /// False for zero, so that values are equal exactly where their parts are.
  let isNegative: Bool
  /// Most significant first, with neither leading nor trailing zeros; empty for zero.
  let digits: [UInt8]
  let exponent: Int

  var isZero: Bool { digits.isEmpty }

  init(isNegative: Bool, digits: some Sequence<UInt8>, exponent: Int) {
    var kept = Array(digits.drop { $0 == 0 })
    let zeros = kept.reversed().prefix { $0 == 0 }.count
    kept.removeLast(zeros)
    self.digits = kept
    self.exponent = kept.isEmpty ? 0 : exponent + zeros
    self.isNegative = isNegative && !kept.isEmpty
  }

  static func * (a: Decimal, b: Decimal) -> Decimal {
    var product = [Int](repeating: 0, count: a.digits.count + b.digits.count)
    for (i, x) in a.digits.enumerated() {
      for (j, y) in b.digits.enumerated() { product[i + j + 1] += Int(x) * Int(y) }
    }
    for place in product.indices.dropFirst().reversed() {
      product[place - 1] += product[place] / 10
      product[place] %= 10
    }
    return Decimal(
      isNegative: a.isNegative != b.isNegative, digits: product.lazy.map(UInt8.init),
      exponent: a.exponent + b.exponent)
  }

  var double: Double {
    let text = digits.isEmpty ? "0" : digits.map(String.init).joined() + "e\(exponent)"
    let magnitude = Double(text) ?? .infinity
    return isNegative ? -magnitude : magnitude
  }
}
