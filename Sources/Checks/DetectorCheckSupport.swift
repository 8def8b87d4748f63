import Detectors
import Foundation
import JSON
import Metrics
import Trajectories

/// Makes the detectors that cases belong to.
struct ShippedDetectors {
  let make: (_ name: String, _ configuration: JSONLiteral) throws -> (any Detector)?

  func callAsFunction(
    _ name: String, _ configuration: JSONLiteral = .object([])
  ) throws -> DetectorUnderTest {
    guard let detector = try make(name, configuration) else {
      throw SkippedCase("the detector '\(name)' is not shipped")
    }
    return DetectorUnderTest(detector)
  }
}

/// A detector that is shown one thing after the other.
final class DetectorUnderTest {
  let detector: any Detector
  /// Of the last look.
  private(set) var metrics = StepMetrics()
  private var step = 0

  init(_ detector: any Detector) { self.detector = detector }

  /// Shows it an event of the next step.
  @discardableResult
  func look(
    _ event: DetectionEvent, _ fill: (inout Observation) throws -> Void
  ) throws -> Finding {
    step += 1
    var seen = Observation(event, step: step, totalSteps: 1000)
    try fill(&seen)
    let finding = try detector.detect(seen)
    metrics = detector.takeMetrics()
    return finding
  }

  /// What it recorded of the last look; NaN, which agrees with nothing, where it did not.
  subscript(quantity: String) -> Double {
    MetricName(rawValue: "\(detector.name)/\(quantity)").flatMap { metrics[$0] } ?? .nan
  }
}

/// The rows of a nested array of numbers.
func rows(_ json: JSON) throws -> [[Double]] {
  try json.requireArray().map { row in
    guard let values = row.doubles, !values.isEmpty else {
      throw CheckError("\(row.path) must be a row of numbers")
    }
    return values
  }
}

/// The numbers of an array, of which there are `count` unless that is `nil`.
func numbers(_ json: JSON, count: Int? = nil) throws -> [Double] {
  let values = flattened(json)
  guard json.kind == .array, !values.isEmpty, count == nil || values.count == count else {
    throw CheckError("\(json.path) must be \(count.map { "\($0) " } ?? "")numbers in an array")
  }
  return values
}

extension Array<Float> {
  /// The array as a view that lives as long as `body`.
  func asRow<Result>(
    _ body: (UnsafeBufferPointer<Float>) throws -> Result
  ) rethrows -> Result { try withUnsafeBufferPointer(body) }
}

extension Tolerance {
  /// For what comes from columns and rows of floats.
  static let narrow = Tolerance(absolute: 2e-6, relative: 1e-5)
  /// For what a detector works out in double from doubles.
  static let wide = Tolerance(absolute: 1e-9, relative: 1e-8)
}

extension TokenBatch {
  /// One sequence of tokens of which nothing is known.
  init(tokens count: Int) {
    self.init(prompts: [[0]], completions: [Array(repeating: 0, count: count)])
  }
}
