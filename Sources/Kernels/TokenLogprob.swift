import CKernels
import Tensors

/// The log-probability of each sampled token and the entropy of the distribution it was drawn
/// from, in nats.
///
/// Every policy-gradient objective starts here: the log-probability carries the advantage, the
/// entropy feeds the bonus. Ids at or beyond `allowed` have no probability.
public struct TokenLogprob: Sendable {
  /// `[rows]`, at most zero.
  public let logprobs: [Float]
  /// `[rows]`, in `0...log(allowed)`.
  public let entropies: [Float]
  /// `[rows]`, the log of the sum of exponentials of logits / temperature.
  public let lse: [Double]
  /// How many ids have a probability.
  public let allowed: Int

  /// - Parameters:
  ///   - logits: `[rows, columns]`.
  ///   - tokens: `[rows]`, each below `allowed`.
  ///   - temperature: divides the logits.
  ///   - allowed: how many ids have a probability; all columns unless given.
  public static func forward(
    _ logits: Matrix, tokens: [Int32], temperature: Float = 1, allowed: Int? = nil
  ) -> TokenLogprob {
    let allowed = allowed ?? logits.columns
    check(logits, tokens, temperature, allowed)
    let rows = logits.rows
    var entropies: [Float] = []
    var lse: [Double] = []
    let logprobs = [Float](unsafeUninitializedCapacity: rows) { logprobs, written in
      entropies = [Float](unsafeUninitializedCapacity: rows) { entropies, written in
        lse = [Double](unsafeUninitializedCapacity: rows) { lse, written in
          tk_logprob_forward(
            logprobs.baseAddress, entropies.baseAddress, lse.baseAddress, logits.base,
            Int64(logits.stride), tokens, temperature, Int64(rows), Int64(allowed))
          written = rows
        }
        written = rows
      }
      written = rows
    }
    return TokenLogprob(logprobs: logprobs, entropies: entropies, lse: lse, allowed: allowed)
  }

  /// Overwrites `dLogits` with the gradient of `sum(dLogprob * logprob + dEntropy * entropy)`:
  ///
  ///     (dLogprob (1[v = token] - p) - dEntropy p (log p + H)) / temperature
  ///
  /// A row whose two slopes are 0 becomes exactly 0, and so do ids without a probability.
  ///
  /// - Parameters:
  ///   - logits, tokens, temperature: as the forward saw them.
  ///   - dLogprob, dEntropy: `[rows]`.
  ///   - dLogits: `[rows, columns]`; may be `logits`.
  public func backward(
    _ logits: Matrix, tokens: [Int32], temperature: Float = 1, dLogprob: [Float],
    dEntropy: [Float], into dLogits: Matrix
  ) {
    Self.check(logits, tokens, temperature, allowed)
    precondition(
      logits.rows == logprobs.count && dLogprob.count == logits.rows
        && dEntropy.count == logits.rows,
      """
      \(dLogprob.count) and \(dEntropy.count) slopes and \(logits.rows) rows of logits for \
      \(logprobs.count) tokens
      """)
    precondition(
      dLogits.rows == logits.rows && dLogits.columns == logits.columns,
      "a gradient [\(dLogits.rows), \(dLogits.columns)] of [\(logits.rows), \(logits.columns)]")
    tk_logprob_backward(
      dLogits.base, Int64(dLogits.stride), logits.base, Int64(logits.stride), tokens, dLogprob,
      dEntropy, lse, entropies, temperature, Int64(logits.rows), Int64(allowed),
      Int64(logits.columns))
  }

  /// Writes the log-probability of every id in row `row` of `logits`; that of the row's token is
  /// its log-probability to the bit. Alone on the calling thread.
  ///
  /// - Parameters:
  ///   - logits, temperature: as the forward saw them.
  ///   - logprobs: `[allowed]`, in nats.
  public func writeRow(
    _ row: Int, of logits: Matrix, temperature: Float,
    into logprobs: UnsafeMutableBufferPointer<Float>
  ) {
    check(row, of: logits, logprobs.count)
    tk_logprob_row(
      logprobs.baseAddress, logits.base + row * logits.stride, lse[row], temperature,
      Int64(allowed))
  }

  /// Adds to row `row` of `dLogits` the gradient of a loss whose derivative in
  /// z = logits / temperature is `dRow`. Alone on the calling thread.
  ///
  /// - Parameter dRow: `[allowed]`
  /// - Returns: whether every element of `dRow` is finite.
  public func addRowGradient(
    _ dRow: UnsafeBufferPointer<Float>, of row: Int, temperature: Float, into dLogits: Matrix
  ) -> Bool {
    check(row, of: dLogits, dRow.count)
    return tk_logprob_row_backward(
      dLogits.base + row * dLogits.stride, dRow.baseAddress, temperature, Int64(allowed)) != 0
  }

  private func check(_ row: Int, of logits: Matrix, _ count: Int) {
    precondition(
      row >= 0 && row < logprobs.count && logits.rows == logprobs.count,
      "row \(row) of \(logprobs.count), in \(logits.rows) rows of logits")
    precondition(
      count == allowed && allowed <= logits.columns,
      "a row of \(count) for \(allowed) allowed ids of \(logits.columns)")
  }

  private static func check(
    _ logits: Matrix, _ tokens: [Int32], _ temperature: Float, _ allowed: Int
  ) {
    precondition(temperature > 0, "a temperature of \(temperature)")
    precondition(
      allowed > 0 && allowed <= logits.columns, "\(allowed) allowed ids of \(logits.columns)")
    precondition(tokens.count == logits.rows, "\(tokens.count) tokens for \(logits.rows) rows")
    for token in tokens {
      precondition(token >= 0 && token < allowed, "token \(token) is outside 0..<\(allowed)")
    }
  }
}
