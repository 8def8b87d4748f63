/// Several recorders as one; each is given every record, in order.
public final class RecorderGroup: MetricRecorder {
  private let recorders: [any MetricRecorder]

  public init(_ recorders: [any MetricRecorder]) { self.recorders = recorders }

  public func record(_ metrics: StepMetrics, step: Int) throws(MetricError) {
    for recorder in recorders { try recorder.record(metrics, step: step) }
  }
}
