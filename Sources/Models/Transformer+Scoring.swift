import Kernels
import Tensors

/// Log-probability and entropy of scored tokens, in nats, at the temperature asked for.
public struct TokenScores: Sendable {
  public var logprobs: [Float]
  public var entropies: [Float]

  public init(logprobs: [Float] = [], entropies: [Float] = []) {
    (self.logprobs, self.entropies) = (logprobs, entropies)
  }
}

/// A number that is not finite came out of a forward pass.
public struct NonFiniteScore: Error, CustomStringConvertible {
  /// The sequence in its pack, and the scored token in that sequence.
  public let sequence: Int
  public let token: Int

  public init(sequence: Int, token: Int) { (self.sequence, self.token) = (sequence, token) }

  public var description: String {
    """
    the log-probability of token \(token) of sequence \(sequence) is not finite: the weights or \
    the learning rate have run away; go back to an earlier checkpoint or lower the learning rate
    """
  }
}

extension Transformer {
  /// The logits of every row of `pack`, `[R, V]`, softcap included.
  public func logits(_ pack: SequencePack) -> Storage<Float> {
    let hidden = run(pack, .none)
    let logits = Storage<Float>(hidden.rows * configuration.vocabularySize, zeroed: false)
    let normed = workspace.matrix("headNormed", hidden.rows, configuration.hiddenSize)
    let scale = workspace.matrix("headScale", hidden.rows, 1)
    norm(hidden, finalNorm, into: normed, scale: scale)
    headForward(
      normed, into: logits.matrix(rows: hidden.rows, columns: configuration.vocabularySize))
    return logits
  }

  /// Scores the tokens that `pack` asks for.
  ///
  /// - Throws: ``NonFiniteScore``.
  public func score(_ pack: SequencePack, temperature: Float = 1) throws -> TokenScores {
    let head = HeadInput(self, hidden: run(pack, .none), rows: pack.scoredRows)
    var scores = TokenScores()
    for chunk in chunks(of: pack.scoredRows.count) {
      let logits = logitsBuffer(chunk.count)
      headForward(head.normed.rows(chunk), into: logits)
      let result = TokenLogprob.forward(
        logits, tokens: Array(pack.targets[chunk]), temperature: temperature)
      scores.logprobs += result.logprobs
      scores.entropies += result.entropies
    }
    try check(scores, pack)
    return scores
  }

  /// Runs forward and backward and adds to the parameters' gradients.
  ///
  /// The vocabulary's logits live only a chunk of rows at a time: log-probability, slopes and
  /// both products of the head's backward pass are done on each.
  ///
  /// - Parameters:
  ///   - dLogprob: the loss's slope in each scored token's log-probability.
  ///   - dEntropy: the same in its distribution's entropy.
  ///   - recompute: keep only the input of each block, and run it again on the way back.
  /// - Returns: the scores of this forward pass.
  /// - Throws: ``NonFiniteScore``, before any gradient is touched by the blocks.
  @discardableResult
  public func accumulateGradients(
    _ pack: SequencePack, temperature: Float = 1, dLogprob: [Float], dEntropy: [Float],
    recompute: Bool = false
  ) throws -> TokenScores {
    let count = pack.scoredRows.count
    precondition(
      dLogprob.count == count && dEntropy.count == count,
      "\(dLogprob.count) and \(dEntropy.count) slopes for \(count) scored tokens")
    let tape = Tape(
      recompute ? .inputs : .everything, configuration, rows: pack.batch.count, in: workspace)
    let pages = trainingPages(pack)
    let hidden = forward(pack.batch, pages: pages, tape: tape)

    let head = HeadInput(self, hidden: hidden, rows: pack.scoredRows)
    let dNormed = workspace.matrix("dHeadNormed", count, configuration.hiddenSize)
    var scores = TokenScores()
    for chunk in chunks(of: count) {
      let logits = logitsBuffer(chunk.count)
      headForward(head.normed.rows(chunk), into: logits)
      let result = TokenLogprob.forward(
        logits, tokens: Array(pack.targets[chunk]), temperature: temperature)
      scores.logprobs += result.logprobs
      scores.entropies += result.entropies
      headBackward(
        logits, result, tokens: Array(pack.targets[chunk]), temperature: temperature,
        dLogprob: Array(dLogprob[chunk]), dEntropy: Array(dEntropy[chunk]),
        normed: head.normed.rows(chunk), into: dNormed.rows(chunk))
    }
    try check(scores, pack)

    let gradient = workspace.matrix("gradient", hidden.rows, configuration.hiddenSize)
    head.backward(dNormed, self, into: gradient)
    backward(gradient, pack.batch, pages: pages, tape: tape)
    return scores
  }

  // MARK: The head

  /// `logits = softcap(x W^T)`, over as many ids as `logits` has columns.
  public func headForward(_ normed: Matrix, into logits: Matrix) {
    Product.forward(normed, head, bias: nil, into: logits)
    if let cap = configuration.finalSoftcap { Softcap.forward(logits, cap: cap) }
  }

  private func headBackward(
    _ logits: Matrix, _ result: TokenLogprob, tokens: [Int32], temperature: Float,
    dLogprob: [Float], dEntropy: [Float], normed: Matrix, into dNormed: Matrix
  ) {
    var dLogits = logits  // in place, unless the softcap's slope needs the capped values
    if configuration.finalSoftcap != nil {
      dLogits = workspace.matrix("dLogits", logits.rows, logits.columns)
    }
    result.backward(
      logits, tokens: tokens, temperature: temperature, dLogprob: dLogprob, dEntropy: dEntropy,
      into: dLogits)
    if let cap = configuration.finalSoftcap {
      Softcap.backward(dLogits, capped: logits, cap: cap)
    }
    let dHead = trained(headName).gradientMatrix.rows(0..<allowedIds)
    Product.backwardWeight(dLogits, normed, into: dHead)
    Product.backwardInput(dLogits, head, into: dNormed)
  }

  private var headName: String {
    configuration.tiedEmbeddings ? "model.embed_tokens.weight" : "lm_head.weight"
  }

  private func logitsBuffer(_ rows: Int) -> Matrix {
    workspace.matrix("logits", rows, allowedIds)
  }

  /// Fixed stretches of scored rows whose logits take at most 64 MiB, or 16 rows.
  private func chunks(of count: Int) -> [Range<Int>] {
    let size = max(16, min(256, (64 << 20) / (4 * allowedIds)))
    return stride(from: 0, to: count, by: size).map { $0..<min($0 + size, count) }
  }

  // MARK: Rows

  private func run(_ pack: SequencePack, _ kind: Tape.Kind) -> Matrix {
    let tape = Tape(kind, configuration, rows: pack.batch.count, in: workspace)
    return forward(pack.batch, pages: trainingPages(pack), tape: tape)
  }

  /// Pages for one layer at a time: a pass over whole sequences needs no more.
  private func trainingPages(_ pack: SequencePack) -> KeyValuePages {
    if let pages = packPages, pages.pageCount >= pack.pageCount { return pages }
    let pages = KeyValuePages(
      pageCount: pack.pageCount, layers: 1, heads: configuration.keyValueHeadCount,
      width: configuration.headDimension)
    packPages = pages
    return pages
  }

  private func check(_ scores: TokenScores, _ pack: SequencePack) throws {
    guard
      let bad = scores.logprobs.indices.first(where: {
        !scores.logprobs[$0].isFinite || !scores.entropies[$0].isFinite
      })
    else { return }
    let sequence = pack.scoredSequences[bad]
    let first = pack.scoredSequences.firstIndex(of: sequence)!
    throw NonFiniteScore(sequence: sequence, token: bad - first)
  }
}
