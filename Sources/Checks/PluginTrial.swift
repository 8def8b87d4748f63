import EntropyControl
import Foundation
import Objectives
import Trajectories

/// One instance of an intervention on its way through steps.
struct PluginTrial {
  let intervention: any EntropyIntervention
  let set: InterventionSet

  init(_ intervention: any EntropyIntervention) throws {
    self.intervention = intervention
    set = try InterventionSet([intervention])
  }

  /// Prepares a step, as the training loop does.
  ///
  /// - Parameter change: a last change of the batch, after the rows were observed.
  func prepare(
    _ step: PluginStep, change: (inout TokenBatch) -> Void = { _ in }
  ) throws -> PreparedPluginStep {
    var batch = try step.batch(
      set.observers, reference: set.needsReference || step.objective.needsReference)
    change(&batch)
    let prepared = try set.prepare(
      step.position, &batch, step.objective.shaping(count: batch.count),
      coefficients: step.objective.coefficients)
    return PreparedPluginStep(
      step: step, batch: batch, prepared: prepared, observers: set.observers)
  }

  /// Prepares a step and asks for everything that follows from it.
  func outcome(
    _ step: PluginStep, change: (inout TokenBatch) -> Void = { _ in }
  ) throws -> PluginOutcome {
    try prepare(step, change: change).outcome()
  }
}

/// A step that an intervention has prepared.
struct PreparedPluginStep {
  let step: PluginStep
  /// Advantages and masks as prepared.
  let batch: TokenBatch
  let prepared: PreparedStep
  let observers: [any RowObserver]

  /// The loss of a token's row and its gradient in z; zero where the row is not wanted.
  func row(_ t: Int) throws -> (loss: Double, gradient: [Float]) {
    try row(t, PolicyRow(z: step.rows[t]))
  }

  /// The same where the row is another.
  func row(_ t: Int, _ row: PolicyRow) throws -> (loss: Double, gradient: [Float]) {
    var gradient = [Float](repeating: 0, count: row.logprobs.count)
    guard prepared.wants(t) else { return (0, gradient) }
    let loss = try row.withView(.current, token: batch.tokens[t]) { view in
      try gradient.withUnsafeMutableBufferPointer {
        try prepared.differentiate(view, token: t, into: $0)
      }
    }
    return (loss, gradient)
  }

  /// What evaluate adds, asked run by run in the order given.
  func additions(_ runs: [Range<Int>]) throws -> TokenAdditions {
    var whole = TokenAdditions(count: batch.count)
    for run in runs {
      let part = try prepared.additions(batch, run: run)
      for (offset, t) in (batch.offsets[run.lowerBound]..<batch.offsets[run.upperBound])
        .enumerated()
      {
        whole.phi[t] = part.phi[offset]
        whole.dLogprob[t] = part.dLogprob[offset]
        whole.dEntropy[t] = part.dEntropy[offset]
      }
    }
    return whole
  }

  func outcome() throws -> PluginOutcome {
    try PluginOutcome(
      self, additions: prepared.additions(batch),
      rows: batch.tokens.indices.map(row))
  }
}

/// All that an intervention changes in a step and adds to it.
struct PluginOutcome {
  /// `[N]` each.
  private let columns: [(name: String, values: [Double])]
  /// `[N][V]`, empty where the row is not wanted.
  let gradients: [[Float]]
  private let scalars: [(name: String, value: Double)]
  /// As the step came, before masks were cleared.
  private let wasTrained: [Bool]
  /// Of the step.
  let title: String
  /// `[N]` `W`
  private let coefficients: [Double]

  init(
    _ step: PreparedPluginStep, additions: TokenAdditions,
    rows: [(loss: Double, gradient: [Float])]
  ) {
    let shaping = step.prepared.shaping
    let wanted = rows.indices.map(step.prepared.wants)
    func widened(_ values: [Float]) -> [Double] { values.map(Double.init) }
    columns = [
      ("advantage", widened(step.batch.advantages)), ("mask", step.batch.mask.map(Double.init)),
      ("weight", widened(shaping.weights)), ("clip_low", widened(shaping.clipLow)),
      ("clip_high", widened(shaping.clipHigh)), ("dual_clip", widened(shaping.dualClip)),
      ("wanted row", wanted.map { $0 ? 1 : 0 }), ("added phi", widened(additions.phi)),
      ("slope in log-probability", widened(additions.dLogprob)),
      ("slope in entropy", widened(additions.dEntropy)), ("row loss", rows.map(\.loss)),
    ]
    gradients = rows.indices.map { wanted[$0] ? rows[$0].gradient : [] }
    scalars = [
      ("entropy coefficient", shaping.entropyCoefficient),
      ("KL coefficient", shaping.klCoefficient), ("scalar loss", shaping.scalarLoss),
    ]
    wasTrained = step.step.frame.mask.map { $0 != 0 }
    title = step.step.title
    coefficients = step.prepared.coefficients.map(Double.init)
  }

  /// Says where another outcome differs first, `nil` where it does not. Masked tokens are left
  /// out.
  ///
  /// - Parameters:
  ///   - tolerance: of the largest magnitude in a column; 0 compares bits.
  ///   - places: `[N]` which token of this outcome each of `other` is.
  func difference(
    from other: PluginOutcome, tolerance: Double = 0, places: [Int]? = nil
  ) -> String? {
    for (mine, theirs) in zip(scalars, other.scalars)
    where Self.differ(mine.value, theirs.value, tolerance * abs(mine.value)) {
      return "the \(mine.name) is \(short(theirs.value)) and was \(short(mine.value))"
    }
    for (mine, theirs) in zip(columns, other.columns) {
      let scale = tolerance * mine.values.lazy.filter(\.isFinite).map(abs).reduce(0, max)
      for t in wasTrained.indices {
        let here = places?[t] ?? t
        guard wasTrained[here], Self.differ(mine.values[here], theirs.values[t], scale) else {
          continue
        }
        return """
          the \(mine.name) of token \(t) is \(short(theirs.values[t])) and was \
          \(short(mine.values[here]))
          """
      }
    }
    for t in wasTrained.indices {
      let row = gradients[places?[t] ?? t]
      let scale = tolerance * Double(row.reduce(0) { max($0, abs($1)) })
      for (v, (mine, theirs)) in zip(row, other.gradients[t]).enumerated()
      where Self.differ(Double(mine), Double(theirs), scale) {
        return """
          the gradient of row \(t), id \(v), is \(short(Double(theirs))) and was \
          \(short(Double(mine)))
          """
      }
    }
    return nil
  }

  /// In the digits of a float.
  private func short(_ value: Double) -> String { String(format: "%.9g", value) }

  private static func differ(_ a: Double, _ b: Double, _ allowed: Double) -> Bool {
    if a == b || (a.isNaN && b.isNaN) { return false }
    return !(abs(a - b) <= allowed)
  }

  /// The first thing that is not as the contract has it: numbers that are not finite, a gradient
  /// that does not sum to 0.
  var fault: String? {
    for (name, values) in columns where !["clip_low", "clip_high", "dual_clip"].contains(name) {
      if let t = values.indices.first(where: { wasTrained[$0] && !values[$0].isFinite }) {
        return "the \(name) of token \(t) is \(values[t])"
      }
    }
    for (t, row) in gradients.enumerated() {
      if let v = row.firstIndex(where: { !$0.isFinite }) {
        return "the gradient of row \(t), id \(v), is \(row[v])"
      }
      let sum = row.reduce(0) { $0 + Double($1) }
      let size = row.reduce(0) { $0 + abs(Double($1)) }
      // Components are rounded to float, probabilities from which they are made as well.
      if abs(sum) > 1e-5 * size + 1e-6 * coefficients[t] {
        return "the gradient of row \(t) sums to \(sum), with components of \(size) in all"
      }
    }
    return nil
  }
}
