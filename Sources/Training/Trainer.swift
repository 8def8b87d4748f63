import Detectors
import EntropyControl
import JSON
import Metrics
import Models
import Optimizers

/// A way of training that goes step by step and can be stopped between two of them.
public protocol Trainer: AnyObject {
  var model: Transformer { get }
  var optimizer: AdamW { get }
  /// - Throws: ``RefusedStep`` where a loss or a gradient is not finite.
  func step(_ index: Int) throws -> StepReport
  /// What besides weights and moments decides how the run goes on.
  var state: JSONLiteral { get }
  func restore(_ state: JSON) throws
  /// The plugins whose memory belongs to that.
  var interventions: InterventionSet { get }
  /// What looks for trouble, and the state to go back to.
  var watch: Watch { get }
  /// Shows detectors an event after the step `step`, and goes back where that is decided.
  func look(_ event: DetectionEvent, step: Int, metrics: StepMetrics) throws
}

extension Trainer {
  public var interventions: InterventionSet { .none }
  public func look(_ event: DetectionEvent, step: Int, metrics: StepMetrics) throws {}
}
