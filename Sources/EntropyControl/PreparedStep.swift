import Trajectories

/// An optimizer step as interventions have prepared it: what the objective and the backward pass
/// ask them from here on.
public struct PreparedStep: Sendable {
  let members: [any EntropyIntervention]
  /// What the objective takes in place of the run's own.
  public let shaping: Shaping
  /// `[N]` `W`, from the masks as all members left them.
  public let coefficients: [Float]
  /// `[members]` the rows each wants, `[N]` or empty.
  let wanted: [[Bool]]
  /// `[members]` bytes kept of the old rows, `[N]` or empty.
  let oldBytes: [[[UInt8]]]
  let observed: @Sendable (_ member: Int, _ batch: TokenBatch) -> ObservedMoments

  /// Whether any row of the step is to be differentiated.
  public var wantsRows: Bool { wanted.contains { $0.contains(true) } }

  /// Whether token `token` of the step has a row to be differentiated.
  public func wants(_ token: Int) -> Bool { wanted.contains { !$0.isEmpty && $0[token] } }

  /// What the members add to the tokens of the whole step, masked tokens left out.
  ///
  /// - Parameter batch: the whole step, as prepared, with any current columns.
  /// - Throws: ``InterventionError`` where a member fails, gives a number that is not finite or
  ///   adds without the stage that may.
  public func additions(_ batch: TokenBatch) throws(InterventionError) -> TokenAdditions {
    try additions(batch, run: 0..<batch.sequenceCount)
  }

  /// What the members add to the tokens of the sequences `run`: the same numbers, however a step
  /// is cut into runs.
  ///
  /// - Parameter batch: the whole step, as prepared, with any current columns.
  /// - Returns: one element for each token of the run.
  public func additions(
    _ batch: TokenBatch, run: Range<Int>
  ) throws(InterventionError) -> TokenAdditions {
    let tokens = batch.offsets[run.lowerBound]..<batch.offsets[run.upperBound]
    let isWhole = run == 0..<batch.sequenceCount
    let part = isWhole ? batch : batch.sequences(run)
    let coefficients = isWhole ? self.coefficients : Array(self.coefficients[tokens])
    var sum = TokenAdditions(count: part.count)
    for (index, member) in members.enumerated() {
      var added = try member.attempting("evaluate") {
        try member.evaluate(
          part, first: tokens.lowerBound, coefficients: coefficients,
          observed: observed(index, part))
      }
      for t in part.mask.indices where part.mask[t] == 0 {
        (added.phi[t], added.dLogprob[t], added.dEntropy[t]) = (0, 0, 0)
      }
      try member.requireFinite(added.phi, "the added phi", from: tokens.lowerBound)
      try member.requireFinite(
        added.dLogprob, "the slope in log-probability", from: tokens.lowerBound)
      try member.requireFinite(added.dEntropy, "the slope in entropy", from: tokens.lowerBound)
      if member.needs.stage != .additions, added != TokenAdditions(count: part.count) {
        throw .outsideStage(member.name, member.needs.stage, what: "phi")
      }
      sum.add(added)
    }
    return sum
  }

  /// Adds to `gradient` the derivative of every member's row loss in z = logits / temperature.
  ///
  /// - Returns: the row's share of the step's loss.
  /// - Throws: ``InterventionError``.
  public func differentiate(
    _ row: LogprobRow, token: Int, into gradient: UnsafeMutableBufferPointer<Float>
  ) throws(InterventionError) -> Double {
    var loss = 0.0
    for (index, member) in members.enumerated() {
      guard !wanted[index].isEmpty, wanted[index][token] else { continue }
      let added = try member.attempting("differentiate") {
        try member.differentiate(
          row, token: token, coefficient: Double(coefficients[token]),
          bytes: oldBytes[index].isEmpty ? [] : oldBytes[index][token], into: gradient)
      }
      guard added.isFinite else {
        throw .notFinite(member.name, what: "the loss of a row", value: added, token: token)
      }
      loss += added
    }
    return loss
  }
}
