import Detectors
import Models
import Tensors
import Trajectories

/// The logits of some tokens of a batch, copied where the backward pass has them: that costs no pass
/// of its own.
final class LogitRows {
  /// Places in the batch, in order.
  let tokens: [Int]
  /// `[tokens, allowedIds]`
  let logits: Matrix
  private let rows: [Int: Int]

  init(_ tokens: [Int], columns: Int) {
    self.tokens = tokens
    logits = Storage<Float>(tokens.count * columns, zeroed: false)
      .matrix(rows: tokens.count, columns: columns)
    rows = Dictionary(uniqueKeysWithValues: zip(tokens, tokens.indices))
  }

  /// - Parameters:
  ///   - logits: a row for each of `places`.
  ///   - places: tokens of the batch.
  func take(_ logits: Matrix, of places: ArraySlice<Int>) {
    for (source, place) in places.enumerated() {
      guard let row = rows[place] else { continue }
      (self.logits.base + row * self.logits.stride).update(
        from: logits.base + source * logits.stride, count: self.logits.columns)
    }
  }
}

/// Some trained tokens of a batch, with the passes that have their logits.
///
/// They are spread evenly over a few sequences that are spread evenly over the batch: eight tokens
/// of each, so that a look at 64 tokens takes a pass over 8 sequences and not over all.
struct LogitSample {
  static let tokensOfSequence = 8

  /// Places in the batch, in order.
  let tokens: [Int]
  let chosen: [ChosenRows]

  init(_ batch: TokenBatch, rows: Int, policy: Policy) {
    let trained = (0..<batch.sequenceCount).filter { sequence in
      batch.range(sequence).contains { batch.mask[$0] != 0 }
    }
    let sequences = trained.spread(
      max(1, (rows + Self.tokensOfSequence - 1) / Self.tokensOfSequence))
    let wanted = Set(
      sequences.flatMap { batch.range($0).filter { batch.mask[$0] != 0 } }.spread(rows))
    var (tokens, chosen): ([Int], [ChosenRows]) = ([], [])
    for part in policy.microBatches(of: sequences, batch) {
      let pack = policy.pack(part, of: batch)
      let places = part.flatMap(batch.scored)
      let scored = zip(places, pack.scoredRows).filter { wanted.contains($0.0) }
      tokens += scored.map(\.0)
      chosen.append(ChosenRows(scored.map(\.1), of: pack))
    }
    (self.tokens, self.chosen) = (tokens, chosen)
  }
}

extension [Int] {
  /// At most `count` of them, spread evenly.
  func spread(_ count: Int) -> [Int] {
    let count = Swift.min(count, self.count)
    return (0..<count).map { self[$0 * self.count / count] }
  }

  /// These tokens' rows as a detector sees them: at most `count`, spread evenly.
  ///
  /// - Parameters:
  ///   - logits, change: a row for each of these tokens.
  func logitRows(
    _ batch: TokenBatch, _ logits: Matrix, change: Matrix? = nil, atMost count: Int
  ) -> [LogitRow] {
    func row(_ matrix: Matrix, _ index: Int) -> UnsafeBufferPointer<Float> {
      UnsafeBufferPointer(start: matrix.base + index * matrix.stride, count: matrix.columns)
    }
    return Array(indices).spread(count).map { index in
      LogitRow(
        token: batch.tokens[self[index]], index: self[index],
        advantage: batch.advantages[self[index]], logits: row(logits, index),
        change: change.map { row($0, index) })
    }
  }
}
