import Foundation
import Testing

@testable import TemperPlugin

private func logits(_ count: Int, seed: UInt64, spread: Double = 8) -> [Float] {
  var state = seed
  return (0..<count).map { _ in
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Float(Double(state >> 11) * 0x1p-53 * spread)
  }
}

private func members(_ nucleus: Nucleus, _ row: Row) -> [Int] {
  row.logprobs.indices.filter { nucleus.contains($0, of: row) }
}

@Suite struct RowTests {
  @Test(arguments: [1, 15, 16, 17, 1000])
  func sumsRunOverTheWholeVocabulary(_ count: Int) {
    let row = Row.trial(logits: logits(count, seed: 1), token: 0)
    #expect(abs(row.sum { p, _ in p } - 1) < 1e-6)
    #expect(abs(row.sum { p, logp in -p * logp } - Double(row.entropy)) < 1e-5)
    #expect(row.largest == row.logprobs.max())
  }

  @Test func symbolsThatAreNotAllowedCountNothing() {
    let row = Row.trial(logits: [1, -.infinity, 0, -.infinity], token: 0)
    #expect(abs(row.sum { p, logp in -p * logp } - Double(row.entropy)) < 1e-6)
    var gradient: [Float] = [0, 0, 0, 0]
    gradient.withUnsafeMutableBufferPointer { row.add(to: $0) { p, _ in 2 * p } }
    #expect(gradient[1] == 0 && gradient[3] == 0)
    #expect(abs(gradient[0] - 2 * exp(row.logprobs[0])) < 1e-6)
    #expect(Nucleus(of: row, reaching: 1, atMost: 9, withCrossing: true).count == 2)
  }

  @Test func exponentialsAreGoodToTwoUnits() {
    for x in stride(from: Float(-86.9), through: 0, by: 0.0137) {
      let exact = Foundation.exp(Double(x))
      #expect(abs(Double(exponential(Lanes(repeating: x))[7]) - exact) <= 1.2e-7 * exact)
    }
    #expect(exponential(Lanes(repeating: -.infinity)) == .zero)
    #expect(exponential(.zero) == Lanes(repeating: 1))
  }

  @Test(arguments: [3, 40, 3000], [0.2, 0.8, 0.95])
  func aNucleusIsThePrefixOfTheRanking(_ count: Int, _ mass: Double) {
    for seed in UInt64(1)...8 {
      // Rounded, so that there are ties.
      let logits = logits(count, seed: seed, spread: Double(seed) * 2).map {
        ($0 * 4).rounded() / 4
      }
      let row = Row.trial(logits: logits, token: 0)
      let ranked = row.logprobs.indices.sorted {
        (row.logprobs[$1], $0) < (row.logprobs[$0], $1)
      }
      var (prefix, sum) = ([Int](), 0.0)
      for id in ranked where sum < mass - 1e-6 {
        prefix.append(id)
        sum += Foundation.exp(Double(row.logprobs[id]))
      }
      let nucleus = Nucleus(of: row, reaching: mass, atMost: count, withCrossing: true)
      #expect(members(nucleus, row) == prefix.sorted())
      #expect(nucleus.count == prefix.count)
      #expect(abs(nucleus.mass - sum) < 1e-6)  // sums over a vocabulary run in Float lanes
      let entropy = prefix.reduce(0) {
        let q = Foundation.exp(Double(row.logprobs[$1])) / sum
        return $0 - q * Foundation.log(q)
      }
      #expect(abs(nucleus.entropy - entropy) < 1e-5)

      let below = Nucleus(of: row, reaching: mass, atMost: count, withCrossing: false)
      #expect(members(below, row) == prefix.dropLast().sorted())
      let capped = Nucleus(of: row, reaching: mass, atMost: 2, withCrossing: true)
      #expect(members(capped, row) == prefix.prefix(2).sorted())
    }
  }

  @Test(arguments: [0.5, 0.9])
  func aNucleusEntropySlopesWithItsLogits(_ mass: Double) {
    // Few distinct values: the last members tie with symbols that are none.
    let logits = logits(700, seed: 4, spread: 3).map { ($0 * 2).rounded() / 2 }
    let row = Row.trial(logits: logits, token: 0)
    let nucleus = Nucleus(of: row, reaching: mass, atMost: 700, withCrossing: true)
    var gradient = [Float](repeating: 0, count: 700)
    gradient.withUnsafeMutableBufferPointer {
      nucleus.addEntropyGradient(of: row, times: 2, to: $0)
    }
    // Of Float, and of sums in Float lanes.
    #expect(abs(gradient.reduce(0, +)) < 4e-6 * gradient.reduce(0) { $0 + abs($1) })
    for id in 0..<700 {
      let logq = Double(row.logprobs[id]) - Foundation.log(nucleus.mass)
      let slope = -2 * Foundation.exp(logq) * (logq + nucleus.entropy)
      let expected = nucleus.contains(id, of: row) ? slope : 0
      #expect(abs(Double(gradient[id]) - expected) < 1e-6 * max(abs(expected), 0.01))
    }
  }

  @Test func aMassThatIsReachedExactlyIsReached() {
    let row = Row.trial(logits: [0, 0, 0, 0], token: 0)
    #expect(
      members(Nucleus(of: row, reaching: 0.75, atMost: 4, withCrossing: true), row) == [0, 1, 2])
    let certain = Row.trial(logits: [0, 200, 0], token: 0)
    #expect(Nucleus(of: certain, reaching: 0.8, atMost: 4, withCrossing: true).entropy == 0)
    #expect(Nucleus(of: certain, reaching: 0.8, atMost: 4, withCrossing: false).count == 0)
  }
}

@Suite struct StatisticsTests {
  @Test func aQuantileLiesOnTheLineBetweenNeighbours() {
    #expect([4.0, 1, 3, 2].quantile(0.5) == 2.5)
    #expect([4.0, 1, 3, 2].quantile(0) == 1)
    #expect([4.0, 1, 3, 2].quantile(1) == 4)
    #expect([5.0].quantile(0.3) == 5)
    #expect([Double]().quantile(0.3) == nil)
    #expect([2.0, 2, 2].quantile(0.8) == 2)
  }

  @Test func equalValuesRankInOrder() {
    #expect([1.0, 3, 3, 2].places(ofLargest: 2) == [1, 2])
    #expect([3.0, 1, 1, 2].places(ofSmallest: 3) == [1, 2, 3])
    #expect([1.0].places(ofLargest: 5) == [0])
  }

  @Test func covariancesLeaveMaskedTokensOut() {
    let trial = Trial(
      lengths: [4], logprobs: [-1, -2, -3, -9], advantages: [1, 0, -1, 5], mask: [1, 1, 1, 0])
    #expect(trial.step.tokens.covariances == [1, 0, 1])
  }
}
