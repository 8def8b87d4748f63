import Foundation
import Tensors
import Testing

@testable import Evaluation

struct IntervalTests {
  /// Wilson 1927 for 9 of 30 and at the edges, computed apart.
  @Test func wilsonAgreesWithPublishedValues() {
    let third = Interval.wilson(successes: 9, count: 30)
    #expect(abs(third.low - 0.16664748268243793) < 1e-12)
    #expect(abs(third.high - 0.47875787458714947) < 1e-12)
    let none = Interval.wilson(successes: 0, count: 30)
    #expect(none.low == 0 && abs(none.high - 0.11351339317396876) < 1e-12)
    let all = Interval.wilson(successes: 1, count: 1)
    #expect(abs(all.low - 0.20654931437723745) < 1e-12 && abs(all.high - 1) < 1e-12)
    #expect(Interval.wilson(successes: 0, count: 0) == Interval(low: 0, high: 1))
  }

  @Test func bootstrapIsSeededAndNearTheNormalInterval() {
    let values = (0..<400).map { Double($0 % 4 == 0 ? 1 : 0) }
    let interval = Interval.bootstrap(values)
    #expect(interval == Interval.bootstrap(values, seed: 0))
    #expect(interval != Interval.bootstrap(values, seed: 1))
    let half = 1.96 * (0.25 * 0.75 / 400).squareRoot()
    // Percentiles of 10,000 means: a few thousandths of noise.
    #expect(abs(interval.low - (0.25 - half)) < 0.004)
    #expect(abs(interval.high - (0.25 + half)) < 0.004)
  }

  @Test func bootstrapOfEqualValuesHasNoWidth() {
    #expect(Interval.bootstrap([0.5, 0.5, 0.5]) == Interval(low: 0.5, high: 0.5))
    #expect(Interval.bootstrap([]) == Interval(low: 0, high: 1))
  }

  /// The mean lies in 95% of intervals, give or take the noise of 200 draws.
  @Test func bootstrapCoversTheMean() {
    let random = CounterRandom(seed: 5, purpose: .sampling)
    let hits = (0..<200).count { run in
      let values = (0..<80).map { random.uniform(run, $0) < 0.3 ? 1.0 : 0 }
      let interval = Interval.bootstrap(values, resamples: 800)
      return interval.low <= 0.3 && 0.3 <= interval.high
    }
    #expect((176...199).contains(hits))
  }
}
