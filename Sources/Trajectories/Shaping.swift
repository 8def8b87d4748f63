/// What the loss of an optimizer step is made of besides its tokens, as the run has it and as
/// interventions change it:
///
///     loss = sum_t W_t (weight_t phi_t + added_t) + row losses + scalar
///
/// Columns are `[N]`.
public struct Shaping: Sendable, Equatable {
  /// Multiplies the surrogate of a token, not what is added to it.
  public var weights: [Float]
  /// The ratio's room below 1; infinite for no bound.
  public var clipLow: [Float]
  /// The ratio's room above 1; infinite for no bound.
  public var clipHigh: [Float]
  /// Bounds the loss of a negative advantage by that of this ratio; infinite for no bound.
  public var dualClip: [Float]
  /// `c` of the term `-c sum W H`.
  public var entropyCoefficient: Double
  /// Of the divergence from the reference policy.
  public var klCoefficient: Double
  /// Added to the loss, without a gradient.
  public var scalarLoss = 0.0

  /// The same bounds for every token, every weight 1.
  public init(
    count: Int, clipLow: Float, clipHigh: Float, dualClip: Float = .infinity,
    entropyCoefficient: Double = 0, klCoefficient: Double = 0
  ) {
    weights = Array(repeating: 1, count: count)
    self.clipLow = Array(repeating: clipLow, count: count)
    self.clipHigh = Array(repeating: clipHigh, count: count)
    self.dualClip = Array(repeating: dualClip, count: count)
    self.entropyCoefficient = entropyCoefficient
    self.klCoefficient = klCoefficient
  }
}

/// What is added to the loss of each token, in units of phi, and its slopes; `[N]` each.
public struct TokenAdditions: Sendable, Equatable {
  public var phi: [Float]
  /// `d phi / d logprob`
  public var dLogprob: [Float]
  /// `d phi / d entropy`
  public var dEntropy: [Float]

  /// Nothing added.
  public init(count: Int) {
    phi = Array(repeating: 0, count: count)
    (dLogprob, dEntropy) = (phi, phi)
  }

  public mutating func add(_ other: TokenAdditions) {
    for t in phi.indices {
      phi[t] += other.phi[t]
      dLogprob[t] += other.dLogprob[t]
      dEntropy[t] += other.dEntropy[t]
    }
  }
}
