import Kernels
import Tensors
import Trajectories

/// What a pass says of the tokens that it scores, `[n]` each, at the temperature asked for.
public struct TokenScores: Sendable {
  /// Nats.
  public var logprobs: [Float]
  /// Nats.
  public var entropies: [Float]
  /// What each observer noted of the tokens' rows.
  public var observed: [ObservedRows] = []
  /// What each token's row adds to the loss; empty without a ``RowLoss``.
  public var rowLosses: [Double] = []

  public init(logprobs: [Float] = [], entropies: [Float] = []) {
    (self.logprobs, self.entropies) = (logprobs, entropies)
  }

  mutating func append(_ law: TokenLogprob) {
    logprobs += law.logprobs
    entropies += law.entropies
  }
}

/// A number that is not finite came out of a pass.
public struct NonFiniteScore: Error, CustomStringConvertible {
  public enum What: Sendable {
    case logprob
    /// What a ``RowLoss`` gave.
    case rowGradient
  }

  public let what: What
  /// The sequence in its pack, and the token in its completion.
  public let sequence: Int
  public let token: Int

  public init(sequence: Int, token: Int, _ what: What = .logprob) {
    (self.what, self.sequence, self.token) = (what, sequence, token)
  }

  public var description: String {
    switch what {
    case .logprob:
      """
      the log-probability of token \(token) of sequence \(sequence) is not finite: the weights or \
      the learning rate have run away; go back to an earlier checkpoint or lower the learning rate
      """
    case .rowGradient:
      """
      the gradient that an intervention gives for the row of token \(token) of sequence \
      \(sequence) is not finite: `temper check plugin` looks for the inputs that make it so
      """
    }
  }
}

extension Transformer {
  /// The logits of every row of `pack`, `[R, V]`, softcap included.
  public func logits(_ pack: SequencePack) -> Storage<Float> {
    let tape = Tape(.none, configuration, rows: pack.batch.count, in: workspace)
    let hidden = forward(pack.batch, pages: packPages(for: pack), tape: tape)
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
  /// - Parameter observers: are shown each token's row.
  /// - Throws: ``NonFiniteScore``, or what an observer throws.
  public func score(
    _ pack: SequencePack, temperature: Float = 1, observers: [any RowObserver] = []
  ) throws -> TokenScores {
    try ForwardPass(self, pack, temperature: temperature, keeping: .none).score(
      observers: observers)
  }

  /// A forward pass that can go back.
  ///
  /// - Parameter recompute: keep only the input of each block, and run it again on the way back.
  public func forward(
    _ pack: SequencePack, temperature: Float = 1, recompute: Bool = false
  ) -> ForwardPass {
    ForwardPass(
      self, pack, temperature: temperature, keeping: recompute ? .inputs : .everything)
  }

  /// Runs forward and backward and adds to the parameters' gradients.
  ///
  /// - SeeAlso: ``ForwardPass/backward(dLogprob:dEntropy:rows:)``
  @discardableResult
  public func accumulateGradients(
    _ pack: SequencePack, temperature: Float = 1, dLogprob: [Float], dEntropy: [Float],
    rows: RowLoss? = nil, recompute: Bool = false
  ) throws -> TokenScores {
    try forward(pack, temperature: temperature, recompute: recompute).backward(
      dLogprob: dLogprob, dEntropy: dEntropy, rows: rows)
  }

  // MARK: The head

  /// `logits = softcap(x W^T)`, over as many ids as `logits` has columns.
  public func headForward(_ normed: Matrix, into logits: Matrix) {
    Product.forward(normed, head, bias: nil, into: logits)
    if let cap = configuration.finalSoftcap { Softcap.forward(logits, cap: cap) }
  }

  /// From the gradient of the capped logits to that of the head's input, and of its weight.
  func headBackward(_ dLogits: Matrix, capped: Matrix, normed: Matrix, into dNormed: Matrix) {
    if let cap = configuration.finalSoftcap { Softcap.backward(dLogits, capped: capped, cap: cap) }
    let dHead = trained(headName).gradientMatrix.rows(0..<allowedIds)
    Product.backwardWeight(dLogits, normed, into: dHead)
    Product.backwardInput(dLogits, head, into: dNormed)
  }

  private var headName: String {
    configuration.tiedEmbeddings ? "model.embed_tokens.weight" : "lm_head.weight"
  }

  func logitsBuffer(_ rows: Int) -> Matrix {
    workspace.matrix("logits", rows, allowedIds)
  }

  /// Rows whose logits are there at a time: at most 256, and 128 MiB, but for 16.
  public static func chunkRows(vocabulary: Int) -> Int {
    max(16, min(256, (128 << 20) / (4 * vocabulary)))
  }

  /// Fixed stretches of scored rows.
  func chunks(of count: Int) -> [Range<Int>] {
    let size = Self.chunkRows(vocabulary: allowedIds)
    return stride(from: 0, to: count, by: size).map { $0..<min($0 + size, count) }
  }

  // MARK: Rows

  /// Pages for one layer at a time: a pass over whole sequences needs no more.
  func packPages(for pack: SequencePack) -> KeyValuePages {
    if let pages = keptPages, pages.pageCount >= pack.pageCount { return pages }
    let pages = KeyValuePages(
      pageCount: pack.pageCount, layers: 1, heads: configuration.keyValueHeadCount,
      width: configuration.headDimension)
    keptPages = pages
    return pages
  }
}
