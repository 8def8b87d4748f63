import Models
import Trajectories

/// A forward pass over some sequences of a batch that can still go back.
public struct KeptPass {
  let sequences: [Int]
  let pass: ForwardPass
}

extension Policy {
  /// Brings what `batch` says of the current policy up to date with the weights: log-probabilities,
  /// entropies, and what observers note of current rows. What they noted of old rows stays.
  ///
  /// - Parameters:
  ///   - observers: those of ``TokenBatch/observed``.
  ///   - teaching: the sequences that the coming update is expected to teach.
  /// - Returns: the pass over those, where one micro-batch holds them, for
  ///   ``gradients(_:_:rows:reusing:)``.
  /// - Throws: ``NonFiniteScore``, or what an observer throws.
  @discardableResult
  public func evaluate(
    _ batch: inout TokenBatch, observers: [any RowObserver] = [], teaching: [Int] = []
  ) throws -> KeptPass? {
    let places = observers.indices.filter { observers[$0].moment == .current }
    let current = places.map { observers[$0] }
    let parts = microBatches(of: teaching, batch)
    let kept = parts.count == 1 ? parts[0] : []
    let others = (0..<batch.sequenceCount).filter { !kept.contains($0) }
    for sequences in microBatches(of: others, batch) {
      let scores = try naming(sequences) {
        try model.score(
          pack(sequences, of: batch), temperature: temperature, observers: current)
      }
      batch.setCurrent(scores, of: sequences, observers: places)
    }
    guard !kept.isEmpty else { return nil }
    let pass = forward(kept, of: batch)
    let scores = try naming(kept) { try pass.score(observers: current) }
    batch.setCurrent(scores, of: kept, observers: places)
    return KeptPass(sequences: kept, pass: pass)
  }
}

extension TokenBatch {
  /// - Parameters:
  ///   - scores: of what the model wrote in `sequences`.
  ///   - observers: places in ``observed`` of those whose notes are in `scores`.
  fileprivate mutating func setCurrent(
    _ scores: TokenScores, of sequences: [Int], observers: [Int]
  ) {
    for (scored, token) in sequences.flatMap(scored).enumerated() {
      logprobs[token] = scores.logprobs[scored]
      entropies[token] = scores.entropies[scored]
      for (place, rows) in zip(observers, scores.observed) {
        observed[place].set(token, to: scored, of: rows)
      }
    }
  }
}

extension ObservedRows {
  /// Puts what was noted of one token in the place of another's.
  mutating func set(_ token: Int, to other: Int, of rows: ObservedRows) {
    for column in 0..<width {
      values[token * width + column] = rows.values[other * width + column]
    }
    bytes[token] = rows.bytes[other]
  }
}
