import Testing

@testable import Metrics

@Test func metricsKeepTheOrderInWhichTheyWereSet() {
  var metrics: StepMetrics = ["policy/entropy": 1, "reward/mean": 2]
  metrics["optimizer/grad_norm"] = 3
  metrics["policy/entropy"] = 4
  #expect(metrics.names == ["policy/entropy", "reward/mean", "optimizer/grad_norm"])
  #expect(metrics["policy/entropy"] == 4)
  metrics["reward/mean"] = nil
  #expect(metrics.names == ["policy/entropy", "optimizer/grad_norm"])
  #expect(metrics["optimizer/grad_norm"] == 3 && metrics["reward/mean"] == nil)
}

@Test func mergingAddsAndReplaces() {
  var metrics: StepMetrics = ["policy/entropy": 1, "reward/mean": 2]
  metrics.merge(["reward/mean": 5, "time/step": 6])
  #expect(metrics == ["policy/entropy": 1, "reward/mean": 5, "time/step": 6])
  #expect(metrics != ["reward/mean": 5, "policy/entropy": 1, "time/step": 6])
}

@Test func aNameHasAnAreaAndAQuantity() {
  #expect(MetricName(rawValue: "eval/pass@16")?.rawValue == "eval/pass@16")
  #expect(MetricName(rawValue: "entropy-floor/coefficient") != nil)
  for name in ["entropy", "/entropy", "policy/", "policy//entropy", "policy/my entropy", ""] {
    #expect(MetricName(rawValue: name) == nil, "\(name)")
  }
}
