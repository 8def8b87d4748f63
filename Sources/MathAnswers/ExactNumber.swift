/// An exact quotient of whole numbers, for those who calculate with what somebody wrote: it stays
/// within bounds, and says when a result would not.
public struct ExactNumber: Sendable, Equatable {
  /// Why a result cannot be had.
  public enum Failure: Error, Sendable {
    case divisionByZero
    /// More digits than ``maximumDigits``.
    case tooLarge
  }

  /// The most decimal digits of a numerator or denominator.
  public static let maximumDigits = 1000

  /// In lowest terms.
  private let value: Rational

  public init(_ value: Int) { self.value = Rational(value) }

  /// - Parameter literal: digits `0` to `9`, perhaps with a point and more of them behind it.
  /// - Returns: `nil` for any other text, and one longer than ``maximumDigits``.
  public init?(literal: some StringProtocol) {
    let parts = literal.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard literal.utf8.count <= Self.maximumDigits, (1...2).contains(parts.count),
      parts.allSatisfy({ part in !part.isEmpty && part.allSatisfy { (48...57).contains($0) } })
    else { return nil }
    let digits = BigInteger(digits: parts.flatMap { Array($0) })
    let places = parts.count == 2 ? parts[1].count : 0
    guard let value = try? Self.reduced(digits, Self.powerOfTen(places)) else { return nil }
    self = value
  }

  private init(reduced value: Rational) { self.value = value }

  public var isNegative: Bool { value.isNegative }
  public var isWhole: Bool { value.denominator.isOne }
  public var isZero: Bool { value.isZero }
  /// The value, where it is whole and fits a machine word.
  public var int: Int? { value.int }

  public static prefix func - (a: ExactNumber) -> ExactNumber {
    ExactNumber(reduced: a.value.negated)
  }

  public static func + (a: ExactNumber, b: ExactNumber) throws(Failure) -> ExactNumber {
    let (x, y) = (a.value, b.value)
    return try reduced(
      x.numerator * y.denominator + y.numerator * x.denominator, x.denominator * y.denominator)
  }

  public static func - (a: ExactNumber, b: ExactNumber) throws(Failure) -> ExactNumber {
    try a + -b
  }

  public static func * (a: ExactNumber, b: ExactNumber) throws(Failure) -> ExactNumber {
    try reduced(
      a.value.numerator * b.value.numerator, a.value.denominator * b.value.denominator)
  }

  public static func / (a: ExactNumber, b: ExactNumber) throws(Failure) -> ExactNumber {
    guard !b.isZero else { throw .divisionByZero }
    return try reduced(
      a.value.numerator * b.value.denominator, a.value.denominator * b.value.numerator)
  }

  /// - Throws: also for zero to a negative power.
  public func power(_ exponent: Int) throws(Failure) -> ExactNumber {
    guard exponent >= 0 || !isZero else { throw .divisionByZero }
    let bits = max(value.numerator.bits, value.denominator.bits)
    let size = bits.multipliedReportingOverflow(by: Int(clamping: exponent.magnitude))
    guard bits <= 1 || (!size.overflow && size.partialValue <= 10 * Self.maximumDigits / 3) else {
      throw .tooLarge
    }
    do {
      return ExactNumber(reduced: try value.power(exponent, Work(.max)))
    } catch { throw .tooLarge }
  }

  private static func reduced(
    _ numerator: BigInteger, _ denominator: BigInteger
  ) throws(Failure) -> ExactNumber {
    let divisor = BigInteger.gcd(numerator, denominator)
    var (top, bottom) = (
      numerator.dividedRounded(by: divisor).quotient,
      denominator.dividedRounded(by: divisor).quotient
    )
    if bottom.isNegative { (top, bottom) = (-top, -bottom) }
    guard max(top.bits, bottom.bits) <= 10 * maximumDigits / 3 else { throw .tooLarge }
    return ExactNumber(reduced: Rational(inLowestTerms: top, bottom))
  }

  private static func powerOfTen(_ exponent: Int) -> BigInteger {
    (0..<exponent).reduce(.one) { power, _ in power * BigInteger(10) }
  }
}

extension ExactNumber: CustomStringConvertible {
  /// `12`, `-2.5` where the decimals end within twelve places, or `7/3`.
  public var description: String {
    if isWhole { return value.numerator.decimal }
    for places in 1...12 {
      let scaled = value.numerator * Self.powerOfTen(places)
      let (digits, rest) = scaled.dividedRounded(by: value.denominator)
      guard rest.isZero else { continue }
      let text = (digits.isNegative ? -digits : digits).decimal
      let padded = String(repeating: "0", count: max(0, places + 1 - text.count)) + text
      return "\(isNegative ? "-" : "")\(padded.dropLast(places)).\(padded.suffix(places))"
    }
    return "\(value.numerator.decimal)/\(value.denominator.decimal)"
  }
}

extension BigInteger {
  /// The decimal digits, behind a sign where it is negative.
  fileprivate var decimal: String {
    if let int { return String(int) }
    var (rest, chunks) = (isNegative ? -self : self, [String]())
    let base = BigInteger(1_000_000_000_000_000_000)
    while !rest.isZero {
      let (quotient, chunk) = rest.dividedRounded(by: base)
      chunks.append(String(chunk.int!))
      rest = quotient
    }
    let digits = chunks.reversed().enumerated().map { index, chunk in
      index == 0 ? chunk : String(repeating: "0", count: 18 - chunk.count) + chunk
    }
    return (isNegative ? "-" : "") + digits.joined()
  }
}
