import EntropyControl
import Foundation
import Models
import Objectives
import Trajectories

/// The update that interventions would make of a recorded step: everything up to the gradient of
/// the logits, token by token, without moving a weight.
public struct Replay {
  /// `[N]` what the interventions left of the step.
  public let batch: TokenBatch
  public let shaping: Shaping
  /// `[N]` `exp(logprob - old logprob)`
  public let ratios: [Float]
  /// `[N]` the Euclidean norm of d loss / d logits, the temperature in it.
  public let gradientNorms: [Float]
  /// `[N]` what interventions reported.
  public let columns: [TokenColumn]
  /// The step's loss, rows and scalar included.
  public let loss: Double
  /// The row that was asked for.
  public let row: Row?

  /// The distribution of one token and the gradient of its logits.
  public struct Row: Sendable {
    public let token: Int
    /// `[V]` nats.
    public let logprobs: [Float]
    /// `[V]` d loss / d logit.
    public let gradient: [Float]
  }

  /// - Parameters:
  ///   - recorded: a whole optimizer step.
  ///   - policy: the policy as it is now, and the one that sampled too, for what interventions
  ///     note of old rows.
  ///   - keeping: the token whose row is kept.
  /// - Throws: ``NonFiniteScore``, ``ObjectiveError``, ``InterventionError``.
  public init(
    _ recorded: TokenBatch, _ interventions: InterventionSet, policy: Policy,
    objective: PolicyObjective, position: StepPosition, keeping: Int? = nil
  ) throws {
    var batch = recorded
    let scores = try policy.score(batch, observers: interventions.observers)
    (batch.logprobs, batch.entropies) = (scores.logprobs, scores.entropies)
    batch.observed = scores.observed
    let prepared = try interventions.prepare(
      position, &batch, objective.shaping(count: batch.count),
      coefficients: { objective.coefficients($0) })
    let result = try objective.evaluate(
      batch, shaping: prepared.shaping, additions: prepared.additions(batch))

    let count = batch.count
    var norms = [Float](repeating: 0, count: count)
    var losses = [Double](repeating: 0, count: count)
    var row: Row?
    try norms.withUnsafeMutableBufferPointer { norms in
      try losses.withUnsafeMutableBufferPointer { losses in
        let pointers = (norms: norms, losses: losses)
        row = try policy.rows(of: batch, keeping: keeping) { row, token, gradient in
          if prepared.wants(token) {
            pointers.losses[token] = try prepared.differentiate(row, token: token, into: gradient)
          }
          gradient.addSlopes(
            of: row, dLogprob: result.dLogprob[token], dEntropy: result.dEntropy[token],
            temperature: policy.temperature)
          pointers.norms[token] = gradient.norm
        }
      }
    }
    self.batch = batch
    shaping = prepared.shaping
    ratios = zip(batch.logprobs, batch.oldLogprobs).map { exp($0 - $1) }
    gradientNorms = norms
    columns = interventions.members.flatMap { $0.takeColumns() }
    loss = result.loss + losses.reduce(0, +)
    self.row = row
  }
}

extension Policy {
  /// Shows every token's row of `batch` with room for a gradient `[V]`, which enters as zeros.
  ///
  /// - Returns: row and gradient of the token `keeping`.
  fileprivate func rows(
    of batch: TokenBatch, keeping: Int?,
    _ body: (LogprobRow, _ token: Int, UnsafeMutableBufferPointer<Float>) throws -> Void
  ) throws -> Replay.Row? {
    var kept: Replay.Row?
    for sequences in microBatches(of: Array(0..<batch.sequenceCount), batch) {
      let columns = sequences.flatMap(batch.scored)
      try naming(sequences) {
        try withUnsafeMutablePointer(to: &kept) { kept in
          let pass = model.forward(
            pack(sequences, of: batch), temperature: temperature, recompute: true)
          try pass.forEachRow { row, place in
            let gradient = UnsafeMutableBufferPointer<Float>.allocate(capacity: row.logprobs.count)
            defer { gradient.deallocate() }
            gradient.initialize(repeating: 0)
            try body(row, columns[place], gradient)
            guard columns[place] == keeping else { return }
            kept.pointee = Replay.Row(
              token: columns[place], logprobs: Array(row.logprobs), gradient: Array(gradient))
          }
        }
      }
    }
    return kept
  }
}

extension UnsafeMutableBufferPointer<Float> {
  /// Turns a gradient in z = logits / temperature into that of the logits, with what the slopes in
  /// log-probability and entropy add.
  fileprivate func addSlopes(
    of row: LogprobRow, dLogprob: Float, dEntropy: Float, temperature: Float
  ) {
    for v in indices {
      let p = exp(row.logprobs[v])
      let plogp = p == 0 ? 0 : p * (row.logprobs[v] + row.entropy)
      self[v] = (self[v] - dLogprob * p - dEntropy * plogp) / temperature
    }
    self[Int(row.token)] += dLogprob / temperature
  }

  fileprivate var norm: Float {
    Float(reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot())
  }
}
