import Detectors
import Foundation
import PluginHost
import Testing

@Suite struct ReasoningInstabilityTests {
  private let row = [2.0, 1, 0, -1, -2, 0.5]

  @Test func distributionsThatStayHaveNoDivergence() throws {
    let detector = try Watched("reasoning-instability")
    try detector.look(traces: [[row, row, row]])
    #expect(detector["divergence_max"] == 0)
    #expect(detector["strength"] == detector["entropy_max"])
    #expect(isClose(detector["position"], 1.0 / 3))
  }

  @Test func distributionsWithNothingInCommonAreLogTwoApart() throws {
    let detector = try Watched("reasoning-instability:k=2")
    try detector.look(traces: [[[9, 9, 0, 0], [0, 0, 9, 9]]])
    #expect(isClose(detector["divergence_max"], log(2)))
    #expect(isClose(detector["strength"], 2 * log(2)))  // an even pair has log 2 of entropy
    #expect(detector["peak"] == 2)
  }

  @Test func theOrderOfSymbolsDoesNotMatter() throws {
    let (a, b) = (
      try Watched("reasoning-instability:k=3"), try Watched("reasoning-instability:k=3")
    )
    let other = [0.1, 1.3, 2.2, -0.4, 0.9, -3]
    try a.look(traces: [[row, other]])
    try b.look(traces: [[row.reversed(), other.reversed()]])
    for figure in ["divergence_max", "entropy_max", "strength"] {
      #expect(isClose(a[figure], b[figure]!, 1e-7))
    }
  }

  @Test func rowsAreTakenAtTemperatureOneWhateverTheyWereSampledAt() throws {
    let other = [0.1, 1.3, 2.2, -0.4, 0.9, -3]
    let (one, half) = (try Watched("reasoning-instability"), try Watched("reasoning-instability"))
    try one.look(traces: [[row, other]])
    try half.look(traces: [[row, other]], temperature: 0.5)
    #expect(isClose(half["strength"], one["strength"]!))
  }

  @Test func allSymbolsAreKeptWhereTheyFit() throws {
    let detector = try Watched("reasoning-instability:k=0")
    try detector.look(traces: [[Array(repeating: 0, count: 500)]])
    #expect(isClose(detector["entropy_max"], log(500)))
    #expect {
      try detector.look(traces: [[Array(repeating: 0, count: 513)]])
    } throws: {
      "\($0)".contains("a row of 513 symbols cannot be kept; 512 can: set 'k'")
    }
  }

  /// A calm trace, with a burst of even rows.
  private func trace(_ burst: Range<Int>, of count: Int = 60) -> [[Double]] {
    (0..<count).map { burst.contains($0) ? [0, 0, 0, 0] : [9, 0, 0, 0] }
  }

  @Test func earlyBurstsAreCorrectiveAndLateOnesDestructive() throws {
    let detector = try Watched("reasoning-instability")
    let calm = (0..<8).map { _ in trace(0..<0) }
    try detector.look(traces: calm + [trace(5..<6), trace(50..<51)])
    #expect(detector["corrective"] == 0.1 && detector["destructive"] == 0.1)
  }

  @Test func separabilityIsAgainstVerdicts() throws {
    let detector = try Watched("reasoning-instability")
    let traces = [trace(0..<0), trace(0..<0), trace(5..<6), trace(50..<51)]
    try detector.look(traces: traces, outcomes: Outcomes([[1, 1, 0, 0]]), event: .evaluation)
    #expect(detector["auc"] == 1)
    try detector.look(traces: traces, outcomes: Outcomes([[0, 1, 1, 0]]), event: .evaluation)
    // Wrong are the first and the last: one tie of four pairs, one won twice, one lost.
    #expect(detector["auc"] == (0.5 + 0 + 1 + 0.5) / 4 || detector["auc"] == 0.625)
  }

  @Test func destructiveBatchesAreSaidAndDroppedWhereThatIsAsked() throws {
    let detector = try Watched("reasoning-instability:drops=true,quantile=0.5")
    let traces = [trace(0..<0), trace(0..<0), trace(0..<0), trace(50..<51), trace(55..<56)]
    var outcomes = Outcomes([[1, 1, 1, 0, 0]])
    outcomes.truncated = [false, false, false, true, false]
    let finding = try detector.look(traces: traces, outcomes: outcomes)
    #expect(finding.action == .dropSequences([false, false, false, true, false]))
    let findings = try (0..<3).map { _ in
      try Watched("reasoning-instability:quantile=0.5").look(traces: traces)
    }
    #expect(findings.allSatisfy { $0 == .nothing })  // each the first look of its own
    let watched = try Watched("reasoning-instability:quantile=0.5")
    let three = try (0..<3).map { _ in try watched.look(traces: traces) }
    #expect(three[2].reason.hasPrefix("40% of the completions become unstable late"))
  }
}
