import Kernels
import Tensors
import Trajectories

/// A forward pass over whole sequences: it scores their tokens and, where it kept what that takes,
/// goes back. Valid until the model's next pass.
///
/// The vocabulary's logits live only a chunk of rows at a time: log-probabilities, rows for those
/// who want them, slopes and both products of the head's backward pass are done on each.
public struct ForwardPass {
  public let pack: SequencePack
  private let model: Transformer
  private let temperature: Float
  private let tape: Tape
  private let pages: KeyValuePages
  private let head: HeadInput
  private let number: Int

  /// - Parameter kind: how much is kept for ``backward(dLogprob:dEntropy:rows:)``.
  init(_ model: Transformer, _ pack: SequencePack, temperature: Float, keeping kind: Tape.Kind) {
    (self.model, self.pack, self.temperature) = (model, pack, temperature)
    tape = Tape(kind, model.configuration, rows: pack.batch.count, in: model.workspace)
    pages = model.packPages(for: pack)
    head = HeadInput(
      model, hidden: model.forward(pack.batch, pages: pages, tape: tape), rows: pack.scoredRows)
    number = model.passCount
  }

  /// Scores the tokens that the pack asks for.
  ///
  /// - Parameter observers: are shown each token's row.
  /// - Throws: ``NonFiniteScore``, or what an observer throws.
  public func score(observers: [any RowObserver] = []) throws -> TokenScores {
    var scores = TokenScores()
    scores.observed = observers.map { ObservedRows(width: $0.width) }
    try forEachChunk { chunk in
      scores.append(chunk.law)
      guard !observers.isEmpty else { return }
      try model.countingRowTime {
        let noted = try model.observe(
          chunk.logits, chunk.law, tokens: chunk.tokens, temperature: temperature, observers)
        for (place, rows) in noted.enumerated() { scores.observed[place].append(rows) }
      }
    }
    return scores
  }

  /// Shows the row of every scored token, with its number, on any thread.
  ///
  /// - Throws: ``NonFiniteScore``, or what `body` throws at the first row that it fails on.
  public func forEachRow(_ body: (_ row: LogprobRow, _ token: Int) throws -> Void) throws {
    try forEachChunk { try model.show($0, temperature: temperature, body) }
  }

  /// Adds to the parameters' gradients those of a loss of the scored tokens.
  ///
  /// - Parameters:
  ///   - dLogprob: `[n]` the loss's slope in each token's log-probability.
  ///   - dEntropy: `[n]` the same in its distribution's entropy.
  ///   - rows: what the loss has besides.
  ///   - onLogits: sees the logits of stretches of the scored tokens, in order, while they are there.
  /// - Returns: the scores, and what each token's row adds to the loss.
  /// - Throws: ``NonFiniteScore``, or what a row throws, before any gradient is touched by the
  ///   blocks.
  public func backward(
    dLogprob: [Float], dEntropy: [Float], rows: RowLoss? = nil,
    onLogits: (_ tokens: Range<Int>, Matrix) -> Void = { _, _ in }
  ) throws -> TokenScores {
    let count = pack.scoredRows.count
    precondition(
      dLogprob.count == count && dEntropy.count == count && rows?.wanted.count ?? count == count,
      "\(dLogprob.count) and \(dEntropy.count) slopes for \(count) scored tokens")
    let dNormed = model.workspace.matrix(
      "dHeadNormed", count, model.configuration.hiddenSize)
    var scores = TokenScores()
    try forEachChunk { chunk in
      scores.append(chunk.law)
      onLogits(chunk.range, chunk.logits)
      let slopes = (Array(dLogprob[chunk.range]), Array(dEntropy[chunk.range]))
      let isWanted = rows?.wanted[chunk.range].contains(true) ?? false
      // In place, unless somebody needs the logits behind it.
      var dLogits = chunk.logits
      if isWanted || model.configuration.finalSoftcap != nil {
        dLogits = model.workspace.matrix("dLogits", chunk.logits.rows, chunk.logits.columns)
      }
      chunk.law.backward(
        chunk.logits, tokens: chunk.tokens, temperature: temperature, dLogprob: slopes.0,
        dEntropy: slopes.1, into: dLogits)
      if let rows, isWanted {
        scores.rowLosses += try naming {
          try model.countingRowTime {
            try model.addGradient(of: rows, chunk, temperature: temperature, into: dLogits)
          }
        }
      } else if rows != nil {
        scores.rowLosses += repeatElement(0, count: chunk.range.count)
      }
      model.headBackward(
        dLogits, capped: chunk.logits, normed: head.normed.rows(chunk.range),
        into: dNormed.rows(chunk.range))
    }
    let gradient = model.workspace.matrix(
      "gradient", pack.batch.count, model.configuration.hiddenSize)
    head.backward(dNormed, model, into: gradient)
    model.backward(gradient, pack.batch, pages: pages, tape: tape)
    return scores
  }

  // MARK: Chunks

  /// Runs the head over chunks of the scored tokens, in order.
  private func forEachChunk(_ body: (ScoredChunk) throws -> Void) throws {
    precondition(number == model.passCount, "the model has run another pass since this one")
    for range in model.chunks(of: pack.scoredRows.count) {
      let logits = model.logitsBuffer(range.count)
      model.headForward(head.normed.rows(range), into: logits)
      let tokens = Array(pack.targets[range])
      let law = TokenLogprob.forward(logits, tokens: tokens, temperature: temperature)
      let chunk = ScoredChunk(range: range, logits: logits, tokens: tokens, law: law)
      if let bad = chunk.firstNonFinite { throw pack.nonFinite(token: bad) }
      try body(chunk)
    }
  }

  /// Turns the place of a row's gradient that is not finite into a sequence's.
  private func naming<T>(_ body: () throws -> T) throws -> T {
    do {
      return try body()
    } catch let error as RowLoss.NotFinite {
      throw pack.nonFinite(token: error.token, .rowGradient)
    }
  }
}

/// Some of the tokens that a pass scores, with their logits.
struct ScoredChunk {
  /// Of the scored tokens.
  let range: Range<Int>
  /// `[range.count, allowedIds]`
  let logits: Matrix
  let tokens: [Int32]
  let law: TokenLogprob

  /// The first token whose score is not finite, counted in the pass.
  var firstNonFinite: Int? {
    law.logprobs.indices.first { !law.logprobs[$0].isFinite || !law.entropies[$0].isFinite }
      .map { $0 + range.lowerBound }
  }
}

extension SequencePack {
  /// What is wrong with a scored token.
  func nonFinite(token: Int, _ what: NonFiniteScore.What = .logprob) -> NonFiniteScore {
    NonFiniteScore(sequence: scoredSequences[token], token: scoredTokens[token], what)
  }
}
