import Trajectories

/// How the losses of tokens become the loss of an optimizer step: `loss = sum W phi`, with `W`
/// independent of the logits. The names are verl's.
public enum Aggregation: String, Codable, Sendable, CaseIterable {
  /// `W = m / N`: every token counts the same. Yu et al. 2025, "DAPO" (arXiv:2503.14476), 3.3.
  case tokenMean = "token-mean"
  /// `W = m / (n_i B')`: every sequence counts the same. Shao et al. 2024, "DeepSeekMath"
  /// (arXiv:2402.03300), equation 3.
  case seqMeanTokenMean = "seq-mean-token-mean"
  /// `W = m / B'`
  case seqMeanTokenSum = "seq-mean-token-sum"
  /// `W = m / norm`, not divided by the number of sequences.
  case sumNorm = "sum-norm"
  /// `W = m / (B norm)`. Liu et al. 2025, "Understanding R1-Zero-Like Training"
  /// (arXiv:2503.20783), with `norm` the longest completion allowed.
  case seqMeanSumNorm = "seq-mean-sum-norm"

  /// Whether the mode divides by a constant that has to be chosen.
  public var needsNorm: Bool { self == .sumNorm || self == .seqMeanSumNorm }
}

/// Whether a sequence without a trained token counts in a mean over sequences.
public enum EmptySequences: String, Codable, Sendable, CaseIterable {
  /// `B'` counts the sequences that have one (verl).
  case exclude
  /// `B'` is the number of sequences (TRL).
  case include
}

/// What the aggregation of a whole optimizer step divides by, counted from its masks before the
/// first backward, so that the size of a micro-batch cannot change the result.
public struct StepDenominators: Sendable, Equatable {
  /// `N`: trained tokens.
  public var tokens = 0
  /// `B`: sequences.
  public var sequences = 0
  /// Sequences with a trained token.
  public var nonEmptySequences = 0

  public init(offsets: [Int], mask: [UInt8]) {
    sequences = offsets.count - 1
    for s in 0..<sequences {
      let trained = mask[offsets[s]..<offsets[s + 1]].count { $0 != 0 }
      tokens += trained
      nonEmptySequences += trained > 0 ? 1 : 0
    }
  }

  /// - Parameter batch: the whole step, masks final.
  public init(of batch: TokenBatch) {
    self.init(offsets: batch.offsets, mask: batch.mask)
  }
}

extension PolicyObjective {
  /// `[N]` the coefficient `W` of each token's loss, from the masks of a whole step.
  public func coefficients(_ batch: TokenBatch) -> [Float] {
    coefficients(
      offsets: batch.offsets, mask: batch.mask, denominators: StepDenominators(of: batch)
    ).map(Float.init)
  }

  /// `[N]` the coefficient `W` of each token's loss; zero where the mask is.
  ///
  /// - Parameters:
  ///   - offsets: `[S + 1]` of whole sequences, all of the step's or some.
  ///   - denominators: of the whole step.
  func coefficients(
    offsets: [Int], mask: [UInt8], denominators: StepDenominators
  ) -> [Double] {
    var coefficients = [Double](repeating: 0, count: mask.count)
    let rows = Double(
      emptySequences == .include ? denominators.sequences : denominators.nonEmptySequences)
    for s in 0..<offsets.count - 1 {
      let range = offsets[s]..<offsets[s + 1]
      let trained = mask[range].count { $0 != 0 }
      let denominator =
        switch aggregation {
        case .tokenMean: Double(denominators.tokens)
        case .seqMeanTokenMean: Double(trained) * rows
        case .seqMeanTokenSum: rows
        case .sumNorm: norm!
        case .seqMeanSumNorm: Double(denominators.sequences) * norm!
        }
      for t in range where mask[t] != 0 { coefficients[t] = 1 / denominator }
    }
    return coefficients
  }
}
