import Detectors
import Foundation
import Metrics
import Objectives
import Trajectories

/// One event of a run that never was, with all that there could be to see at it.
struct DetectorLook {
  /// What runs come to now and then.
  enum Oddity: String { case empty, failed, oneToken, notANumber, infinite, huge }

  var event: DetectionEvent
  var step: Int
  var metrics = StepMetrics()
  var tokens: TokenBatch
  /// `[N][V]` of the policy that sampled.
  var rows: [[Double]]
  var outcomes: Outcomes
  var tensors: [Tensor] = []
  var heads: [AttentionHead] = []
  /// `[rows][V]` with the update's change.
  var logits: [(row: [Float], change: [Float])] = []
  var learningRate = 1e-3

  /// A tensor with what its views hold.
  struct Tensor {
    var view: TensorView
    var weights: [Float]
    var previous: [Float]
    var gradient: [Float]
  }

  var title: String { "step \(step), \(event)" }
  var sequenceCount: Int { tokens.sequenceCount }

  /// The same where masked tokens hold what no token has.
  var withMaskedNoise: DetectorLook {
    var other = self
    for t in tokens.mask.indices where tokens.mask[t] == 0 {
      other.tokens.advantages[t] = .nan
      other.tokens.logprobs[t] = -77
      other.tokens.oldLogprobs[t] = .infinity
      other.tokens.behaviourLogprobs[t] = .nan
      other.tokens.entropies[t] = .nan
      other.tokens.oldEntropies[t] = 99
      other.rows[t] = other.rows[t].map { -$0 }
    }
    return other
  }

  /// Calls `body` with what a detector asked for, or with everything.
  func withObservation<Result>(
    for detector: any Detector, trimmed: Bool, _ body: (Observation) throws -> Result
  ) throws -> Result {
    let needs = detector.needs
    func wants(_ need: Bool, _ events: DetectionEvent...) -> Bool {
      (!trimmed || need) && events.contains(event)
    }
    var seen = Observation(event, step: step, totalSteps: 100)
    (seen.metrics, seen.learningRate, seen.clipNorm) = (metrics, learningRate, 1)
    seen.adamUpdates = step - 1
    if wants(needs.tokens, .rollout, .gradients, .evaluation) {
      seen.tokens = tokens
      seen.coefficients = tokens.mask.map { Float($0) / Float(max(tokens.count, 1)) }
      // What was noted comes as columns.
      if needs.seesRows { seen.observed = try noted(by: detector) }
    }
    if wants(needs.outcomes, .rollout, .evaluation) { seen.outcomes = outcomes }
    if wants(needs.attention, .step) { seen.heads = heads }
    var memory = ViewMemory()
    defer { memory.free() }
    let hasNorms = wants(needs.norms, .gradients, .update)
    let hasViews = wants(needs.views, .gradients, .update, .checkpoint)
    if hasNorms || hasViews {
      seen.tensors = tensors.map { tensor in
        var view = tensor.view
        if !hasNorms { view.forgetFigures() }
        if event != .update { view.updateNorm = .nan }
        if trimmed, needs.spike == nil { view.spikes = .nan }
        guard hasViews else { return view }
        view.weights = memory.view(tensor.weights)
        if event == .update { view.previous = memory.view(tensor.previous) }
        if event != .checkpoint { view.gradient = memory.view(tensor.gradient) }
        return view
      }
    }
    if wants(needs.logits, .gradients, .update) {
      let hasChange = wants(needs.logitChange, .update)
      let number = trimmed || needs.rows > 0 ? needs.rows : logits.count
      let trained = tokens.mask.indices.filter { tokens.mask[$0] != 0 }
      seen.logits = zip(logits, trained).prefix(number).map { row, t in
        LogitRow(
          token: Int32(t % max(row.row.count, 1)), index: t, advantage: tokens.advantages[t],
          logits: memory.view(row.row), change: hasChange ? memory.view(row.change) : nil)
      }
    }
    return try body(seen)
  }

  /// What a detector notes of the tokens' rows.
  func noted(by detector: any Detector) throws -> ObservedRows {
    let width = detector.needs.observed
    var noted = ObservedRows(width: width)
    for (row, token) in zip(rows, tokens.tokens) {
      var floats = [Float](repeating: 0, count: width)
      let bytes = try floats.withUnsafeMutableBufferPointer { floats in
        try PolicyRow(z: row).withView(.old, token: token) {
          try detector.observe($0, into: floats)
        }
      }
      noted.append(ObservedRows(width: width, values: floats, bytes: [bytes]))
    }
    return noted
  }
}

extension TensorView {
  fileprivate mutating func forgetFigures() {
    let bare = TensorView(name: name, shape: shape)
    self = bare
  }
}

/// Memory of views, for the length of a call.
private struct ViewMemory {
  private var blocks: [UnsafeMutableBufferPointer<Float>] = []

  mutating func view(_ values: [Float]) -> UnsafeBufferPointer<Float> {
    let block = UnsafeMutableBufferPointer<Float>.allocate(capacity: max(values.count, 1))
    _ = block.initialize(from: values)
    blocks.append(block)
    return UnsafeBufferPointer(rebasing: block[..<values.count])
  }

  func free() { for block in blocks { block.deallocate() } }
}
