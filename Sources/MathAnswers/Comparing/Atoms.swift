/// What polynomials are in: symbols, constants, roots, and whatever else has no polynomial form.
final class Atoms {
  enum Key: Hashable {
    case symbol(String)
    case pi, e, i
    /// The square root of a number without square factors; of a prime, as far as it was factored.
    case root(Int)
    case function(Function, [Quotient])
    case application(String, [Quotient])
    case power(Quotient, Quotient)
    case series(Series, Quotient, Quotient, Quotient)
  }

  private var indices: [Key: Int] = [:]
  private(set) var keys: [Key] = []
  /// The bits of exponents that are two or more, for atoms whose square is known.
  private var reducible: Polynomial.Monomial = 0
  /// True while different forms mean different values: no atom depends on others.
  private(set) var areIndependent = true

  func index(of key: Key) throws(Stop) -> Int {
    if let index = indices[key] { return index }
    let index = keys.count
    guard index < Polynomial.mostAtoms else { throw .tooLarge }
    indices[key] = index
    keys.append(key)
    switch key {
    case .symbol, .pi, .e: break
    case .i, .root: reducible |= 0xFE << Polynomial.Monomial(8 * index)
    case .function, .application, .power, .series: areIndependent = false
    }
    return index
  }

  /// Marks that forms are no longer unique.
  func loseIndependence() { areIndependent = false }

  /// Uses `i^2 = -1` and `sqrt(n)^2 = n`.
  @inline(__always)
  func reduce(_ term: inout Polynomial.Term, _ work: Work) throws(Stop) {
    if term.monomial & reducible != 0 { try reduceSquares(&term, work) }
  }

  private func reduceSquares(_ term: inout Polynomial.Term, _ work: Work) throws(Stop) {
    for (index, key) in keys.enumerated() {
      let square: Int
      switch key {
      case .i: square = -1
      case .root(let radicand): square = radicand
      default: continue
      }
      let shift = Polynomial.Monomial(8 * index)
      let exponent = Int(truncatingIfNeeded: term.monomial >> shift & 0xFF)
      guard exponent >= 2 else { continue }
      term.monomial &-= Polynomial.Monomial(exponent & ~1) << shift
      let factor = try Rational(square).power(exponent / 2, work)
      term.coefficient = try term.coefficient.times(factor, work)
    }
  }
}

/// A quotient of polynomials; not reduced, so compare with ``equals(_:_:_:)``.
struct Quotient: Hashable, Sendable {
  var numerator: Polynomial
  /// Not zero; one where it is a constant.
  var denominator: Polynomial

  init(_ numerator: Polynomial) { (self.numerator, denominator) = (numerator, .one) }

  init(_ constant: Rational) { self.init(Polynomial(constant)) }

  init(_ numerator: Polynomial, over denominator: Polynomial, _ work: Work) throws(Stop) {
    guard !denominator.isZero else { throw .undefined }
    if let constant = denominator.constant {
      self.numerator = try numerator.scaled(by: Rational.one.over(constant, work), work)
      self.denominator = .one
    } else {
      (self.numerator, self.denominator) = (numerator, denominator)
    }
  }

  var constant: Rational? { denominator.constant == nil ? nil : numerator.constant }

  func equals(_ other: Quotient, _ atoms: Atoms, _ work: Work) throws(Stop) -> Bool {
    if denominator == other.denominator { return try numerator.equals(other.numerator, work) }
    return try numerator.times(other.denominator, atoms, work)
      .equals(other.numerator.times(denominator, atoms, work), work)
  }
}
