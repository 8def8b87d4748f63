extension Evaluator {
  func trigonometric(_ function: Function, _ angle: Value) -> Value? {
    guard let (sine, cosine) = angle.sineAndCosine() else { return nil }
    switch function {
    case .sin: return sine
    case .cos: return cosine
    case .tan: return sine.over(cosine)
    case .cot: return cosine.over(sine)
    case .sec: return Value.one.over(cosine)
    default: return Value.one.over(sine)
    }
  }

  /// The value of a function other than those of an angle.
  func apply(_ function: Function, _ arguments: [Value]) throws(Stop) -> Value? {
    guard let x = arguments.first else { return nil }
    switch function {
    case .exp: return x.exponential()
    case .ln: return x.logarithm()
    case .log:
      let base = arguments.count > 1 ? arguments[1] : Value(Real(10.0))
      guard let top = x.logarithm(), let bottom = base.logarithm() else { return nil }
      return top.over(bottom)
    case .arcsin: return arcsine(x)
    case .arccos: return arcsine(x).map { Value.pi * Value(Real(0.5)) - $0 }
    case .arctan: return x.arctangent()
    case .arccot: return x.arctangent().map { Value.pi * Value(Real(0.5)) - $0 }
    case .arcsec: return Value.one.over(x).flatMap(arcsine).map { Value.pi * Value(Real(0.5)) - $0 }
    case .arccsc: return Value.one.over(x).flatMap(arcsine)
    case .sinh, .cosh, .tanh: return hyperbolic(function, x)
    case .arcsinh: return (x * x + .one).squareRoot().flatMap { ($0 + x).logarithm() }
    case .arccosh: return (x * x - .one).squareRoot().flatMap { ($0 + x).logarithm() }
    case .arctanh:
      return (Value.one + x).over(Value.one - x).flatMap { $0.logarithm() }
        .map { $0 * Value(Real(0.5)) }
    case .absolute: return x.modulus
    case .floor: return roundedDown(x)
    case .ceiling: return roundedDown(-x).map { -$0 }
    case .sign:
      guard x.isReal, !x.isVanishing else { return nil }
      return Value(Real(x.real.isNegative ? -1.0 : 1.0))
    case .factorial: return try factorial(x)
    case .binomial:
      guard let n = nearestInteger(x), let k = nearestInteger(arguments[1]), k >= 0, k <= 10_000
      else { return nil }
      var result = Value.one
      for step in 0..<k {
        try work.spend(4)
        let factor = Value(Real(Double(n - step)))
        guard let next = (result * factor).over(Value(Real(Double(step + 1)))) else { return nil }
        result = next
      }
      return result
    case .gcd, .lcm:
      var values: [Int] = []
      for argument in arguments {
        guard let value = nearestInteger(argument) else { return nil }
        values.append(value)
      }
      let divisor = values.reduce(0) { a, b in
        var (a, b) = (a.magnitude, b.magnitude)
        while b != 0 { (a, b) = (b, a % b) }
        return Int(a)
      }
      if function == .gcd { return Value(Real(Double(divisor))) }
      guard values.count == 2, divisor > 0 else { return nil }
      return Value(Real(Double(values[0] / divisor) * Double(values[1])))
    case .max, .min:
      return arguments.dropFirst().reduce(x) { best, next in
        (best - next).real.isNegative == (function == .max) ? next : best
      }
    case .real: return Value(x.real, noise: x.noise)
    case .imaginary: return Value(x.imaginary, noise: x.noise)
    case .conjugate: return x.conjugate
    case .argument: return x.logarithm().map { Value($0.imaginary, noise: $0.noise) }
    case .modulo:
      guard let turns = x.over(arguments[1]).flatMap(roundedDown) else { return nil }
      return x - arguments[1] * turns
    default: return nil
    }
  }

  private func arcsine(_ x: Value) -> Value? {
    let rest = Value.one - x * x
    if x.isReal, !rest.isVanishing, rest.real.isNegative || rest.isReal, !rest.real.isNegative {
      guard let cosine = rest.squareRoot() else { return nil }
      let angle = Real.arctangent(y: x.real, x: cosine.real)
      return Value(angle, noise: max(x.noise, cosine.noise, -Real.precision))
    }
    if rest.isVanishing, x.isReal {
      let right = Value.pi * Value(Real(0.5))
      return x.real.isNegative ? -right : right
    }
    // -i log(ix + sqrt(1 - x^2))
    guard let cosine = rest.squareRoot() else { return nil }
    return (Value.i * x + cosine).logarithm().map { -(Value.i * $0) }
  }

  private func hyperbolic(_ function: Function, _ x: Value) -> Value? {
    guard let forth = x.exponential(), let back = (-x).exponential() else { return nil }
    let half = Value(Real(0.5))
    switch function {
    case .sinh: return (forth - back) * half
    case .cosh: return (forth + back) * half
    default: return (forth - back).over(forth + back)
    }
  }

  private func roundedDown(_ x: Value) -> Value? {
    guard x.isReal, x.isFinite else { return nil }
    if let whole = nearestInteger(x) { return Value(Real(Double(whole))) }
    guard x.noise < -20 else { return nil }
    return Value(x.real.roundedDown())
  }

  /// By Stirling's series where the product would be long, with what that leaves open as noise.
  private func factorial(_ x: Value) throws(Stop) -> Value? {
    guard x.isReal, !x.real.isNegative else { return nil }
    if let n = nearestInteger(x), n <= 300 {
      guard n >= 0 else { return nil }
      var product = Value.one
      var factor = 2
      while factor <= n {
        try work.spend(2)
        product = product * Value(Real(Double(factor)))
        factor += 1
      }
      return product
    }
    guard nearestInteger(x) != nil || x.exponent > 40, let log = x.logarithm() else { return nil }
    let tail = ((Value.pi + .pi) * x).logarithm().map { $0 * Value(Real(0.5)) }
    guard let tail, let correction = Value.one.over(Value(Real(12.0)) * x),
      var result = (x * log - x + tail + correction).exponential()
    else { return nil }
    result.noise = max(result.noise, result.exponent - 20)
    return result
  }
}
