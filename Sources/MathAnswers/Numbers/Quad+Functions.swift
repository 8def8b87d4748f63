import Foundation

extension Quad: RealScalar {
  static var precision: Int { 116 }

  /// By Newton's iteration on the inverse root, from that of a double.
  func squareRoot() -> Quad {
    guard !isZero, isFinite else { return self }
    let half = exponent >> 1
    let unit = scaled(by: -2 * half)  // in [1, 4)
    var inverse = Quad(1 / unit.double.squareRoot())
    let three = Quad(3.0)
    for _ in 0..<2 { inverse = (inverse * (three - unit * inverse * inverse)).scaled(by: -1) }
    var root = unit * inverse
    root = root + ((unit - root * root) * inverse).scaled(by: -1)
    return root.scaled(by: half)
  }

  /// The series at `x / 2^8` after whole powers of two are taken out.
  func exponential() -> Quad {
    guard !isZero else { return .one }
    guard exponent < 59 else { return isNegative ? .zero : .infinity }
    let power = (double / M_LN2).rounded()
    let rest = (self - Quad(power) * .logarithmOf2).scaled(by: -8)
    var sum = Quad.zero
    for coefficient in Self.inverseFactorials[..<16].reversed() {
      sum = sum * rest + coefficient
    }
    for _ in 0..<8 { sum = sum * sum }
    return sum.scaled(by: Int(power))
  }

  /// One step of Halley's iteration from the logarithm of a double, which triples the digits.
  func logarithm() -> Quad {
    guard isFinite else { return self }
    let unit = scaled(by: -exponent)
    let guess = Quad(log(unit.double))
    let power = guess.exponential()
    let correction = ((unit - power) / (unit + power)).scaled(by: 1)
    return guess + correction + Quad(Double(exponent)) * .logarithmOf2
  }

  func sineAndCosine() -> (sine: Quad, cosine: Quad) {
    guard exponent < 52 else { return (.infinity, .infinity) }
    let halfPi = Quad.pi.scaled(by: -1)
    let turns = (double / (.pi / 2)).rounded()
    let rest = self - Quad(turns) * halfPi
    let square = rest * rest
    var (sine, cosine) = (Quad.zero, Quad.zero)
    for index in stride(from: 34, through: 0, by: -2) {
      let term = index % 4 == 0 ? Self.inverseFactorials : Self.negativeInverseFactorials
      cosine = cosine * square + term[index]
      sine = sine * square + term[index + 1]
    }
    sine = sine * rest
    switch Int(turns) & 3 {
    case 0: return (sine, cosine)
    case 1: return (cosine, -sine)
    case 2: return (-sine, -cosine)
    default: return (-cosine, sine)
    }
  }

  /// The angle of a double, turned by what is left of the point once it is taken away.
  static func arctangent(y: Quad, x: Quad) -> Quad {
    guard !y.isZero || !x.isZero else { return .zero }
    let scale = max(y.magnitudeExponent, x.magnitudeExponent)
    let (y, x) = (y.scaled(by: -scale), x.scaled(by: -scale))
    let guess = Quad(atan2(y.double, x.double))
    let (sine, cosine) = guess.sineAndCosine()
    return guess + (y * cosine - x * sine) / (x * cosine + y * sine)
  }

  func roundedDown() -> Quad {
    guard exponent < 127, !isZero else { return self }
    guard exponent >= 0 else { return isNegative ? Quad(-1.0) : .zero }
    let mask = (UInt128(1) << UInt128(127 - exponent)) - 1
    let whole = Quad(
      normalizing: significand & ~mask, exponent: exponent, isNegative: isNegative)
    return isNegative && significand & mask != 0 ? whole - .one : whole
  }

  /// `1/n!`
  private static let inverseFactorials: [Quad] = {
    var terms = [Quad.one]
    for n in 1...36 { terms.append(terms[n - 1] / Quad(Double(n))) }
    return terms
  }()

  private static let negativeInverseFactorials = inverseFactorials.map { -$0 }
}
