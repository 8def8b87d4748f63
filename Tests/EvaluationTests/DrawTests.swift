import Testing

@testable import Evaluation

struct DrawTests {
  /// The share of k-subsets of n samples, the first c of them right, for which `holds` of the
  /// number of right ones.
  private func share(_ n: Int, _ c: Int, _ k: Int, _ holds: (Int) -> Bool) -> Double {
    let subsets = (0..<1 << n).filter { $0.nonzeroBitCount == k }
    let hits = subsets.count { holds(($0 & (1 << c - 1)).nonzeroBitCount) }
    return Double(hits) / Double(subsets.count)
  }

  @Test func chancesOfDrawsAgreeWithEnumeration() {
    for n in 1...8 {
      for c in 0...n {
        for k in 1...n {
          #expect(abs(allOfK(count: n, correct: c, k: k) - share(n, c, k) { $0 == k }) < 1e-12)
          for threshold in [0, 0.25, 0.5, 0.75, 1] {
            let wanted = max(Int((threshold * Double(k)).rounded(.up)), 1)
            let found = gPassAtK(count: n, correct: c, k: k, threshold: threshold)
            #expect(abs(found - share(n, c, k) { $0 >= wanted }) < 1e-12)
          }
          let tails = ((k + 1) / 2 + 1..<max(k + 1, (k + 1) / 2 + 1)).map { i in
            share(n, c, k) { $0 >= i }
          }
          let expected = 2 / Double(k) * tails.reduce(0, +)
          #expect(abs(meanGPassAtK(count: n, correct: c, k: k) - expected) < 1e-12)
        }
      }
    }
  }

  @Test func largeDrawsNeitherOverflowNorVanish() {
    let half = gPassAtK(count: 2000, correct: 1000, k: 1001, threshold: 0.5)
    #expect(half > 0.45 && half < 0.55)
    #expect(abs(gPassAtK(count: 1000, correct: 999, k: 500, threshold: 1) - 0.5) < 1e-12)
  }

  /// Both tails of the binomial, term by term.
  @Test func mcNemarAgreesWithTheBinomial() {
    for b in 0...12 {
      for c in 0...12 {
        let n = b + c
        var coefficients = [1.0]
        for i in 0..<n { coefficients.append(coefficients[i] * Double(n - i) / Double(i + 1)) }
        let all = coefficients.reduce(0, +)
        let tail = coefficients[...min(b, c)].reduce(0, +)
        let p = mcNemar(onlyFirst: b, onlySecond: c)
        #expect(abs(p - min(1, 2 * tail / all)) < 1e-12, "\(b) \(c)")
        #expect(p == mcNemar(onlyFirst: c, onlySecond: b))
      }
    }
    #expect(mcNemar(onlyFirst: 100_000, onlySecond: 100_000) == 1)
    let rare = mcNemar(onlyFirst: 0, onlySecond: 1000)
    #expect(rare > 0 && rare < 1e-290)
  }
}
