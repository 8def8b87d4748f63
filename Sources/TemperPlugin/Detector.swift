/// Looks for trouble in a run, and proposes what to do about it.
///
/// A detector is a value; what it remembers is its ``State``, which the SDK keeps and saves. What
/// it finds is a function of that and of what it sees, so that a replayed run finds the same.
/// `detect` is called on one thread, `observe` on any.
public protocol Detector: Plugin {
  /// What is remembered from look to look, and saved in checkpoints.
  associatedtype State: PluginState = NoState

  /// When it looks, and what it is to see; it pays for that alone.
  var needs: DetectorNeeds { get }

  /// Notes what is needed of a row that a token is sampled from, since rows are too large to keep:
  /// a function of the row and the configuration alone. ``Tokens/oldObserved(_:)`` and
  /// ``Tokens/oldBytes(_:)`` give it back. By default nothing.
  func observe(_ row: Row, _ observed: inout Observed) throws

  /// Looks, remembers and proposes.
  ///
  /// Where it throws, `state` stays as it was.
  func detect(_ observation: Observation, _ state: inout State) throws -> Finding
}

extension Detector {
  public func observe(_ row: Row, _ observed: inout Observed) {}
}

/// When a detector looks.
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

/// What a detector asks of the host.
public struct DetectorNeeds: Sendable {
  /// At which it is called.
  public var events: Set<DetectionEvent>
  /// ``Observation/tokens``: rollout, gradients, evaluation.
  public var tokens: Bool
  /// ``Observation/outcomes``: rollout, evaluation.
  public var outcomes: Bool
  /// Figures of ``Observation/tensors``: gradients, update.
  public var norms: Bool
  /// The tensors themselves: gradients, update, checkpoint.
  public var views: Bool
  /// ``Observation/heads``: step.
  public var attention: Bool
  /// ``Observation/logits`` of so many trained tokens at most: gradients, update. 0 for none.
  public var logits: Int
  /// How the update changes those logits, to first order: update.
  public var logitChange: Bool
  /// Steps between two looks, where the user says nothing.
  public var every: Int
  /// `observe` is shown the rows that are sampled from.
  public var rows: Bool
  /// Floats that `observe` notes of a row.
  public var observed: Int
  /// Asks for ``TensorView/spikes``: entries with `g^2 > spike v`.
  public var spike: Double?

  public init(
    _ events: Set<DetectionEvent>, tokens: Bool = false, outcomes: Bool = false,
    norms: Bool = false, views: Bool = false, attention: Bool = false, logits: Int = 0,
    logitChange: Bool = false, every: Int = 1, rows: Bool = false, observed: Int = 0,
    spike: Double? = nil
  ) {
    (self.events, self.tokens, self.outcomes) = (events, tokens, outcomes)
    (self.norms, self.views, self.attention) = (norms, views, attention)
    (self.logits, self.logitChange, self.every) = (logits, logitChange, every)
    (self.rows, self.observed, self.spike) = (rows, observed, spike)
  }
}
