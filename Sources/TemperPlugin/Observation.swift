import CPluginABI
import Glibc

/// What there is to see at an event. What a detector did not ask for is `nil` or empty.
///
/// A view of the host's memory, valid until the call returns.
public struct Observation {
  public var event: DetectionEvent
  /// From 1; 0 is before the first.
  public var step: Int
  public var totalSteps: Int
  /// Within the rollout, from 0.
  public var update = 0
  /// Of sampling and training.
  public var temperature = 1.0
  /// Of this update.
  public var learningRate = 0.0
  /// `nil` for none.
  public var clipNorm: Double?
  public var adamEpsilon = 1e-8
  /// Made before this one.
  public var adamUpdates = 0
  public var tokens: Tokens?
  public var outcomes: Outcomes?
  public var tensors: [TensorView] = []
  public var heads: [AttentionHead] = []
  public var logits: [LogitRow] = []
  private let metricTable: UnsafeBufferPointer<temper_metric>

  /// With nothing to see yet; for tests.
  init(
    _ event: DetectionEvent, step: Int, totalSteps: Int,
    metrics: UnsafeBufferPointer<temper_metric>
  ) {
    (self.event, self.step, self.totalSteps, metricTable) = (event, step, totalSteps, metrics)
  }

  /// A metric of this step, as far as it is known: `"policy/loss"`.
  public func metric(_ name: String) -> Double? {
    metricTable.first { strcmp($0.name, name) == 0 }?.value
  }

  /// All of them, in the order in which they were set.
  public var metrics: [(name: String, value: Double)] {
    metricTable.map { (String(cString: $0.name), $0.value) }
  }

  /// - Parameter observed: floats that `observe` notes of a row.
  init?(_ seen: temper_observation, observed: Int) {
    guard let event = DetectionEvent(rawValue: Int(seen.event.rawValue)) else { return nil }
    self.init(
      event, step: Int(seen.step), totalSteps: Int(seen.total_steps),
      metrics: UnsafeBufferPointer(start: seen.metrics, count: seen.metric_count))
    update = Int(seen.update)
    (temperature, learningRate) = (seen.temperature, seen.learning_rate)
    clipNorm = seen.clip_norm.isFinite ? seen.clip_norm : nil
    (adamEpsilon, adamUpdates) = (seen.adam_epsilon, Int(seen.adam_updates))
    tokens = seen.tokens.map { Tokens($0.pointee, observed: observed) }
    outcomes = seen.outcomes.map { Outcomes($0.pointee) }
    tensors = pointees(seen.tensors, seen.tensor_count).map(TensorView.init)
    heads = pointees(seen.heads, seen.head_count).map(AttentionHead.init)
    logits = pointees(seen.logits, seen.logit_count).map(LogitRow.init)
  }
}

private func pointees<Struct>(
  _ table: UnsafePointer<UnsafePointer<Struct>?>?, _ count: Int
) -> [Struct] {
  UnsafeBufferPointer(start: table, count: table == nil ? 0 : count).map { $0!.pointee }
}

/// One trained tensor. Figures that were not asked for, or that the event does not have, are NaN,
/// and views `nil`.
public struct TensorView {
  /// `"model.layers.0.mlp.up_proj.weight"`
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
  /// `[count]` at an update as they would become.
  public var weights: UnsafeBufferPointer<Float>?
  /// `[count]` before the update.
  public var previous: UnsafeBufferPointer<Float>?
  /// `[count]`
  public var gradient: UnsafeBufferPointer<Float>?

  public var count: Int { shape.reduce(1, *) }

  public init(name: String, shape: [Int]) { (self.name, self.shape) = (name, shape) }

  init(_ tensor: temper_tensor) {
    func view(_ start: UnsafePointer<Float>?) -> UnsafeBufferPointer<Float>? {
      start.map { UnsafeBufferPointer(start: $0, count: tensor.count) }
    }
    name = String(cString: tensor.name)
    shape = Array(UnsafeBufferPointer(start: tensor.shape, count: Int(tensor.rank)))
    (weightNorm, gradientNorm) = (tensor.weight_norm, tensor.gradient_norm)
    (gradientMax, gradientMean) = (tensor.gradient_max, tensor.gradient_mean)
    (alignment, spikes, updateNorm) = (tensor.alignment, tensor.spikes, tensor.update_norm)
    (weights, previous, gradient) = (
      view(tensor.weights), view(tensor.previous), view(tensor.gradient)
    )
  }
}

/// One head of attention on the probe batch: the same sequences throughout a run.
public struct AttentionHead: Sendable, Equatable {
  public var layer: Int
  public var head: Int
  /// Mean over rows `i > 0` of `H_i / ln(i + 1)`: 1 spreads evenly, 0 looks at one place.
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

  init(_ head: temper_head) {
    (layer, self.head) = (Int(head.layer), Int(head.head))
    (entropy, bound, sink) = (head.entropy, head.bound, head.sink)
    (scoreMax, scoreNorm) = (head.score_max, head.score_norm)
    (queryRMS, keyRMS) = (head.query_rms, head.key_rms)
  }
}

/// The logits of one trained token, over the allowed ids, before temperature.
public struct LogitRow {
  /// The id that was sampled.
  public var token: Int
  /// The token's place in the step.
  public var index: Int
  public var advantage: Double
  /// `[vocabulary]`
  public var logits: UnsafeBufferPointer<Float>
  /// `[vocabulary]` by the update, to first order.
  public var change: UnsafeBufferPointer<Float>?

  init(_ row: temper_logits) {
    func view(_ start: UnsafePointer<Float>?) -> UnsafeBufferPointer<Float> {
      UnsafeBufferPointer(start: start, count: row.vocabulary)
    }
    (token, index, advantage) = (Int(row.token), row.index, Double(row.advantage))
    (logits, change) = (view(row.logits), row.change.map { view($0) })
  }
}
