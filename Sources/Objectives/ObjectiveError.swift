/// What an objective refuses.
public enum ObjectiveError: Error, Equatable {
  /// A setting outside of its range; `key` is its path in the configuration.
  case setting(key: String, value: String, remedy: String)
  /// A number of a trained token that is no number.
  case nonFinite(column: String, value: Double, sequence: Int, token: Int)
  /// Dynamic sampling found too few groups with both better and worse completions.
  case tooFewInformativeGroups(kept: Int, wanted: Int, rounds: Int)
}

extension ObjectiveError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .setting(let key, let value, let remedy):
      "'\(key)' is \(value); \(remedy)"
    case .nonFinite(let column, let value, let sequence, let token):
      """
      the \(column) of token \(token) of sequence \(sequence) is \(value); the step is refused. \
      Weights that have gone to infinity do this: go back to an earlier checkpoint with a lower \
      learning rate
      """
    case .tooFewInformativeGroups(let kept, let wanted, let rounds):
      """
      \(rounds) rounds of sampling gave \(kept) groups whose rewards differ, and the step needs \
      \(wanted). The task is too easy or too hard for this model: mix in other problems, \
      raise rollout.group_size, or raise rollout.max_rounds
      """
    }
  }
}

extension PolicyObjective {
  /// - Throws: ``ObjectiveError/setting(key:value:remedy:)`` for the first setting out of range.
  public func validate() throws(ObjectiveError) {
    guard clipLow >= 0, clipLow <= 1 else {
      throw .setting(
        key: "objective.clip_low", value: "\(clipLow)", remedy: "use 0 to 1; 0.2 is common")
    }
    guard clipHigh >= 0, clipHigh.isFinite else {
      throw .setting(
        key: "objective.clip_high", value: "\(clipHigh)", remedy: "use 0 or more; 0.28 is common")
    }
    if let dualClip, !(dualClip > 1 && dualClip.isFinite) {
      throw .setting(
        key: "objective.dual_clip", value: "\(dualClip)",
        remedy: "it is a ratio above 1; 3 is common, and leaving it out switches it off")
    }
    if let delta, !(delta > 1 && delta.isFinite) {
      throw .setting(
        key: "objective.delta", value: "\(delta)",
        remedy: "it is a ratio above 1 + objective.clip_high; leaving it out switches it off")
    }
    guard klCoefficient >= 0, klCoefficient.isFinite else {
      throw .setting(
        key: "objective.kl_coefficient", value: "\(klCoefficient)",
        remedy: "use 0 for no reference policy, or a small positive number such as 0.001")
    }
    try validateCISPO()
    try mismatch.validate()
    guard aggregation.needsNorm else { return }
    guard let norm else {
      throw .setting(
        key: "objective.norm", value: "not set",
        remedy: "'\(aggregation.rawValue)' divides by it: give the longest completion in tokens")
    }
    guard norm > 0, norm.isFinite else {
      throw .setting(
        key: "objective.norm", value: "\(norm)", remedy: "give the longest completion in tokens")
    }
  }
}

extension PolicyObjective {
  /// CISPO silences no token and weighs each by its own ratio.
  private func validateCISPO() throws(ObjectiveError) {
    guard surrogate == .cispo else { return }
    guard ratio == .token else {
      throw .setting(
        key: "objective.ratio", value: ratio.rawValue,
        remedy: "the surrogate 'cispo' has a ratio for each token; use token, or the surrogate clip"
      )
    }
    for (key, bound) in [("dual_clip", dualClip), ("delta", delta)] {
      guard let bound else { continue }
      throw .setting(
        key: "objective.\(key)", value: "\(bound)",
        remedy: "the surrogate 'cispo' has clip_low and clip_high alone; leave this out")
    }
  }
}

extension MismatchCorrection {
  func validate() throws(ObjectiveError) {
    if let maximum, !(maximum > 0 && maximum.isFinite) {
      throw .setting(
        key: "objective.mismatch_max", value: "\(maximum)",
        remedy: "it is the largest weight; 2 is common")
    }
    if let minimum, !(minimum >= 0 && minimum <= maximum ?? .infinity) {
      throw .setting(
        key: "objective.mismatch_min", value: "\(minimum)",
        remedy: "it is the smallest weight: 0 up to objective.mismatch_max")
    }
  }
}

extension AdvantageScheme {
  /// - Throws: ``ObjectiveError/setting(key:value:remedy:)`` for a setting that is out of range, or
  ///   that this estimator has no use for.
  public func validate() throws(ObjectiveError) {
    guard discount > 0, discount <= 1 else {
      throw .setting(
        key: "objective.discount", value: "\(discount)",
        remedy: "use a number above 0 and up to 1, which is common")
    }
    guard discount == 1 || estimator == .reinforcePlusPlus else {
      throw .setting(
        key: "objective.discount", value: "\(discount)",
        remedy: "the advantages '\(estimator.rawValue)' are not discounted; use reinforce_pp, or 1")
    }
    guard deviationFloor >= 0, deviationFloor.isFinite else {
      throw .setting(
        key: "objective.deviation_floor", value: "\(deviationFloor)", remedy: "use 0 or more")
    }
    guard deviationFloor == 0 || estimator.standardizes else {
      throw .setting(
        key: "objective.deviation_floor", value: "\(deviationFloor)",
        remedy: "the advantages '\(estimator.rawValue)' divide by no deviation of rewards; use 0")
    }
  }
}
