/// Brings expressions into a form in which equal ones meet: quotients of polynomials in symbols,
/// constants, roots of integers, and atoms for everything else.
struct CanonicalForm {
  let atoms = Atoms()
  let work: Work

  init(_ work: Work) { self.work = work }

  private func atom(_ key: Atoms.Key) throws(Stop) -> Quotient {
    Quotient(Polynomial(atom: try atoms.index(of: key)))
  }

  /// - Throws: ``Stop/tooLarge`` where the form would be too long, ``Stop/undefined`` for a division
  ///   by zero.
  func form(of expression: Expression) throws(Stop) -> Quotient {
    try work.spend(4)
    switch expression {
    case .number(let value), .decimal(let value): return Quotient(value)
    case .symbol(let name): return try atom(.symbol(name))
    case .constant(.pi): return try atom(.pi)
    case .constant(.e): return try atom(.e)
    case .constant(.i): return try atom(.i)
    case .constant(.infinity), .matrix, .plusMinus: throw .undecided
    case .degrees(let angle): return try form(of: angle)
    case .negated(let part):
      let form = try form(of: part)
      return try Quotient(form.numerator.negated, over: form.denominator, work)
    case .sum(let parts):
      var sum = Quotient(.zero)
      for part in parts { sum = try plus(sum, form(of: part)) }
      return sum
    case .product(let parts):
      var product = Quotient(Rational.one)
      for part in parts { product = try times(product, form(of: part)) }
      return product
    case .quotient(let top, let bottom):
      let divisor = try form(of: bottom)
      return try times(form(of: top), inverse(divisor))
    case .power(let base, let exponent):
      return try power(form(of: base), form(of: exponent))
    case .root(let radicand, let index):
      return try power(form(of: radicand), inverse(form(of: index)))
    case .function(let function, let arguments):
      var forms: [Quotient] = []
      for argument in arguments { forms.append(try form(of: argument)) }
      if let value = try value(of: function, forms) { return Quotient(value) }
      return try atom(.function(function, forms))
    case .application(let name, let arguments):
      var forms: [Quotient] = []
      for argument in arguments { forms.append(try form(of: argument)) }
      return try atom(.application(name, forms))
    case .series(let kind, let variable, let lower, let upper, let body):
      let renamed = variable.isEmpty ? body : body.renaming(variable, to: "#")
      return try atom(
        .series(kind, form(of: lower), form(of: upper), form(of: renamed)))
    }
  }

  private func plus(_ a: Quotient, _ b: Quotient) throws(Stop) -> Quotient {
    if a.denominator == b.denominator {
      return try Quotient(
        a.numerator.plus(b.numerator, work), over: a.denominator, work)
    }
    let top = try a.numerator.times(b.denominator, atoms, work)
      .plus(b.numerator.times(a.denominator, atoms, work), work)
    return try Quotient(top, over: a.denominator.times(b.denominator, atoms, work), work)
  }

  private func times(_ a: Quotient, _ b: Quotient) throws(Stop) -> Quotient {
    try Quotient(
      a.numerator.times(b.numerator, atoms, work),
      over: a.denominator.times(b.denominator, atoms, work), work)
  }

  private func inverse(_ a: Quotient) throws(Stop) -> Quotient {
    try Quotient(a.denominator, over: a.numerator, work)
  }

  // MARK: Powers

  private func power(_ base: Quotient, _ exponent: Quotient) throws(Stop) -> Quotient {
    guard let value = exponent.constant else { return try atom(.power(base, exponent)) }
    if let whole = value.integer {
      guard let whole = whole.int else {
        if base.constant == .one { return base }
        throw .tooLarge
      }
      return try integerPower(base, whole)
    }
    if let radicand = base.constant {
      if let root = try rationalRoot(of: radicand, value) { return Quotient(root) }
      if value.denominator == BigInteger(2), let odd = value.numerator.int,
        let root = try squareRoot(of: radicand)
      {
        return try integerPower(root, odd)
      }
    }
    return try atom(.power(base, exponent))
  }

  private func integerPower(_ base: Quotient, _ exponent: Int) throws(Stop) -> Quotient {
    if exponent < 0 {
      guard exponent > -1_000_000_000 else { throw .tooLarge }
      return try integerPower(inverse(base), -exponent)
    }
    do throws(Stop) {
      return try Quotient(
        base.numerator.power(exponent, atoms, work),
        over: base.denominator.power(exponent, atoms, work), work)
    } catch .tooLarge {
      return try atom(.power(base, Quotient(Rational(exponent))))
    }
  }

  /// The exact value of `radicand^exponent`, where there is one.
  private func rationalRoot(of radicand: Rational, _ exponent: Rational) throws(Stop) -> Rational? {
    guard let degree = exponent.denominator.int, degree <= 64, let power = exponent.numerator.int,
      power.magnitude <= 4_096, !radicand.isNegative || degree % 2 == 1,
      let top = try integerRoot(of: radicand.numerator, degree),
      let bottom = try integerRoot(of: radicand.denominator, degree)
    else { return nil }
    return try Rational(top, over: bottom, work).power(power, work)
  }

  /// The exact root of a whole number, found from its approximation.
  private func integerRoot(of value: BigInteger, _ degree: Int) throws(Stop) -> BigInteger? {
    if value.isZero || value.isOne { return value }
    guard value.bits / degree <= 52 else { return nil }
    let size = Quad(value.isNegative ? -value : value)
    let root = (size.logarithm() / Quad(Double(degree))).exponential().double.rounded()
    let candidate = BigInteger(Int(value.isNegative ? -root : root))
    return try candidate.power(UInt(degree), work) == value ? candidate : nil
  }

  /// `sqrt(p/q)` as a rational multiple of roots of primes, and of `i`.
  private func squareRoot(of radicand: Rational) throws(Stop) -> Quotient? {
    let product = try radicand.numerator.times(radicand.denominator, work)
    guard var rest = product.int, rest != .min else { return nil }
    var result = Quotient(try Rational.one.over(Rational(radicand.denominator), work))
    if rest < 0 {
      result = try times(result, atom(.i))
      rest = -rest
    }
    var outside = 1
    var prime = 2
    while prime * prime <= rest, prime < 2_000 {
      try work.spend()
      var count = 0
      while rest % prime == 0 {
        rest /= prime
        count += 1
      }
      for _ in 0..<count / 2 { outside *= prime }
      if count % 2 == 1 { result = try times(result, atom(.root(prime))) }
      prime += prime == 2 ? 1 : 2
    }
    if rest > 1 {
      let root = Int(Double(rest).squareRoot().rounded())
      if root.multipliedReportingOverflow(by: root) == (rest, false) {
        outside *= root
      } else {
        // Above the square of what was tried it need not be a prime.
        if prime * prime <= rest { atoms.loseIndependence() }
        result = try times(result, atom(.root(rest)))
      }
    }
    return try times(result, Quotient(Rational(outside)))
  }

  // MARK: Functions of numbers

  /// Exact values of functions that have them.
  private func value(of function: Function, _ arguments: [Quotient]) throws(Stop) -> Rational? {
    var values: [Rational] = []
    for argument in arguments {
      guard let value = argument.constant else { return nil }
      values.append(value)
    }
    guard let first = values.first else { return nil }
    switch function {
    case .absolute: return first.magnitude
    case .floor: return try floor(first)
    case .ceiling: return try floor(first.negated).negated
    case .sign: return Rational(first.isZero ? 0 : first.isNegative ? -1 : 1)
    case .real, .conjugate: return first
    case .imaginary: return .zero
    case .factorial:
      guard let n = first.integer else { return nil }
      guard !n.isNegative else { throw .undefined }
      guard let n = n.int, n <= 7_000 else { throw .tooLarge }
      return Rational(try BigInteger.product(1, through: n, work))
    case .doubleFactorial:
      guard let n = first.int, n >= 0, n <= 1_000 else { return nil }
      var product = Rational.one
      for factor in stride(from: n, to: 1, by: -2) {
        product = try product.times(Rational(factor), work)
      }
      return product
    case .binomial: return try binomial(first, values[1])
    case .gcd, .lcm: return try commonDivisorOrMultiple(values, function == .gcd)
    case .max, .min:
      var best = first
      for value in values.dropFirst() {
        let order = try value.compare(best, work)
        if function == .max ? order > 0 : order < 0 { best = value }
      }
      return best
    case .modulo:
      guard !values[1].isZero else { throw .undefined }
      let turns = try floor(first.over(values[1], work))
      return try first.minus(values[1].times(turns, work), work)
    default: return nil
    }
  }

  private func floor(_ value: Rational) throws(Stop) -> Rational {
    try work.spend(value.numerator.words * value.denominator.words)
    let (quotient, remainder) = value.numerator.dividedRounded(by: value.denominator)
    return Rational(remainder.isNegative ? quotient - .one : quotient)
  }

  private func binomial(_ n: Rational, _ k: Rational) throws(Stop) -> Rational? {
    guard let n = n.int, let k = k.int, n >= 0, n < 1 << 60 else { return nil }
    if k < 0 || k > n { return .zero }
    let small = min(k, n - k)
    guard small <= 5_000 else { throw .tooLarge }
    return try Rational(
      BigInteger.product(n - small + 1, through: n, work),
      over: BigInteger.product(1, through: small, work), work
    ).integer.map { Rational($0) }
  }

  private func commonDivisorOrMultiple(
    _ values: [Rational], _ isDivisor: Bool
  ) throws(Stop) -> Rational? {
    var result: BigInteger?
    for value in values {
      guard let whole = value.integer, whole.words <= 16 else { return nil }
      guard let old = result else {
        result = whole
        continue
      }
      let divisor = BigInteger.gcd(old, whole)
      try work.spend(old.words * whole.words * 16)
      if isDivisor || divisor.isZero {
        result = divisor
      } else {
        result = try old.dividedRounded(by: divisor).quotient.times(whole, work)
      }
    }
    return result.map { Rational($0) }
  }
}

extension Expression {
  func renaming(_ old: String, to new: String) -> Expression {
    switch self {
    case .symbol(old): .symbol(new)
    case .number, .decimal, .constant, .symbol: self
    default: rebuilt(children.map { $0.renaming(old, to: new) })
    }
  }
}
