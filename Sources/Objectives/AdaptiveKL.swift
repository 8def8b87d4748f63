/// Steers the KL coefficient towards a target divergence.
///
/// Ziegler et al. 2019, "Fine-Tuning Language Models from Human Preferences" (arXiv:1909.08593),
/// section 2.2. Its state is the coefficient, and belongs in checkpoints.
public struct AdaptiveKL: Sendable, Equatable, Codable {
  public private(set) var coefficient: Double
  /// Nats a token.
  public let target: Double
  /// Sequences over which the error acts in full.
  public let horizon: Double

  public init(coefficient: Double = 0.001, target: Double = 0.1, horizon: Double = 10_000) {
    precondition(target > 0 && horizon > 0, "a target of \(target) over a horizon of \(horizon)")
    (self.coefficient, self.target, self.horizon) = (coefficient, target, horizon)
  }

  /// `beta (1 + clip(kl / target - 1, -0.2, 0.2) n / horizon)`
  ///
  /// - Parameters:
  ///   - kl: measured in the step, nats a token.
  ///   - sequences: `n`, how many the step had.
  public mutating func update(kl: Double, sequences: Int) {
    let error = min(max(kl / target - 1, -0.2), 0.2)
    coefficient *= 1 + error * Double(sequences) / horizon
  }
}
