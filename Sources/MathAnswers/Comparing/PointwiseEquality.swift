/// Tests an identity at random points. Schwartz 1980, "Fast probabilistic algorithms for
/// verification of polynomial identities", for functions beyond polynomials.
struct PointwiseEquality {
  /// Where the points are drawn from.
  private enum Family: Equatable { case positive, real, complex, small, wholeNumbers }

  private static let mostRedraws = 40

  private let gold: Expression
  private let prediction: Expression
  private let names: [String]
  private let work: Work
  private var random: SplitMix
  private let families: [Family]
  private let hasBranches: Bool

  init(_ gold: Expression, _ prediction: Expression, seed: UInt64, _ work: Work) {
    (self.gold, self.prediction, self.work) = (gold, prediction, work)
    names = gold.symbols.union(prediction.symbols).sorted()
    random = SplitMix(seed)
    let both = [gold, prediction]
    hasBranches = both.contains { $0.contains(\.hasBranches) }
    if both.contains(where: \.needsWholeNumbers) {
      families = Array(repeating: .wholeNumbers, count: 8)
    } else {
      families =
        Array(repeating: .positive, count: 5) + [.real, .complex, .real, .complex, .real]
        + (both.contains(where: \.hasSymbolicExponent) ? [.small, .small] : [])
    }
  }

  /// - Throws: ``Stop/undecided`` where too few points have values.
  mutating func areEqual() throws(Stop) -> Bool {
    var redraws = 0
    var agreed = 0
    for family in families {
      while true {
        try work.spend(8)
        let point = draw(family)
        if let agrees = try agree(at: point) {
          if agrees.isEqual {
            agreed += 1
          } else {
            // Beside the positive numbers two forms may lie on different branches of a root.
            let isForgiven =
              hasBranches && (family == .complex || family == .real && !agrees.areReal)
            if !isForgiven { return false }
          }
          break
        }
        redraws += 1
        if redraws > Self.mostRedraws { throw .undecided }
      }
    }
    guard agreed >= 5 else { throw .undecided }
    return true
  }

  private mutating func draw(_ family: Family) -> [(re: Double, im: Double)] {
    names.map { _ in
      let unit = random.unit()
      switch family {
      case .positive: return (0.3 + 2.7 * unit, 0)
      case .real: return (-3 + 6 * unit, 0)
      case .complex:
        let angle = 2 * Double.pi * unit
        let (sine, cosine) = angle.sineAndCosine()
        return (cosine * (0.8 + 0.4 * random.unit()), sine * (0.8 + 0.4 * random.unit()))
      case .small: return (Double(2 + Int(unit * 4)), 0)
      case .wholeNumbers: return (Double(1 + Int(unit * 7)), 0)
      }
    }
  }

  /// Whether both sides agree at a point, first in doubles, then with 38 digits. `nil` where a side
  /// has no value there, or none that is known well enough.
  private func agree(
    at point: [(re: Double, im: Double)]
  ) throws(Stop) -> (isEqual: Bool, areReal: Bool)? {
    if let verdict = try agree(at: point, in: Double.self, loose: -20, tight: -30) {
      return verdict
    }
    return try agree(at: point, in: Quad.self, loose: -83, tight: -83)
  }

  /// - Parameters:
  ///   - loose: the relative distance, as a power of two, above which values differ.
  ///   - tight: that below which they agree.
  private func agree<Real: RealScalar>(
    at point: [(re: Double, im: Double)], in: Real.Type, loose: Int, tight: Int
  ) throws(Stop) -> (isEqual: Bool, areReal: Bool)? {
    var values: [String: Approximation<Real>] = [:]
    for (name, value) in zip(names, point) {
      values[name] = Approximation(Real(value.re), Real(value.im))
    }
    let evaluator = Evaluator<Real>(values, work)
    guard let a = try evaluator.value(of: gold), a.isFinite,
      let b = try evaluator.value(of: prediction), b.isFinite
    else { return nil }
    let areReal = a.isReal && b.isReal
    let difference = a - b
    let scale = max(a.exponent, b.exponent)
    if difference.exponent > scale + loose, difference.exponent > difference.noise + 10 {
      return (false, areReal)
    }
    if difference.exponent <= scale + tight, difference.noise <= scale + tight - 3 {
      return (true, areReal)
    }
    // Both sides vanish at points whose numbers are about one.
    if Real.precision > 60, difference.exponent <= difference.noise + 10, difference.noise < -70 {
      return (true, areReal)
    }
    return nil
  }
}

/// Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators".
struct SplitMix {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// In [0, 1).
  mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }
}

extension Expression {
  /// True for a node that has several branches: roots, logarithms, powers that are no whole number.
  fileprivate var hasBranches: Bool {
    switch self {
    case .root: true
    case .power(_, let exponent):
      exponent.literalFraction.map { !$0.denominator.isOne } ?? true
    case .function(let function, _):
      [.ln, .log, .arcsin, .arccos, .arcsec, .arccsc, .arccosh, .arctanh, .argument, .absolute]
        .contains(function)
    default: false
    }
  }

  /// True if a symbol stands where only whole numbers have a value.
  fileprivate var needsWholeNumbers: Bool {
    contains { node in
      switch node {
      case .function(let function, let arguments):
        [.factorial, .doubleFactorial, .binomial, .gcd, .lcm].contains(function)
          && arguments.contains(where: \.hasSymbols)
      case .series(let kind, _, let lower, let upper, _):
        kind != .integral && (lower.hasSymbols || upper.hasSymbols)
      default: false
      }
    }
  }

  fileprivate var hasSymbolicExponent: Bool {
    contains { node in
      if case .power(_, let exponent) = node { return exponent.hasSymbols }
      return false
    }
  }
}
