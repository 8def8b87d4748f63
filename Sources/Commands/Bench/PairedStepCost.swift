import Evaluation
import Foundation
import JSON
import Metrics
import Training

/// What one plugin cost in some pairs of steps.
struct PairedStepCost {
  struct Step {
    let seconds, processorSeconds: Double
    /// In the plugin's calls for the whole step, and in rows of log-probabilities: making them,
    /// showing them, taking their gradients.
    let calls, rows: Double
    let entropy: Double

    /// - Parameter calls: the metric of the time in the plugin's calls.
    init(_ trainer: GRPOTrainer, _ index: Int, calls: MetricName) throws {
      let before = ProcessUsage.processorSeconds
      let metrics = try trainer.step(index).metrics
      processorSeconds = ProcessUsage.processorSeconds - before
      seconds = metrics["time/step"]!
      self.calls = metrics[calls] ?? 0
      rows = metrics["time/rows"] ?? 0
      entropy = metrics["policy/entropy"] ?? .nan
    }
  }

  let name: String
  /// The metric of the time in its calls.
  let calls: MetricName
  var pairs: [(plain: Step, with: Step)] = []

  /// Shares of the step without the plugin, each a mean over the pairs.
  var callShare: PairedMean { PairedMean(pairs.map { $0.with.calls / $0.plain.seconds }) }
  var rows: PairedMean { PairedMean(pairs.map { $0.with.rows / $0.plain.seconds }) }
  /// All the time that is the plugin's.
  var share: PairedMean {
    PairedMean(pairs.map { ($0.with.calls + $0.with.rows) / $0.plain.seconds })
  }
  var difference: PairedMean { PairedMean(pairs.map { $0.with.seconds / $0.plain.seconds - 1 }) }
  var processorDifference: PairedMean {
    PairedMean(pairs.map { $0.with.processorSeconds / $0.plain.processorSeconds - 1 })
  }

  init(name: String, calls: MetricName) { (self.name, self.calls) = (name, calls) }

  static func table(_ costs: [PairedStepCost]) -> String {
    let header = [
      "plugin", "pairs", "step, s", "entropy", "in its calls", "in its rows", "together",
      "step with / without - 1 (95%)", "by processor time (95%)",
    ]
    func percent(_ value: Double) -> String { String(format: "%.2f%%", 100 * value) }
    return BenchTable.aligned(
      header,
      costs.map { cost in
        let plain = Figure(cost.pairs.map(\.plain.seconds)).median
        return [
          cost.name, "\(cost.pairs.count)", String(format: "%.3g", plain),
          String(format: "%.2f", Figure(cost.pairs.map(\.plain.entropy)).median),
          percent(cost.callShare.mean), percent(cost.rows.mean),
          cost.share.text(percent), cost.difference.text(percent),
          cost.processorDifference.text(percent),
        ]
      })
  }

  var json: JSONLiteral {
    [
      "plugin": .string(name), "pairs": .int(pairs.count),
      "seconds": Figure(pairs.map(\.plain.seconds)).json,
      "calls": .array(pairs.map { .double($0.with.calls) }),
      "rows": .array(pairs.map { .double($0.with.rows) }),
      "share": share.json, "difference": difference.json,
      "processor_difference": processorDifference.json,
    ]
  }
}

/// The mean of some pairs' figures and its 95% interval by Student's t.
struct PairedMean {
  let mean: Double
  /// Half the interval; not a number for a single pair.
  let half: Double

  init(_ values: [Double]) {
    let count = Double(values.count)
    let mean = values.reduce(0, +) / count
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    self.mean = mean
    half =
      values.count < 2
      ? .nan
      : studentQuantile(freedom: values.count - 1) * (squares / (count - 1) / count).squareRoot()
  }

  func text(_ format: (Double) -> String) -> String {
    half.isNaN
      ? format(mean) : "\(format(mean)) (\(format(mean - half)) to \(format(mean + half)))"
  }

  var json: JSONLiteral {
    ["mean": .double(mean), "low": .double(mean - half), "high": .double(mean + half)]
  }
}
