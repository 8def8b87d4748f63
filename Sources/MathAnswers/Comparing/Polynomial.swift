/// A polynomial with rational coefficients in at most 16 atoms.
///
/// A monomial holds the exponent of atom `n` in byte `n`, at most 127, so that monomials multiply by
/// adding words.
struct Polynomial: Hashable, Sendable {
  typealias Monomial = UInt128

  struct Term: Hashable, Sendable {
    var monomial: Monomial
    var coefficient: Rational
  }

  static let longest = 2_000
  static let mostAtoms = 16
  private static let overflowing: Monomial = 0x8080_8080_8080_8080_8080_8080_8080_8080

  /// Ascending in their monomials, with no coefficient zero.
  private(set) var terms: [Term]

  static let one = Polynomial(.one)

  init(_ constant: Rational) {
    terms = constant.isZero ? [] : [Term(monomial: 0, coefficient: constant)]
  }

  init(atom: Int) { terms = [Term(monomial: 1 << Monomial(8 * atom), coefficient: .one)] }

  private init(terms: [Term]) { self.terms = terms }

  var isZero: Bool { terms.isEmpty }

  /// The value, where no atom occurs.
  var constant: Rational? {
    switch terms.count {
    case 0: .zero
    case 1: terms[0].monomial == 0 ? terms[0].coefficient : nil
    default: nil
    }
  }

  func plus(_ other: Polynomial, _ work: Work) throws(Stop) -> Polynomial {
    var sum: [Term] = []
    sum.reserveCapacity(terms.count + other.terms.count)
    var (i, j) = (0, 0)
    while i < terms.count || j < other.terms.count {
      try work.spend(2)
      if j == other.terms.count || i < terms.count && terms[i].monomial < other.terms[j].monomial {
        sum.append(terms[i])
        i += 1
      } else if i == terms.count || other.terms[j].monomial < terms[i].monomial {
        sum.append(other.terms[j])
        j += 1
      } else {
        let coefficient = try terms[i].coefficient.plus(other.terms[j].coefficient, work)
        if !coefficient.isZero {
          sum.append(Term(monomial: terms[i].monomial, coefficient: coefficient))
        }
        (i, j) = (i + 1, j + 1)
      }
    }
    guard sum.count <= Self.longest else { throw .tooLarge }
    return Polynomial(terms: sum)
  }

  var negated: Polynomial {
    Polynomial(
      terms: terms.map { Term(monomial: $0.monomial, coefficient: $0.coefficient.negated) })
  }

  /// - Parameter atoms: those whose powers have a shorter form are reduced.
  func times(_ other: Polynomial, _ atoms: Atoms, _ work: Work) throws(Stop) -> Polynomial {
    if let constant { return try other.scaled(by: constant, work) }
    if let constant = other.constant { return try scaled(by: constant, work) }
    let count = terms.count * other.terms.count
    guard count <= 4 * Self.longest else { throw .tooLarge }
    try work.spend(count * 8)
    var products: [Term] = []
    products.reserveCapacity(count)
    for a in terms {
      for b in other.terms {
        var product = Term(
          monomial: a.monomial &+ b.monomial,
          coefficient: try a.coefficient.times(b.coefficient, work))
        guard product.monomial & Self.overflowing == 0 else { throw .tooLarge }
        try atoms.reduce(&product, work)
        products.append(product)
      }
    }
    return try Polynomial(collecting: products, work)
  }

  /// Sums terms of any order.
  private init(collecting products: [Term], _ work: Work) throws(Stop) {
    let sorted = products.sorted { $0.monomial < $1.monomial }
    terms = []
    for term in sorted {
      if let last = terms.last, last.monomial == term.monomial {
        terms[terms.count - 1].coefficient = try last.coefficient.plus(term.coefficient, work)
      } else {
        if terms.last?.coefficient.isZero == true { terms.removeLast() }
        terms.append(term)
      }
    }
    if terms.last?.coefficient.isZero == true { terms.removeLast() }
    guard terms.count <= Self.longest else { throw .tooLarge }
  }

  func scaled(by factor: Rational, _ work: Work) throws(Stop) -> Polynomial {
    if factor.isZero { return Polynomial(.zero) }
    if factor == .one { return self }
    var scaled = terms
    for index in scaled.indices {
      try work.spend(2)
      scaled[index].coefficient = try scaled[index].coefficient.times(factor, work)
    }
    return Polynomial(terms: scaled)
  }

  /// A power of a polynomial of one term, or of degree at most 30.
  func power(_ exponent: Int, _ atoms: Atoms, _ work: Work) throws(Stop) -> Polynomial {
    if exponent == 0 { return .one }
    if terms.count <= 1 {
      guard let term = terms.first else { return self }
      if term.monomial == 0 { return Polynomial(try term.coefficient.power(exponent, work)) }
    }
    guard exponent <= (terms.count > 1 ? 30 : 127) else { throw .tooLarge }
    var (result, base, rest) = (Polynomial.one, self, exponent)
    while true {
      if rest & 1 == 1 { result = try result.times(base, atoms, work) }
      rest >>= 1
      if rest == 0 { return result }
      base = try base.times(base, atoms, work)
    }
  }

  /// The constant `c` for which `self = c * other`.
  func ratio(to other: Polynomial, _ work: Work) throws(Stop) -> Rational? {
    guard terms.count == other.terms.count, let a = terms.first, let b = other.terms.first,
      a.monomial == b.monomial
    else { return nil }
    let ratio = try a.coefficient.over(b.coefficient, work)
    for (a, b) in zip(terms, other.terms) {
      guard a.monomial == b.monomial,
        try b.coefficient.times(ratio, work).equals(a.coefficient, work)
      else { return nil }
    }
    return ratio
  }

  func equals(_ other: Polynomial, _ work: Work) throws(Stop) -> Bool {
    guard terms.count == other.terms.count else { return false }
    for (a, b) in zip(terms, other.terms) {
      guard a.monomial == b.monomial, try a.coefficient.equals(b.coefficient, work) else {
        return false
      }
    }
    return true
  }
}
