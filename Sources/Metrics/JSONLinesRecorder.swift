import Foundation
import JSON

/// Keeps one JSON object a step in a file: `{"step":3,"policy/entropy":0.61,...}`.
public final class JSONLinesRecorder: MetricRecorder {
  private let appended: AppendedFile
  public var file: URL { appended.url }

  /// Opens `file` for appending, and makes it where there is none.
  public init(appendingTo file: URL) throws(MetricError) { appended = try AppendedFile(file) }

  public func record(_ metrics: StepMetrics, step: Int) throws(MetricError) {
    let literal = JSONLiteral.object([.init("step", .int(step))] + metrics.members)
    try appended.append(Array((literal.serialized() + "\n").utf8))
  }
}
