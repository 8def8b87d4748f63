// What is taken over the trained tokens of a step: in Double, in the order of the tokens.

extension Array<Double> {
  /// `nil` of nothing.
  public var mean: Double? { isEmpty ? nil : reduce(0, +) / Double(count) }

  /// The value below which the share `q` of the values lies, in a straight line between neighbours:
  /// position `q (count - 1)` of the ascending order, counted from 0. `nil` of nothing.
  public func quantile(_ q: Double) -> Double? {
    precondition(q >= 0 && q <= 1, "a quantile of \(q)")
    guard !isEmpty else { return nil }
    let ascending = sorted()
    let position = q * Double(count - 1)
    let below = Int(position)
    let above = Swift.min(below + 1, count - 1)
    return ascending[below]
      + (position - Double(below)) * (ascending[above] - ascending[below])
  }

  /// Where the `number` largest stand, largest first; of equal ones the first.
  public func places(ofLargest number: Int) -> ArraySlice<Int> {
    indices.sorted { (self[$1], $0) < (self[$0], $1) }.prefix(number)
  }

  /// Where the `number` smallest stand, smallest first; of equal ones the first.
  public func places(ofSmallest number: Int) -> ArraySlice<Int> {
    indices.sorted { (self[$0], $0) < (self[$1], $1) }.prefix(number)
  }
}

extension Tokens {
  /// `value` of each trained token, in order.
  public func trained<Value>(_ value: (Int) -> Value) -> [Value] { trained.map(value) }

  /// How much each trained token's step lowers the entropy, up to a factor: an advantage that goes
  /// with the log-probability does. Cui et al. 2025 (arXiv:2505.22617), section 4.
  ///
  ///     cov_t = (A_t - mean A) (lp_t - mean lp)
  public var covariances: [Double] {
    let advantages = trained { Double(self.advantages[$0]) }
    let logprobs = trained { Double(self.logprobs[$0]) }
    guard let advantage = advantages.mean, let logprob = logprobs.mean else { return [] }
    return zip(advantages, logprobs).map { ($0 - advantage) * ($1 - logprob) }
  }
}

extension Host {
  /// Reports a number of each trained token of a step, in order; the others stay NaN.
  public func set(column: String, of tokens: Tokens, _ values: [Double]) {
    var all = [Float](repeating: .nan, count: tokens.count)
    for (t, value) in zip(tokens.trained, values) { all[t] = Float(value) }
    set(column: column, all)
  }

  /// Reports a flag of each trained token of a step, in order, as 0 or 1.
  public func set(column: String, of tokens: Tokens, _ flags: [Bool]) {
    set(column: column, of: tokens, flags.map { $0 ? 1.0 : 0.0 })
  }
}
