import Metrics
import Trajectories

/// What there is to see at an event. What a detector did not ask for is `nil` or empty. Views are
/// valid for the length of the call.
public struct Observation {
  public var event: DetectionEvent
  /// From 1; 0 is before the first.
  public var step: Int
  public var totalSteps: Int
  /// Within the rollout, from 0.
  public var update = 0
  public var temperature = 1.0
  /// Of this update.
  public var learningRate = 0.0
  /// `nil` for none.
  public var clipNorm: Double?
  public var adamEpsilon = 1e-8
  /// Made before this one.
  public var adamUpdates = 0
  /// Of this step, as far as they are known.
  public var metrics = StepMetrics()
  public var tokens: TokenBatch?
  /// `[N]` the tokens' `W`.
  public var coefficients: [Float] = []
  /// What the detector noted of the tokens' rows.
  public var observed: ObservedRows?
  public var outcomes: Outcomes?
  public var tensors: [TensorView] = []
  public var heads: [AttentionHead] = []
  public var logits: [LogitRow] = []

  public init(_ event: DetectionEvent, step: Int, totalSteps: Int) {
    (self.event, self.step, self.totalSteps) = (event, step, totalSteps)
  }
}

/// What became of `S` sequences.
public struct Outcomes: Sendable {
  /// `[S]` which prompt a sequence answers.
  public var groups: [Int]
  /// `[S]`; `nil` where the verifier or the environment failed.
  public var rewards: [Float?]
  public var verdicts: [Verdict]
  /// `[S]` it ran into a budget of tokens.
  public var truncated: [Bool]
  /// `[S]` tokens of the model.
  public var lengths: [Int]
  public var texts: [String]
  /// Rewards that were added up, one a verifier, unweighted: `[S]` each.
  public var components: [(name: String, rewards: [Float])]

  public init(
    groups: [Int], rewards: [Float?], verdicts: [Verdict], truncated: [Bool], lengths: [Int],
    texts: [String], components: [(name: String, rewards: [Float])] = []
  ) {
    (self.groups, self.rewards, self.verdicts) = (groups, rewards, verdicts)
    (self.truncated, self.lengths, self.texts) = (truncated, lengths, texts)
    self.components = components
  }
}

/// One trained tensor. Figures that nobody asked for, or that the event does not have, are NaN.
public struct TensorView {
  public var name: String
  public var shape: [Int]
  /// Before the update.
  public var weightNorm = Double.nan
  /// Before clipping, like all of the gradient's.
  public var gradientNorm = Double.nan
  /// Largest `|g|`.
  public var gradientMax = Double.nan
  /// Mean `|g|`.
  public var gradientMean = Double.nan
  /// `sum of -g w`
  public var alignment = Double.nan
  /// Entries with `g^2 > spike v`, `v` the second moment before the update.
  public var spikes = Double.nan
  /// Of what the update would add.
  public var updateNorm = Double.nan
  /// At an update as they would become.
  public var weights: UnsafeBufferPointer<Float>?
  /// Before the update.
  public var previous: UnsafeBufferPointer<Float>?
  public var gradient: UnsafeBufferPointer<Float>?

  public init(name: String, shape: [Int]) { (self.name, self.shape) = (name, shape) }
}

/// One head of attention on the probe batch.
public struct AttentionHead: Sendable, Equatable {
  public var layer: Int
  public var head: Int
  /// Mean over rows `i > 0` of `H_i / ln(i + 1)`.
  public var entropy = Double.nan
  /// The same of the lower bound by the norm of the centred scores.
  public var bound = Double.nan
  /// Largest `|score|`, before mask and softcap.
  public var scoreMax = Double.nan
  /// Largest norm of a row of centred scores.
  public var scoreNorm = Double.nan
  /// Mean probability of position 0.
  public var sink = Double.nan
  public var queryRMS = Double.nan
  public var keyRMS = Double.nan

  public init(layer: Int, head: Int) { (self.layer, self.head) = (layer, head) }
}

/// The logits of one trained token, over the allowed ids, before temperature.
public struct LogitRow {
  /// The id that was sampled.
  public var token: Int32
  /// The token's place in the step.
  public var index: Int
  public var advantage: Float
  /// `[V]`
  public var logits: UnsafeBufferPointer<Float>
  /// `[V]` by the update, to first order.
  public var change: UnsafeBufferPointer<Float>?

  public init(
    token: Int32, index: Int, advantage: Float, logits: UnsafeBufferPointer<Float>,
    change: UnsafeBufferPointer<Float>? = nil
  ) {
    (self.token, self.index, self.advantage) = (token, index, advantage)
    (self.logits, self.change) = (logits, change)
  }
}
