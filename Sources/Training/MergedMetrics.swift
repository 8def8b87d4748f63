import Metrics
import Trajectories
import Verifiers

/// The metrics of a step's updates as one record: means over the updates that have them, except
/// that what is a maximum stays one and what counts updates is added up.
struct UpdateMetrics {
  private static let maxima: Set<MetricName> = [
    .maximumLogRatio, .maximumBehaviourGap, "policy/forward_gap",
  ]
  private static let sums: Set<MetricName> = [
    .trainedTokens, "optimizer/skipped_empty", "optimizer/skipped_tied",
    "optimizer/skipped_detector", "time/prepare", "time/forward", "time/backward",
    "time/optimizer",
  ]
  private var means = MeanMetrics()
  private var others = StepMetrics()

  mutating func add(_ update: StepMetrics) {
    for (name, value) in update {
      if Self.maxima.contains(name) {
        others[name] = max(others[name] ?? value, value)
      } else if Self.sums.contains(name) {
        others[name] = (others[name] ?? 0) + value
      } else {
        means.add(name, value)
      }
    }
  }

  var metrics: StepMetrics {
    var all = means.metrics
    all.merge(others)
    return all
  }
}

/// What verifiers measured in a step's rounds of sampling: verdicts are counted over all of them,
/// the rest is the mean of rounds of one size.
struct VerdictMetrics {
  private static let counts = Set(Verdict.allCases.map { "verifier/\($0.rawValue)" })
  private var counted = StepMetrics()
  private var means = MeanMetrics()

  mutating func add(_ round: [VerifierMetric]) {
    for metric in round {
      if Self.counts.contains(metric.name) {
        counted[metric.metricName] = (counted[metric.metricName] ?? 0) + metric.value
      } else {
        means.add(metric.metricName, metric.value)
      }
    }
  }

  var metrics: StepMetrics {
    var all = counted
    all.merge(means.metrics)
    return all
  }
}

private struct MeanMetrics {
  private var sums = StepMetrics()
  private var counts: [MetricName: Double] = [:]

  mutating func add(_ name: MetricName, _ value: Double) {
    sums[name] = (sums[name] ?? 0) + value
    counts[name, default: 0] += 1
  }

  var metrics: StepMetrics {
    var means = sums
    for name in sums.names { means[name] = sums[name]! / counts[name]! }
    return means
  }
}

extension VerifierMetric {
  /// The name as a metric's; one that is no metric name is kept under `verifier/`.
  fileprivate var metricName: MetricName {
    MetricName(rawValue: name) ?? MetricName(rawValue: "verifier/" + name.filter(\.isLetter))
      ?? "verifier/unnamed"
  }
}
