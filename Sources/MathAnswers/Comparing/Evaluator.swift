/// Evaluates expressions near a point.
struct Evaluator<Real: RealScalar> {
  typealias Value = Approximation<Real>

  var point: [String: Value]
  let work: Work
  /// Terms of a series that are summed at most.
  private static var longestSeries: Int { 10_000 }

  init(_ point: [String: Value], _ work: Work) { (self.point, self.work) = (point, work) }

  /// - Returns: `nil` where the expression has no value at the point, or none that is known well.
  func value(of expression: Expression) throws(Stop) -> Value? {
    try work.spend(Real.precision > 60 ? 8 : 2)
    switch expression {
    case .number(let value), .decimal(let value): return number(value)
    case .symbol(let name): return point[name]
    case .constant(.pi): return .pi
    case .constant(.e): return Value(Real(1.0)).exponential()
    case .constant(.i): return .i
    case .constant(.infinity), .matrix, .plusMinus: return nil
    case .degrees(let angle): return try value(of: angle)
    case .negated(let part): return try value(of: part).map { -$0 }
    case .sum(let parts):
      var sum = Value.zero
      for part in parts {
        guard let value = try value(of: part) else { return nil }
        sum = sum + value
      }
      return sum
    case .product(let parts):
      var product = Value.one
      for part in parts {
        guard let value = try value(of: part) else { return nil }
        product = product * value
      }
      return product
    case .quotient(let top, let bottom):
      guard let top = try value(of: top), let bottom = try value(of: bottom) else { return nil }
      return top.over(bottom)
    case .power(let base, let exponent): return try power(base, exponent)
    case .root(let radicand, let index): return try root(radicand, index)
    case .function(let function, let arguments):
      try work.spend(Real.precision > 60 ? 200 : 4)
      if function.takesAngle, let angle = arguments.first {
        return try value(of: angle.degreesAsRadians).flatMap { trigonometric(function, $0) }
      }
      var values: [Value] = []
      for argument in arguments {
        guard let value = try value(of: argument) else { return nil }
        values.append(value)
      }
      return try apply(function, values)
    case .application(let name, let arguments):
      var result = unknown(name)
      for argument in arguments {
        guard let value = try value(of: argument) else { return nil }
        // Any smooth function will do, as long as the name decides which.
        result = result * value + unknown(name + "#") * value * value + unknown("#" + name)
      }
      return result
    case .series(let kind, let variable, let lower, let upper, let body):
      return try series(kind, variable, lower, upper, body)
    }
  }

  private func number(_ value: Rational) -> Value {
    if value.denominator.isOne, let int = value.numerator.int, int.magnitude < 1 << 50 {
      return Value(Real(Double(int)))
    }
    return Value(Real(Quad(value)))
  }

  /// A number in (0.5, 1.5) that a name stands for.
  private func unknown(_ name: String) -> Value {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return Value(Real(0.5 + Double(hash >> 11) * 0x1p-53))
  }

  // MARK: Powers and roots

  private func power(_ base: Expression, _ exponent: Expression) throws(Stop) -> Value? {
    try work.spend(Real.precision > 60 ? 100 : 4)
    if case .constant(.e) = base { return try value(of: exponent)?.exponential() }
    guard let value = try value(of: base) else { return nil }
    if let fraction = exponent.literalFraction {
      if let whole = fraction.int, whole.magnitude < 1 << 40 { return value.integerPower(whole) }
      if let degree = fraction.denominator.int, let power = fraction.numerator.int,
        degree % 2 == 1, degree < 1_000, power.magnitude < 1_000, value.isReal,
        value.real.isNegative
      {
        return try oddRoot(value, degree).flatMap { $0.integerPower(power) }
      }
    }
    guard let exponent = try self.value(of: exponent) else { return nil }
    if exponent.isReal {
      let rounded = exponent.real.double.rounded()
      if abs(rounded) < 1e9, (exponent - Value(Real(rounded))).isVanishing {
        return value.integerPower(Int(rounded))
      }
    }
    return value.power(exponent)
  }

  private func root(_ radicand: Expression, _ index: Expression) throws(Stop) -> Value? {
    try work.spend(Real.precision > 60 ? 100 : 4)
    guard let value = try value(of: radicand) else { return nil }
    guard let degree = index.literalFraction?.int else {
      guard let index = try self.value(of: index), let inverse = Value.one.over(index) else {
        return nil
      }
      return value.power(inverse)
    }
    if degree == 2 { return value.squareRoot() }
    guard degree != 0, degree.magnitude < 1_000_000 else { return nil }
    if degree % 2 != 0, value.isReal, value.real.isNegative { return try oddRoot(value, degree) }
    return Value.one.over(Value(Real(Double(degree)))).flatMap { value.power($0) }
  }

  /// The real root of a negative number.
  private func oddRoot(_ value: Value, _ degree: Int) throws(Stop) -> Value? {
    let inverse = Value.one.over(Value(Real(Double(degree))))
    return inverse.flatMap { (-value).power($0) }.map { -$0 }
  }

  // MARK: Series

  private func series(
    _ kind: Series, _ variable: String, _ lower: Expression, _ upper: Expression,
    _ body: Expression
  ) throws(Stop) -> Value? {
    guard kind != .integral, !variable.isEmpty, let low = try wholeNumber(lower),
      let high = try wholeNumber(upper), high - low < Self.longestSeries
    else { return nil }
    var result = kind == .sum ? Value.zero : .one
    var inner = self
    var index = low
    while index <= high {
      try work.spend(4)
      inner.point[variable] = Value(Real(Double(index)))
      guard let term = try inner.value(of: body) else { return nil }
      result = kind == .sum ? result + term : result * term
      index += 1
    }
    return result
  }

  private func wholeNumber(_ expression: Expression) throws(Stop) -> Int? {
    try value(of: expression).flatMap(nearestInteger)
  }

  /// The whole number that a value is, up to its noise.
  func nearestInteger(_ value: Value) -> Int? {
    guard value.isReal else { return nil }
    let double = value.real.double.rounded()
    guard abs(double) < 1e15, (value - Value(Real(double))).isVanishing else { return nil }
    return Int(double)
  }
}

extension Expression {
  /// Its value, where it is a number or a quotient of two, with or without a sign.
  var literalFraction: Rational? {
    switch self {
    case .number(let value), .decimal(let value): value
    case .negated(let part): part.literalFraction?.negated
    case .quotient(.number(let top), .number(let bottom)):
      top.denominator.isOne && bottom.denominator.isOne
        ? try? Rational(top.numerator, over: bottom.numerator, Work(1_000)) : nil
    default: nil
    }
  }

  /// Angles in degrees as multiples of pi.
  var degreesAsRadians: Expression {
    switch self {
    case .degrees(let angle): .quotient(.product([angle, .constant(.pi)]), .int(180))
    case .number, .decimal, .constant, .symbol: self
    default: rebuilt(children.map(\.degreesAsRadians))
    }
  }
}
