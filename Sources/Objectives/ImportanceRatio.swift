/// Whose probabilities the importance ratio compares: how much likelier the policy as it is now
/// makes what was sampled than the policy that sampled it.
public enum ImportanceRatio: String, Codable, Sendable, CaseIterable {
  /// `r_t = exp(logprob_t - old logprob_t)`
  case token
  /// `s = exp(mean_t (logprob_t - old logprob_t))`, one for a sequence. Zheng et al. 2025, "Group
  /// Sequence Policy Optimization" (arXiv:2507.18071), equation 7.
  case sequenceMean = "sequence_mean"
  /// `r = exp(sum_t (logprob_t - old logprob_t))`, the sequence's own. Ahmadian et al. 2024, "Back
  /// to Basics" (arXiv:2402.14740), as TRL's RLOO has it.
  case sequenceProduct = "sequence_product"

  /// Where the logarithm of the ratio is held; verl's.
  var logRatioBounds: ClosedRange<Double> { self == .sequenceMean ? -20...10 : -20...20 }

  /// `[N]` the logarithm of each token's ratio, over trained tokens alone.
  func logRatios(_ columns: TokenColumns) -> [Double] {
    let differences = zip(columns.logprobs, columns.oldLogprobs).map { $0 - $1 }
    return overSequences(differences, columns)
  }

  /// `[N]` slopes in each token's log-ratio as slopes in its log-probability: a sequence's ratio
  /// moves with every token of it, so each of them carries the slopes of all.
  ///
  /// They are in units of phi, whose coefficient `W` is the same throughout a sequence.
  func slopes(inLogprobs slopes: [Double], _ columns: TokenColumns) -> [Double] {
    overSequences(slopes, columns)
  }

  /// The mean, or the sum, over each sequence's trained tokens in place of each of them.
  private func overSequences(_ values: [Double], _ columns: TokenColumns) -> [Double] {
    guard self != .token else { return values }
    var result = values
    for s in 0..<columns.offsets.count - 1 {
      let trained = (columns.offsets[s]..<columns.offsets[s + 1]).filter { columns.mask[$0] != 0 }
      let sum = trained.reduce(0) { $0 + values[$1] }
      let value = self == .sequenceMean ? sum / Double(trained.count) : sum
      for t in trained { result[t] = value }
    }
    return result
  }
}
