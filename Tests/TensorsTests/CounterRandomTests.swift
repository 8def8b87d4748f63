import Foundation
import Testing

@testable import Tensors

@Suite struct CounterRandomTests {
  // Random123 1.14.0, tests/kat_vectors, the lines "philox4x32 10".
  @Test(arguments: [
    (
      counter: SIMD4<UInt32>(repeating: 0), key: SIMD2<UInt32>(repeating: 0),
      bits: SIMD4<UInt32>(0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8)
    ),
    (
      counter: SIMD4<UInt32>(repeating: .max), key: SIMD2<UInt32>(repeating: .max),
      bits: SIMD4<UInt32>(0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD)
    ),
    (
      counter: SIMD4<UInt32>(0x243F_6A88, 0x85A3_08D3, 0x1319_8A2E, 0x0370_7344),
      key: SIMD2<UInt32>(0xA409_3822, 0x299F_31D0),
      bits: SIMD4<UInt32>(0xD16C_FE09, 0x94FD_CCEB, 0x5001_E420, 0x2412_6EA1)
    ),
  ])
  func matchesTheKnownAnswersOfRandom123(
    counter: SIMD4<UInt32>, key: SIMD2<UInt32>, bits: SIMD4<UInt32>
  ) {
    let random = CounterRandom(key: key[0], key[1])
    #expect(
      random.bits(Int(counter[0]), Int(counter[1]), Int(counter[2]), Int(counter[3])) == bits)
  }

  @Test func everyPartOfTheCounterAndOfTheKeyMatters() {
    let random = CounterRandom(seed: 1, purpose: .sampling)
    let draws = [
      random.bits(5, 6, 7, 8), random.bits(6, 6, 7, 8), random.bits(5, 7, 7, 8),
      random.bits(5, 6, 8, 8), random.bits(5, 6, 7, 9),
      CounterRandom(seed: 2, purpose: .sampling).bits(5, 6, 7, 8),
      CounterRandom(seed: 1 + 1 << 32, purpose: .sampling).bits(5, 6, 7, 8),
      CounterRandom(seed: 1, purpose: .plugin).bits(5, 6, 7, 8),
    ]
    #expect(Set(draws).count == draws.count)
    #expect(random.bits(5, 6, 7, 8) == draws[0])
  }

  @Test func uniformNumbersFillTheirInterval() {
    let random = CounterRandom(seed: 3, purpose: .check)
    let draws = (0..<20_000).map { random.uniform($0) }
    #expect(draws.allSatisfy { $0 >= 0 && $0 < 1 })
    // Standard errors: 0.002 of the mean, 0.0005 of the variance.
    #expect(abs(draws.reduce(0, +) / 20_000 - 0.5) < 0.01)
    #expect(abs(draws.reduce(0) { $0 + ($1 - 0.5) * ($1 - 0.5) } / 20_000 - 1.0 / 12) < 0.0025)
  }

  @Test(arguments: [1, 2, 7, 100])
  func integersAreEvenBelowTheirBound(bound: Int) {
    let random = CounterRandom(seed: 4, purpose: .check)
    var counts = [Int](repeating: 0, count: bound)
    for index in 0..<1000 * bound { counts[random.integer(below: bound, index)] += 1 }
    // Five standard errors of a count of 1000.
    #expect(counts.allSatisfy { abs($0 - 1000) < 160 })
  }

  @Test func integersReachTheLargestBound() {
    let random = CounterRandom(seed: 4, purpose: .check)
    let draws = (0..<1000).map { random.integer(below: 1 << 32, $0) }
    #expect(draws.allSatisfy { $0 >= 0 && $0 < 1 << 32 })
    #expect(draws.max()! > 0xFF00_0000)
  }

  @Test func normalNumbersHaveTheirFirstFourMoments() {
    let random = CounterRandom(seed: 5, purpose: .check)
    let draws = (0..<50_000).map { random.normal($0) }
    func moment(_ power: Double) -> Double { draws.reduce(0) { $0 + pow($1, power) } / 50_000 }
    // Standard errors: 0.0045, 0.0063, 0.017, 0.044.
    #expect(abs(moment(1)) < 0.02)
    #expect(abs(moment(2) - 1) < 0.03)
    #expect(abs(moment(3)) < 0.08)
    #expect(abs(moment(4) - 3) < 0.2)
  }

  @Test func aBoundOfZeroIsAProgrammersMistake() async {
    await #expect(processExitsWith: .failure) {
      _ = CounterRandom(seed: 0, purpose: .check).integer(below: 0, 1)
    }
  }
}
