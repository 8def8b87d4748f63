import Foundation

/// Where the metrics of a step go.
public protocol MetricRecorder: AnyObject {
  /// - Throws: ``MetricError`` if the record could not be kept whole.
  func record(_ metrics: StepMetrics, step: Int) throws(MetricError)
}

/// What goes wrong when metrics are kept.
public enum MetricError: Error, Equatable, CustomStringConvertible {
  case unwritable(file: String, reason: String)

  public var description: String {
    switch self {
    case .unwritable(let file, let reason):
      "\(file): the metrics could not be written: \(reason); what was written before is whole"
    }
  }

  /// With the system's reason for the call that has just failed.
  static func unwritable(_ file: URL) -> MetricError {
    .unwritable(file: file.path, reason: String(cString: strerror(errno)))
  }
}
