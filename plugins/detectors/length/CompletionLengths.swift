import TemperPlugin

/// Lengths of a rollout's completions beside their verdicts.
struct CompletionLengths {
  /// `[S]` tokens.
  let lengths: [Double]
  let mean: Double
  /// Shares of all completions but those whose verifier failed.
  let accuracy: Double
  let unparsable: Double
  /// Of all.
  let truncated: Double
  let rightMean: Double?
  let wrongMean: Double?
  /// Spearman's, of length and being right, in the mean over the groups where both vary; below 0 an
  /// overlong penalty costs nothing.
  let correlation: Double?
  /// Accuracy of the shortest quarter to the longest; empty for fewer than four.
  let quarters: [Double]

  /// - Precondition: at least one sequence.
  init(_ outcomes: Outcomes) {
    let all = Array(0..<outcomes.count)
    lengths = all.map { Double(outcomes.lengths[$0]) }
    mean = lengths.mean!
    truncated = all.map { outcomes.isTruncated($0) ? 1.0 : 0 }.mean!
    let judged = all.filter { outcomes.verdict($0) != .failed }
    func right(_ s: Int) -> Double { outcomes.verdict(s) == .right ? 1 : 0 }
    accuracy = judged.map(right).mean ?? 0
    unparsable = judged.map { outcomes.verdict($0) == .unparsable ? 1.0 : 0 }.mean ?? 0
    let lengths = lengths
    rightMean = judged.filter { right($0) == 1 }.map { lengths[$0] }.mean
    wrongMean = judged.filter { right($0) == 0 }.map { lengths[$0] }.mean
    correlation =
      outcomes.members.compactMap { members in
        let known = members.filter { outcomes.verdict($0) != .failed }
        return rankCorrelation(known.map { lengths[$0] }, known.map(right))
      }.mean
    let ascending = judged.sorted { (lengths[$0], $0) < (lengths[$1], $1) }
    quarters =
      ascending.count < 4
      ? []
      : (0..<4).map { quarter in
        ascending[ascending.count * quarter / 4..<ascending.count * (quarter + 1) / 4]
          .map(right).mean!
      }
  }
}

extension Outcomes {
  /// The share of the texts' bytes that are not ASCII.
  var foreignShare: Double {
    var (foreign, all) = (0, 0)
    for s in 0..<count {
      for byte in text(s).utf8 {
        all += 1
        if byte > 127 { foreign += 1 }
      }
    }
    return Double(foreign) / Double(max(all, 1))
  }
}
