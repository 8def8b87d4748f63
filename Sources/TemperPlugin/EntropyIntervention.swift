/// Changes the loss of an optimizer step so that the policy keeps, or gives up, its entropy.
///
///     loss = sum_t W_t (weight_t phi_t + added_t) + row losses + scalar
///
/// An intervention is a value. What it remembers from step to step is its ``State``, which the SDK
/// keeps and saves; what it works out of a step is its ``Frozen``, which `prepare` gives and the
/// calls after it read. So nothing in it changes but through `prepare`, which the trainer calls on
/// one thread; all others come from any thread, many at once.
public protocol EntropyIntervention: Plugin {
  /// What is remembered from step to step, and saved in checkpoints.
  associatedtype State: PluginState = NoState
  /// What `prepare` holds for the calls that follow: statistics, thresholds, selections.
  associatedtype Frozen: Sendable = Void

  /// What it asks of the host; by default nothing beyond columns.
  var needs: EntropyNeeds { get }

  /// Notes what is needed of one token's distribution, since rows are too large to keep: a function
  /// of the row and the configuration alone. By default nothing.
  func observe(_ row: Row, _ observed: inout Observed) throws

  /// Sees the whole step: changes what its stage allows, and freezes what the calls after it need.
  ///
  /// Where it throws, `state` stays as it was.
  func prepare(_ step: Step, _ shaping: inout Shaping, _ state: inout State) throws -> Frozen

  /// Adds to the tokens of whole sequences, in units of phi. By default nothing.
  func evaluate(_ run: Run, _ frozen: Frozen, _ additions: inout Additions) throws

  /// Adds to `gradient` `[vocabulary]` the derivative of the row's loss in z = logits / temperature,
  /// whose components sum to 0, for a token that `prepare` wanted.
  ///
  /// - Returns: what the row adds to the step's loss, in units of the loss.
  func differentiate(
    _ row: Row, of token: WantedToken, _ frozen: Frozen,
    _ gradient: UnsafeMutableBufferPointer<Float>
  ) throws -> Double
}

extension EntropyIntervention {
  public var needs: EntropyNeeds { EntropyNeeds() }

  public func observe(_ row: Row, _ observed: inout Observed) {}

  public func evaluate(_ run: Run, _ frozen: Frozen, _ additions: inout Additions) {}

  public func differentiate(
    _ row: Row, of token: WantedToken, _ frozen: Frozen,
    _ gradient: UnsafeMutableBufferPointer<Float>
  ) throws -> Double {
    throw PluginError.invalidInput(
      "it wants the row of token \(token.index) and differentiates none")
  }
}

extension EntropyIntervention where Frozen == Void {
  public func prepare(_ step: Step, _ shaping: inout Shaping, _ state: inout State) {}
}

/// What a plugin remembers: a value that is saved with a checkpoint and put back on resume. Doubles
/// come back to the bit, NaN and infinities too.
public protocol PluginState: Codable, Sendable {
  /// At the start of a run.
  init()
}

/// Nothing to remember.
public struct NoState: PluginState {
  public init() {}
}

/// What an entropy intervention asks of the host.
public struct EntropyNeeds: Sendable {
  /// When it prepares, and so what it may change. Interventions prepare in this order.
  public enum Stage: Sendable {
    /// May change advantages.
    case advantages
    /// May change masks and weights.
    case masks
    /// May change weights and clip bounds.
    case weights
    /// May change weights and clip bounds, and adds to the loss.
    case additions
  }

  public var stage: Stage
  /// Floats that `observe` notes of a row.
  public var observed: Int
  /// `observe` sees rows of the policy that sampled.
  public var oldRows: Bool
  /// `observe` sees rows of the policy as it is now.
  public var currentRows: Bool
  /// The reference policy's log-probabilities.
  public var reference: Bool
  /// It changes phi itself: at most one such plugin in a run.
  public var replacesBase: Bool

  public init(
    stage: Stage = .additions, observed: Int = 0, oldRows: Bool = false, currentRows: Bool = false,
    reference: Bool = false, replacesBase: Bool = false
  ) {
    (self.stage, self.observed, self.oldRows) = (stage, observed, oldRows)
    (self.currentRows, self.reference, self.replacesBase) = (currentRows, reference, replacesBase)
  }
}
