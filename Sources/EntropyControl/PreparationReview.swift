import Trajectories

/// Holds what an intervention's `prepare` left against what its stage allows.
struct PreparationReview {
  let member: any EntropyIntervention
  let batch: TokenBatch
  let shaping: Shaping
  let rows: [Bool]

  func check(from before: TokenBatch, _ shapingBefore: Shaping) throws(InterventionError) {
    let stage = member.needs.stage
    // By bits, so that a NaN where nothing is trained on equals itself.
    if stage != .advantages,
      batch.advantages.map(\.bitPattern) != before.advantages.map(\.bitPattern)
    {
      throw .outsideStage(member.name, stage, what: "advantages")
    }
    if stage != .masks, batch.mask != before.mask {
      throw .outsideStage(member.name, stage, what: "masks")
    }
    if let t = batch.mask.indices.first(where: { batch.mask[$0] > before.mask[$0] }) {
      throw .failed(
        member.name, call: "prepare",
        reason: "it sets the mask of token \(t), which is not trained on; masks can be cleared only"
      )
    }
    if stage == .advantages, shaping.weights != shapingBefore.weights {
      throw .outsideStage(member.name, stage, what: "weights")
    }
    if stage < .weights, !shaping.hasBounds(of: shapingBefore) {
      throw .outsideStage(member.name, stage, what: "clip bounds")
    }
    if stage < .additions, !shaping.hasTerms(of: shapingBefore) || rows.contains(true) {
      throw .outsideStage(member.name, stage, what: "what is added to the loss")
    }
    try member.requireFinite(batch.advantages, "the advantage", where: batch.mask)
    try member.requireFinite(shaping.weights, "the weight", where: batch.mask)
    for (name, bounds) in [
      ("clip_low", shaping.clipLow), ("clip_high", shaping.clipHigh),
      ("dual_clip", shaping.dualClip),
    ] {
      guard let t = bounds.firstIndex(where: { !($0 >= 0) }) else { continue }
      throw .notFinite(member.name, what: name, value: Double(bounds[t]), token: t)
    }
    for (name, value) in [
      ("the entropy coefficient", shaping.entropyCoefficient),
      ("the KL coefficient", shaping.klCoefficient), ("the scalar loss", shaping.scalarLoss),
    ] where !value.isFinite {
      throw .notFinite(member.name, what: name, value: value, token: nil)
    }
    if shaping.klCoefficient != 0, batch.referenceLogprobs == nil {
      throw .failed(
        member.name, call: "prepare",
        reason: "it sets the KL coefficient, and does not ask for the reference policy")
    }
    if let t = rows.indices.first(where: { rows[$0] && batch.mask[$0] == 0 }) {
      throw .failed(
        member.name, call: "prepare", reason: "it wants the row of token \(t), which is masked")
    }
  }
}

extension Shaping {
  fileprivate func hasBounds(of other: Shaping) -> Bool {
    clipLow == other.clipLow && clipHigh == other.clipHigh && dualClip == other.dualClip
  }

  fileprivate func hasTerms(of other: Shaping) -> Bool {
    entropyCoefficient == other.entropyCoefficient && klCoefficient == other.klCoefficient
      && scalarLoss == other.scalarLoss
  }
}

extension EntropyIntervention {
  /// - Parameter first: where the values begin in the step, in tokens.
  func requireFinite(
    _ values: [Float], _ what: String, where mask: [UInt8]? = nil, from first: Int = 0
  ) throws(InterventionError) {
    guard
      let t = values.indices.first(where: {
        !values[$0].isFinite && (mask == nil || mask![$0] != 0)
      })
    else { return }
    throw .notFinite(name, what: what, value: Double(values[t]), token: first + t)
  }

  /// Names the intervention and the call in what goes wrong.
  func attempting<Result>(
    _ call: String, _ body: () throws -> Result
  ) throws(InterventionError) -> Result {
    do {
      return try body()
    } catch let error as InterventionError {
      throw error
    } catch {
      throw .failed(name, call: call, reason: "\(error)")
    }
  }
}
