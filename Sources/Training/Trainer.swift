import EntropyControl
import JSON
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
}

extension Trainer {
  public var interventions: InterventionSet { .none }
}
