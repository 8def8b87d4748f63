import Foundation

/// Real numbers of a fixed precision, with the elementary functions.
protocol RealScalar: Sendable {
  /// Bits of precision that results keep.
  static var precision: Int { get }
  static var zero: Self { get }
  static var pi: Self { get }

  init(_ value: Double)
  init(_ value: Quad)

  var isZero: Bool { get }
  var isNegative: Bool { get }
  /// False for infinities and NaN.
  var isFinite: Bool { get }
  /// `floor(log2(|self|))`; ``lowestExponent`` for zero.
  var magnitudeExponent: Int { get }
  var double: Double { get }
  var quad: Quad { get }

  static prefix func - (a: Self) -> Self
  static func + (a: Self, b: Self) -> Self
  static func - (a: Self, b: Self) -> Self
  static func * (a: Self, b: Self) -> Self
  static func / (a: Self, b: Self) -> Self

  /// Of a value that is not negative.
  func squareRoot() -> Self
  func exponential() -> Self
  /// Of a positive value.
  func logarithm() -> Self
  func sineAndCosine() -> (sine: Self, cosine: Self)
  static func arctangent(y: Self, x: Self) -> Self
  func roundedDown() -> Self
}

/// The exponent that zero has, and the noise of what is exact.
let lowestExponent = -(1 << 60)

extension Double: RealScalar {
  static var precision: Int { 52 }
  static var zero: Double { 0 }

  init(_ value: Quad) { self = value.double }

  var isNegative: Bool { self < 0 }
  var magnitudeExponent: Int { isZero ? lowestExponent : isFinite ? Int(exponent) : 1 << 58 }
  var double: Double { self }
  var quad: Quad { Quad(self) }

  func exponential() -> Double { exp(self) }
  func logarithm() -> Double { log(self) }
  func sineAndCosine() -> (sine: Double, cosine: Double) { (sin(self), cos(self)) }
  static func arctangent(y: Double, x: Double) -> Double { atan2(y, x) }
  func roundedDown() -> Double { rounded(.down) }
}
