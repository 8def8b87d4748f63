import Foundation
import JSON
import TestSupport
import Testing

@testable import Evaluation

struct PassAtKTests {
  /// Counted by hand: one minus the share of k-subsets without a right one.
  @Test func agreesWithCountedSubsets() {
    func expect(_ n: Int, _ c: Int, _ k: Int, _ expected: Double) {
      #expect(abs(passAtK(count: n, correct: c, k: k) - expected) < 1e-12)
    }
    expect(1, 0, 1, 0)
    expect(5, 5, 3, 1)
    expect(4, 1, 2, 0.5)
    expect(10, 3, 1, 0.3)
    expect(10, 3, 5, 1 - 21.0 / 252)
    expect(10, 3, 8, 1)
    expect(16, 1, 4, 0.25)
    expect(6, 2, 3, 1 - 4.0 / 20)
  }

  /// Every outcome of the draw, one by one.
  @Test func agreesWithEnumeration() {
    for n in 1...9 {
      for c in 0...n {
        for k in 1...n {
          let subsets = (0..<1 << n).filter { $0.nonzeroBitCount == k }
          let hit = subsets.count { $0 & (1 << c - 1) != 0 }
          let expected = Double(hit) / Double(subsets.count)
          #expect(abs(passAtK(count: n, correct: c, k: k) - expected) < 1e-12)
        }
      }
    }
  }

  @Test(.enabled(if: Shared.isPresent, Shared.absence)) func agreesWithTheGoldenValues() throws {
    let golden = try JSON(contentsOf: Shared.url("golden/eval_metrics.json"))
    let passes = try golden["pass_at_k"].requireArray()
    for entry in passes {
      let value = passAtK(
        count: try entry["n"].requireInt(), correct: try entry["c"].requireInt(),
        k: try entry["k"].requireInt())
      #expect(abs(value - (try entry["pass_at_k"].requireDouble())) <= 1e-12)
    }
    let intervals = try golden["wilson"].requireArray()
    for entry in intervals {
      let interval = Interval.wilson(
        successes: try entry["correct"].requireInt(), count: try entry["n"].requireInt())
      #expect(abs(interval.low - (try entry["low"].requireDouble())) <= 1e-12)
      #expect(abs(interval.high - (try entry["high"].requireDouble())) <= 1e-12)
    }
    #expect(!passes.isEmpty && !intervals.isEmpty)
  }
}
