import Detectors
import Kernels
import Models
import Optimizers
import Tensors
import Trajectories

/// What there is to see of one update, each thing computed where the first detector asks for it.
final class UpdateSight {
  private let batch: TokenBatch
  private let policy: Policy
  private let optimizer: AdamW
  /// Copied on the way back.
  private let known: LogitRows?
  /// How many any detector asks for.
  private let rows: Int
  /// `[parameters]`, by the threshold of spikes.
  private var figures: [Double: [TensorFigures]] = [:]
  private lazy var sample = LogitSample(batch, rows: rows, policy: policy)
  private var change: LogitChange?
  /// `[parameters]` the norm of what was added; `nil` before the update.
  private var updateNorms: [Double]?

  /// - Parameters:
  ///   - logits: what is known of them before the update.
  ///   - rows: how many any detector asks for.
  init(
    _ batch: TokenBatch, policy: Policy, optimizer: AdamW, logits: LogitRows?, rows: Int
  ) {
    (self.batch, self.policy, self.optimizer) = (batch, policy, optimizer)
    (known, self.rows) = (logits, rows)
  }

  /// From here on the weights are as they would become, and the gradients the weights before.
  func isMade(norms: [Double]) { updateNorms = norms }

  /// Every tensor, with what `needs` has of it.
  func tensors(_ needs: DetectorNeeds) -> [TensorView] {
    guard needs.norms || needs.views else { return [] }
    let known = needs.norms ? self.figures(needs) : nil
    return optimizer.parameters.enumerated().map { index, slot in
      var view = TensorView(name: slot.name, shape: slot.shape)
      if let figures = known?[index] { view.set(figures) }
      if needs.norms, let updateNorms {
        view.updateNorm = updateNorms[index]
        if known == nil { view.weightNorm = weightNorms[index] }
      }
      guard needs.views else { return view }
      view.weights = slot.value.view
      if updateNorms == nil {
        view.gradient = slot.gradient.view
      } else {
        view.previous = slot.gradient.view
      }
      return view
    }
  }

  /// Every tensor's weights alone.
  var weights: [TensorView] {
    optimizer.parameters.map { slot in
      var view = TensorView(name: slot.name, shape: slot.shape)
      view.weights = slot.value.view
      return view
    }
  }

  /// The sum of squares of each tensor's gradient, before the update.
  func gradientSquares(_ needs: DetectorNeeds) -> [Double]? {
    figures(needs)?.map(\.gradientSquares)
  }

  /// The gradient's figures; once it is gone, those that were asked for before.
  private func figures(_ needs: DetectorNeeds) -> [TensorFigures]? {
    let threshold = needs.spike ?? 0
    if let known = figures[threshold] { return known }
    guard updateNorms == nil else { return nil }
    figures[threshold] = optimizer.figures(spike: needs.spike)
    return figures[threshold]
  }

  /// Before the update.
  private lazy var weightNorms: [Double] =
    figures.values.first.map { $0.map { $0.weightSquares.squareRoot() } }
    ?? optimizer.parameters.map { $0.gradient.sumOfSquares.squareRoot() }

  /// Logits before the update; behind it, where that is asked for, with their change.
  func logits(_ needs: DetectorNeeds) -> [LogitRow] {
    if needs.logitChange, let updateNorms {
      let change = self.change ?? logitChange(updateNorms)
      self.change = change
      return sample.tokens.logitRows(
        batch, change.logits, change: change.change, atMost: needs.rows)
    }
    guard needs.logits, let known else { return [] }
    return known.tokens.logitRows(batch, known.logits, atMost: needs.rows)
  }

  private func logitChange(_ updateNorms: [Double]) -> LogitChange {
    func norm(_ parts: [Double]) -> Double { parts.reduce(0) { $0 + $1 * $1 }.squareRoot() }
    return LogitChange(
      policy.model, from: optimizer.parameters.map(\.gradient),
      norms: (weights: norm(weightNorms), update: norm(updateNorms)), of: sample.chosen)
  }
}

extension TensorView {
  fileprivate mutating func set(_ figures: TensorFigures) {
    weightNorm = figures.weightSquares.squareRoot()
    gradientNorm = figures.gradientSquares.squareRoot()
    gradientMax = figures.gradientMax
    gradientMean = figures.gradientMean
    alignment = figures.alignment
    if let spikes = figures.spikes { self.spikes = Double(spikes) }
  }
}

extension Storage where Element == Float {
  var view: UnsafeBufferPointer<Float> { UnsafeBufferPointer(start: pointer, count: count) }
}
