import Metrics
import Testing
import Verifiers

@testable import Training

struct MergedMetricsTests {
  @Test func updatesAreMeansMaximaAndSums() {
    var merged = UpdateMetrics()
    merged.add(["policy/loss": 1, "policy/tokens": 10, "policy/max_log_ratio": 0])
    merged.add(["policy/loss": 2, "policy/tokens": 20, "policy/max_log_ratio": 0.5])
    merged.add(["optimizer/skipped_tied": 1, "policy/tokens": 5, "policy/max_log_ratio": 0.25])
    let metrics = merged.metrics
    #expect(metrics["policy/loss"] == 1.5)
    #expect(metrics["policy/tokens"] == 35)
    #expect(metrics["policy/max_log_ratio"] == 0.5)
    #expect(metrics["optimizer/skipped_tied"] == 1)
  }

  @Test func oneUpdateKeepsItsFigures() {
    var merged = UpdateMetrics()
    let update: StepMetrics = ["policy/loss": 0.1, "policy/forward_gap": 0, "policy/tokens": 3]
    merged.add(update)
    for (name, value) in update { #expect(merged.metrics[name] == value) }
    #expect(merged.metrics.count == 3)
  }

  @Test func verdictsAreCountedOverAllRounds() {
    var merged = VerdictMetrics()
    merged.add([
      .init("verifier/right", 3), .init("verifier/failed", 1), .init("verifier/exact", 0.5),
    ])
    merged.add([
      .init("verifier/right", 1), .init("verifier/failed", 0), .init("verifier/exact", 0.1),
    ])
    #expect(merged.metrics["verifier/right"] == 4)
    #expect(merged.metrics["verifier/failed"] == 1)
    #expect(merged.metrics["verifier/exact"] == 0.3)
  }
}
