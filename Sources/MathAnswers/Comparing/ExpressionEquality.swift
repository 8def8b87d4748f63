/// Decides whether two expressions are equal: by exact arithmetic where they have a canonical form,
/// else by their values at seeded points.
struct ExpressionEquality {
  let work: Work
  let seed: UInt64
  /// An absolute tolerance for numbers, in the place of all other rules.
  var tolerance: Rational?

  func areEqual(_ gold: Expression, _ prediction: Expression) throws(Stop) -> Bool {
    if let a = gold.literal, let b = prediction.literal { return try areEqualNumbers(a, b) }
    if gold.hasMatrix || prediction.hasMatrix {
      return try areEqualMatrices(gold, prediction)
    }
    if gold.isInfinite || prediction.isInfinite {
      return gold.isInfinite && prediction.isInfinite
        && gold.infinitySign == prediction.infinitySign
    }
    if gold.symbols.isEmpty, prediction.symbols.isEmpty {
      return try areEqualConstants(gold, prediction)
    }
    if let isEqual = try canonically(gold, prediction) { return isEqual }
    var points = PointwiseEquality(gold, prediction, seed: seed, work)
    return try points.areEqual()
  }

  /// - Returns: `nil` where the canonical forms leave it open.
  private func canonically(
    _ gold: Expression, _ prediction: Expression
  ) throws(Stop) -> Bool? {
    let canonical = CanonicalForm(work)
    do throws(Stop) {
      let a = try canonical.form(of: gold)
      let b = try canonical.form(of: prediction)
      if try a.equals(b, canonical.atoms, work) { return true }
      return canonical.atoms.areIndependent ? false : nil
    } catch .tooLarge {
      return gold == prediction ? true : nil
    } catch .undecided {
      return nil
    }
  }

  // MARK: Constants

  private func areEqualConstants(
    _ gold: Expression, _ prediction: Expression
  ) throws(Stop) -> Bool {
    let canonical = CanonicalForm(work)
    var forms: (gold: Quotient, prediction: Quotient)?
    do throws(Stop) {
      forms = (try canonical.form(of: gold), try canonical.form(of: prediction))
    } catch .tooLarge {
      if gold == prediction { return true }
    } catch .undecided {}
    if let (a, b) = forms {
      if let a = a.constant, let b = b.constant {
        let areDecimal = gold.hasDecimal || prediction.hasDecimal
        return try areEqualNumbers((a, areDecimal), (b, areDecimal))
      }
      if try a.equals(b, canonical.atoms, work) { return true }
      let isExact = !gold.hasDecimal && !prediction.hasDecimal && tolerance == nil
      if isExact, canonical.atoms.areIndependent { return false }
    }
    return try areNear(gold, prediction)
  }

  /// Two numbers, with the word whether either is written as a decimal.
  private func areEqualNumbers(
    _ gold: (value: Rational, isDecimal: Bool), _ prediction: (value: Rational, isDecimal: Bool)
  ) throws(Stop) -> Bool {
    if let tolerance {
      return try gold.value.minus(prediction.value, work).magnitude.compare(tolerance, work) <= 0
    }
    if try gold.value.equals(prediction.value, work) { return true }
    guard gold.isDecimal || prediction.isDecimal else { return false }
    // A decimal may stand for a fraction whose decimals never end.
    let areFinite = try gold.value.terminates(work)
    if areFinite, try prediction.value.terminates(work) { return false }
    return Self.agreeToSixDecimals(Quad(gold.value), Quad(prediction.value))
  }

  /// Rounded to six decimals; relative for values that have few of them.
  private static func agreeToSixDecimals(_ gold: Quad, _ prediction: Quad) -> Bool {
    let difference = gold - prediction
    if difference.isZero { return true }
    let relative = difference.magnitudeExponent - gold.magnitudeExponent
    if relative < -32 { return true }
    guard abs(gold.double) >= 1e-4 else {
      return abs((difference / gold).double) < 1e-6
    }
    func rounded(_ value: Quad) -> Quad { (value * Quad(1e6) + Quad(0.5)).roundedDown() }
    return rounded(gold) == rounded(prediction)
  }

  /// Values of constants to 30 digits, or to six decimals where one is a decimal.
  private func areNear(_ gold: Expression, _ prediction: Expression) throws(Stop) -> Bool {
    let rough = Evaluator<Double>([:], work)
    if tolerance == nil, let a = try rough.value(of: gold), let b = try rough.value(of: prediction),
      a.isFinite, b.isFinite
    {
      let distance = (a - b).exponent
      if distance > max(a.exponent, b.exponent) - 8, distance > max(a.noise, b.noise) + 10 {
        return false
      }
    }
    let exact = Evaluator<Quad>([:], work)
    guard let a = try exact.value(of: gold), let b = try exact.value(of: prediction), a.isFinite,
      b.isFinite
    else { throw .undecided }
    if let tolerance {
      return a.isReal && b.isReal
        && abs((a - b).real.double) <= Quad(tolerance).double * (1 + 1e-12)
    }
    let difference = a - b
    let scale = max(a.exponent, b.exponent)
    if gold.hasDecimal || prediction.hasDecimal {
      let noise = max(a.noise, b.noise)
      guard noise < scale - 40 || noise < -60 else { throw .undecided }
      return Self.agreeToSixDecimals(a.real, b.real)
        && (a.isReal && b.isReal || Self.agreeToSixDecimals(a.imaginary, b.imaginary))
    }
    if difference.exponent <= scale - 99 || difference.isVanishing {
      // Agreement of leading digits says nothing of numbers too long to be written out.
      guard difference.noise < max(scale, 0) - 70, scale < BigInteger.maximumBits else {
        throw .undecided
      }
      return true
    }
    return false
  }

  // MARK: Matrices

  private func areEqualMatrices(
    _ gold: Expression, _ prediction: Expression
  ) throws(Stop) -> Bool {
    let a = try MatrixArithmetic(work).resolved(gold)
    let b = try MatrixArithmetic(work).resolved(prediction)
    guard case .matrix(let rows) = a, case .matrix(let others) = b else {
      if a.hasMatrix || b.hasMatrix { return false }
      return try areEqual(a, b)
    }
    guard rows.count == others.count, rows[0].count == others[0].count else { return false }
    for (row, other) in zip(rows, others) {
      for (x, y) in zip(row, other) where try !areEqual(x, y) { return false }
    }
    return true
  }
}

extension Expression {
  /// Its value, where it is a number with or without a sign.
  fileprivate var literal: (value: Rational, isDecimal: Bool)? {
    switch self {
    case .number(let value): (value, false)
    case .decimal(let value): (value, true)
    case .negated(let part): part.literal.map { ($0.value.negated, $0.isDecimal) }
    default: nil
    }
  }

  var hasMatrix: Bool {
    contains {
      if case .matrix = $0 { return true }
      return false
    }
  }

  var hasDecimal: Bool {
    contains {
      if case .decimal = $0 { return true }
      return false
    }
  }

  var isInfinite: Bool { infinitySign != 0 }

  /// 1 and -1 for the infinities, 0 for all else.
  var infinitySign: Int {
    switch self {
    case .constant(.infinity): 1
    case .negated(let part): -part.infinitySign
    default: 0
    }
  }
}
