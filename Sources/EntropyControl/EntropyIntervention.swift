import Foundation
import Metrics
import Trajectories

/// Changes the loss of an optimizer step so that the policy keeps, or gives up, its entropy.
///
/// It sees every token of the step at once and says how the loss changes, as per-token numbers and,
/// where it needs whole distributions, as rows of gradient. The core differentiates the base term
/// and the slopes; the intervention differentiates what only it knows.
///
/// `prepare` is the only call that changes state, and the trainer makes it on one thread. The
/// others come from any thread, many at once.
public protocol EntropyIntervention: AnyObject, Sendable {
  /// Unique in a run; in front of its metrics and columns.
  var name: String { get }
  var needs: InterventionNeeds { get }

  /// Notes `needs.observed` floats of a row, and bytes of an old one.
  func observe(
    _ row: LogprobRow, into floats: UnsafeMutableBufferPointer<Float>
  ) throws -> [UInt8]

  /// Sees the step's tokens, freezes statistics and selections, and changes what its stage allows:
  /// the batch's advantages and masks, and `shaping`.
  ///
  /// - Parameters:
  ///   - coefficients: `[N]` `W`, from the masks as they now stand.
  ///   - observed: what it noted of old and of current rows; `nil` where it did not ask.
  /// - Returns: `[N]` the rows that ``differentiate(_:token:coefficient:bytes:into:)`` wants; empty
  ///   for none.
  func prepare(
    _ step: StepPosition, _ batch: inout TokenBatch, _ shaping: inout Shaping,
    coefficients: [Float], observed: ObservedMoments
  ) throws -> [Bool]

  /// What is added to the tokens of whole sequences, in units of phi.
  ///
  /// - Parameters:
  ///   - run: whole sequences of the step, columns current, masks and advantages as prepared.
  ///   - first: where the run begins in the step, in tokens.
  func evaluate(
    _ run: TokenBatch, first: Int, coefficients: [Float], observed: ObservedMoments
  ) throws -> TokenAdditions

  /// Adds the row's gradient in z = logits / temperature; its components sum to 0.
  ///
  /// - Parameters:
  ///   - token: counts in the step.
  ///   - coefficient: the token's `W`.
  ///   - bytes: what it kept of the old row.
  /// - Returns: what the row adds to the step's loss.
  func differentiate(
    _ row: LogprobRow, token: Int, coefficient: Double, bytes: [UInt8],
    into gradient: UnsafeMutableBufferPointer<Float>
  ) throws -> Double

  /// Metrics `<name>/<quantity>` since the last call.
  func takeMetrics() -> StepMetrics
  /// Columns `<name>/<quantity>` of the step prepared last, `[N]` each; NaN where never set.
  func takeColumns() -> [TokenColumn]

  /// Everything that a later call depends on; `nil` where nothing is remembered.
  func saveState() throws -> Data?
  func restoreState(_ state: Data) throws
}

/// A named number for each token of a step.
public struct TokenColumn: Sendable, Equatable {
  public let name: String
  /// `[N]`
  public let values: [Float]

  public init(_ name: String, _ values: [Float]) { (self.name, self.values) = (name, values) }
}

/// What an intervention asks for.
public struct InterventionNeeds: Sendable, Equatable {
  /// When it prepares, and so what it may change.
  public enum Stage: Int, Sendable, Comparable, CaseIterable {
    case advantages, masks, weights, additions
    public static func < (a: Stage, b: Stage) -> Bool { a.rawValue < b.rawValue }
  }

  public var stage: Stage
  public var oldRows = false
  public var currentRows = false
  public var reference = false
  /// Changes phi itself; at most one such intervention in a run.
  public var replacesBase = false
  /// Floats noted of a row.
  public var observed = 0

  public init(stage: Stage = .additions) { self.stage = stage }
}

/// What an intervention noted of the tokens' rows, `[N]` each; `nil` where it did not ask.
public struct ObservedMoments: Sendable {
  public var old: ObservedRows?
  public var current: ObservedRows?

  public init(old: ObservedRows? = nil, current: ObservedRows? = nil) {
    (self.old, self.current) = (old, current)
  }
}

/// Where in the run an optimizer step stands, and what the run's configuration says.
public struct StepPosition: Sendable, Equatable {
  /// From 1.
  public var step: Int
  public var totalSteps: Int
  /// From 1; several updates may share one.
  public var rollout: Int
  /// Within the rollout, from 0.
  public var update: Int
  public var temperature = 1.0
  public var clipLow = 0.2
  public var clipHigh = 0.28
  /// `nil` for none.
  public var dualClip: Double?
  /// The user wrote the clip bounds, so an intervention keeps them.
  public var clipIsExplicit = false

  public init(step: Int, totalSteps: Int, rollout: Int, update: Int) {
    (self.step, self.totalSteps, self.rollout, self.update) = (step, totalSteps, rollout, update)
  }
}
