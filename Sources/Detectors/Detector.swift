import Foundation
import Metrics
import Trajectories

/// Looks for trouble in a run, and proposes what to do about it.
///
/// A function of what it remembers and of what it sees, so that a replayed run finds the same. The
/// trainer calls it on one thread; only ``observe(_:into:)`` comes from any, many at once.
public protocol Detector: AnyObject, Sendable {
  /// Unique in a run; in front of its metrics.
  var name: String { get }
  var needs: DetectorNeeds { get }

  /// Notes `needs.observed` floats, and bytes, of a row that a token is drawn from.
  func observe(
    _ row: LogprobRow, into floats: UnsafeMutableBufferPointer<Float>
  ) throws -> [UInt8]

  func detect(_ observation: Observation) throws -> Finding

  /// Metrics `<name>/<quantity>` since the last call.
  func takeMetrics() -> StepMetrics

  /// Everything that a later call depends on; `nil` where nothing is remembered.
  func saveState() throws -> Data?
  func restoreState(_ state: Data) throws
}

/// When detectors look.
public enum DetectionEvent: Int, Sendable, CaseIterable {
  /// Sampled and judged; nothing is learned of it yet.
  case rollout
  /// Of an update, whole, before clipping.
  case gradients
  /// The weights as they would become.
  case update
  /// Done, with all of its metrics.
  case step
  /// Of the policy, on a suite or a file.
  case evaluation
  /// About to be written.
  case checkpoint
}

/// What a detector asks for, and pays for.
public struct DetectorNeeds: Sendable, Equatable {
  public var events: Set<DetectionEvent> = []
  /// Columns: rollout, gradients, evaluation.
  public var tokens = false
  /// Rewards, verdicts, texts: rollout, evaluation.
  public var outcomes = false
  /// Figures of each tensor: gradients, update.
  public var norms = false
  /// The tensors themselves: gradients, update, checkpoint.
  public var views = false
  /// Figures of each head on the probe batch: step.
  public var attention = false
  /// Of ``rows`` trained tokens: gradients, update.
  public var logits = false
  /// By the update, to first order, of those rows: update.
  public var logitChange = false
  /// Steps between two looks, where the user says nothing.
  public var every = 1
  /// Floats that it notes of a sampled row.
  public var observed = 0
  /// It is shown the rows that are sampled from.
  public var seesRows = false
  /// Rows of logits at most.
  public var rows = 0
  /// Counts entries with `g^2 > spike v`.
  public var spike: Double?

  public init() {}
}
