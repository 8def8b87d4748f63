/// Shows each step's progress with a few of its metrics.
public final class ConsoleRecorder: MetricRecorder {
  public let progress: Progress
  /// In this order, where the step has them.
  public let shown: [MetricName]

  public init(_ progress: Progress, showing shown: [MetricName]) {
    (self.progress, self.shown) = (progress, shown)
  }

  /// - Parameter step: the number of the step just done, from 1.
  public func record(_ metrics: StepMetrics, step: Int) {
    let note = shown.compactMap { name in
      metrics[name].map { "\(name) \(Progress.short($0))" }
    }
    progress.advance(to: step, note: note.joined(separator: "  "))
  }
}
