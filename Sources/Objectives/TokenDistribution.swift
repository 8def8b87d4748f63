import Foundation

/// One row of logits as a distribution: the readable twin of the log-probability kernels.
///
/// With `z = Z / temperature`, `l = log_softmax(z)` and `H = -sum p l`. Logits are float or double;
/// sums are in double for both.
public struct TokenDistribution<Scalar: BinaryFloatingPoint> {
  /// `[V]` nats.
  public let logprobs: [Double]
  /// Nats, in `0...log(V)`.
  public let entropy: Double
  public let temperature: Double

  /// - Parameter logits: `[V]`, raw.
  public init(logits: some Collection<Scalar>, temperature: Double = 1) {
    let z = logits.map { Double($0) / temperature }
    let top = z.max() ?? 0
    let norm = top + log(z.reduce(0) { $0 + exp($1 - top) })
    logprobs = z.map { $0 - norm }
    entropy = -logprobs.reduce(0) { $1 == -.infinity ? $0 : $0 + exp($1) * $1 }
    self.temperature = temperature
  }

  /// `[V]` `d loss / d Z`, components summing to zero:
  ///
  ///     d logprob_y / dz = 1[v = y] - p        d H / dz = -p (l + H)
  public func dLogits(token: Int, dLogprob: Scalar, dEntropy: Scalar) -> [Scalar] {
    let (dLogprob, dEntropy) = (Double(dLogprob), Double(dEntropy))
    if dLogprob == 0, dEntropy == 0 { return Array(repeating: 0, count: logprobs.count) }
    return logprobs.enumerated().map { v, logprob in
      let p = exp(logprob)
      let chosen = v == token ? 1.0 : 0
      let information = logprob == -.infinity ? 0 : p * (logprob + entropy)
      return Scalar((dLogprob * (chosen - p) - dEntropy * information) / temperature)
    }
  }
}
