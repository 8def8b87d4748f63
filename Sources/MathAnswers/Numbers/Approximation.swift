import Foundation

/// A complex number near the value of an expression, and how far off it may be.
///
/// The noise is a power of two that follows the largest contribution to the error; comparisons
/// leave ten bits of room for what adds up.
struct Approximation<Real: RealScalar>: Sendable {
  var real: Real
  var imaginary: Real
  /// The error is about `2^noise`.
  var noise: Int

  init(_ real: Real, _ imaginary: Real = .zero, noise: Int) {
    (self.real, self.imaginary) = (real, imaginary)
    self.noise = min(max(noise, lowestExponent), 1 << 60)
  }

  /// A value that is known to the full precision.
  init(_ real: Real, _ imaginary: Real = .zero) {
    self.init(real, imaginary, noise: 0)
    noise = max(exponent - Real.precision, lowestExponent)
  }

  static var zero: Self { Self(.zero, noise: lowestExponent) }
  static var one: Self { Self(Real(1.0)) }
  static var i: Self { Self(.zero, Real(1.0)) }
  static var pi: Self { Self(Real.pi) }

  /// `floor(log2(|self|))`, or one less.
  var exponent: Int { max(real.magnitudeExponent, imaginary.magnitudeExponent) }
  var isFinite: Bool { real.isFinite && imaginary.isFinite }
  var isReal: Bool { imaginary.isZero || imaginary.magnitudeExponent <= noise + 10 }
  var isExactZero: Bool { real.isZero && imaginary.isZero && noise <= lowestExponent }
  /// True if the noise leaves nothing of the value.
  var isVanishing: Bool { exponent <= noise + 10 }

  /// With the rounding of the last operation in the noise.
  private func rounded() -> Self {
    Self(real, imaginary, noise: max(noise, exponent - Real.precision))
  }

  static prefix func - (a: Self) -> Self { Self(-a.real, -a.imaginary, noise: a.noise) }

  static func + (a: Self, b: Self) -> Self {
    Self(a.real + b.real, a.imaginary + b.imaginary, noise: max(a.noise, b.noise)).rounded()
  }

  static func - (a: Self, b: Self) -> Self { a + -b }

  static func * (a: Self, b: Self) -> Self {
    let noise = max(a.exponent + b.noise, b.exponent + a.noise)
    if a.imaginary.isZero && b.imaginary.isZero {
      return Self(a.real * b.real, noise: noise).rounded()
    }
    return Self(
      a.real * b.real - a.imaginary * b.imaginary, a.real * b.imaginary + a.imaginary * b.real,
      noise: noise
    ).rounded()
  }

  /// `nil` where the divisor may be zero.
  func over(_ b: Self) -> Self? {
    guard !b.isVanishing else { return nil }
    let noise = max(self.noise - b.exponent, exponent + b.noise - 2 * b.exponent)
    if imaginary.isZero && b.imaginary.isZero {
      return Self(real / b.real, noise: noise).rounded()
    }
    // Only squares of the divisor over- or underflow in doubles, so it is scaled first.
    let size = b.real * b.real + b.imaginary * b.imaginary
    guard !size.isZero, size.isFinite else { return nil }
    let top = Self(
      real * b.real + imaginary * b.imaginary, imaginary * b.real - real * b.imaginary, noise: 0)
    return Self(top.real / size, top.imaginary / size, noise: noise).rounded()
  }

  /// The absolute value.
  var modulus: Self {
    if imaginary.isZero { return Self(real.isNegative ? -real : real, noise: noise) }
    return Self((real * real + imaginary * imaginary).squareRoot(), noise: noise).rounded()
  }

  var conjugate: Self { Self(real, -imaginary, noise: noise) }

  func exponential() -> Self? {
    guard noise < 8, real.magnitudeExponent < 60 else { return nil }
    let size = real.exponential()
    guard size.isFinite, !size.isZero else { return nil }
    let relative = max(noise, -Real.precision)
    if imaginary.isZero { return Self(size, noise: size.magnitudeExponent + relative).rounded() }
    let (sine, cosine) = imaginary.sineAndCosine()
    return Self(size * cosine, size * sine, noise: size.magnitudeExponent + relative).rounded()
  }

  /// The principal branch; `nil` at zero.
  func logarithm() -> Self? {
    guard !isVanishing, isFinite else { return nil }
    let size = modulus.real
    guard !size.isZero, size.isFinite else { return nil }
    let angle =
      isReal
      ? (real.isNegative ? Real.pi : .zero) : Real.arctangent(y: imaginary, x: real)
    return Self(size.logarithm(), angle, noise: max(noise - exponent, -Real.precision)).rounded()
  }

  /// The principal root.
  func squareRoot() -> Self? {
    if isVanishing { return isExactZero ? self : nil }
    let error = noise - exponent / 2
    if isReal {
      let root = (real.isNegative ? -real : real).squareRoot()
      return (real.isNegative ? Self(.zero, root, noise: error) : Self(root, noise: error))
        .rounded()
    }
    guard let half = logarithm().map({ $0 * Self(Real(0.5)) }) else { return nil }
    return half.exponential()
  }

  func integerPower(_ exponent: Int) -> Self? {
    var (result, base, rest) = (Self.one, self, exponent.magnitude)
    while rest > 0 {
      if rest & 1 == 1 { result = result * base }
      rest >>= 1
      if rest > 0 { base = base * base }
      guard result.isFinite, base.isFinite else { return nil }
    }
    return exponent < 0 ? Self.one.over(result) : result
  }

  /// The principal value.
  func power(_ exponent: Self) -> Self? {
    if isVanishing {
      // Zero to a power that is surely positive.
      let isPositive = exponent.isReal && !exponent.isVanishing && !exponent.real.isNegative
      return isExactZero && isPositive ? self : nil
    }
    guard let log = logarithm() else { return nil }
    return (log * exponent).exponential()
  }

  func sineAndCosine() -> (sine: Self, cosine: Self)? {
    guard noise < -8, real.magnitudeExponent < 50 else { return nil }
    guard !isReal else {
      let (sine, cosine) = real.sineAndCosine()
      let error = max(noise, real.magnitudeExponent - Real.precision, -Real.precision)
      return (Self(sine, noise: error), Self(cosine, noise: error))
    }
    let turned = Self.i * self
    guard let forth = turned.exponential(), let back = (-turned).exponential() else { return nil }
    let half = Self(Real(0.5))
    return (-(Self.i * half) * (forth - back), half * (forth + back))
  }

  /// Of a value that is real.
  func arctangent() -> Self? {
    guard isReal else {
      // (log(1 + iz) - log(1 - iz)) / 2i
      let turned = Self.i * self
      guard let above = (Self.one + turned).logarithm(), let below = (Self.one - turned).logarithm()
      else { return nil }
      return -(Self.i * Self(Real(0.5))) * (above - below)
    }
    return Self(Real.arctangent(y: real, x: Real(1.0)), noise: max(noise, -Real.precision))
      .rounded()
  }
}
