/// What each token contributes to the loss, `[N]` each; zero where the mask is.
public struct TokenTerms: Sendable {
  /// `W`
  public var coefficients: [Double]
  /// What multiplies the surrogate.
  public var weight: [Double]
  /// `r`, its logarithm held within its bounds; a sequence's ratio stands at each of its tokens.
  public var ratio: [Double]
  public var isClipped: [Bool]
  public var isDualClipped: [Bool]
  /// The estimated divergence from the reference policy, nats; zero without one.
  public var kl: [Double]
  /// All that `W` multiplies: the weighted surrogate and what is added to it.
  public var loss: [Double]
  /// `d loss / d logprob`
  public var slope: [Double]
  /// `d loss / d entropy`
  public var entropySlope: [Double]

  init(coefficients: [Double], weight: [Double]) {
    let zeros = [Double](repeating: 0, count: coefficients.count)
    self.coefficients = coefficients
    self.weight = weight
    ratio = zeros
    isClipped = Array(repeating: false, count: coefficients.count)
    isDualClipped = isClipped
    kl = zeros
    loss = zeros
    slope = zeros
    entropySlope = zeros
  }

  /// `sum W loss`, in the order of the tokens.
  public var total: Double {
    var total = 0.0
    for t in loss.indices { total += coefficients[t] * loss[t] }
    return total
  }

  /// `[N]` the derivative of ``total`` in each log-probability.
  public var dLogprob: [Double] { scaled(slope) }
  /// `[N]` the derivative of ``total`` in each entropy.
  public var dEntropy: [Double] { scaled(entropySlope) }

  private func scaled(_ slopes: [Double]) -> [Double] {
    zip(coefficients, slopes).map { $0 == 0 ? 0 : $0 * $1 }
  }
}
