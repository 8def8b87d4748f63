import Trajectories

/// How the rewards of a rollout become the advantages of its tokens.
public struct AdvantageScheme: Sendable, Equatable {
  public var estimator = AdvantageEstimator.standardized
  /// What a return keeps of the token behind it (gamma); ``AdvantageEstimator/reinforcePlusPlus``'s
  /// alone.
  public var discount = 1.0
  /// The least deviation of rewards that divides. Rewards that hardly differ are then not blown up
  /// to the size of those that do; 0 for none.
  public var deviationFloor = 0.0

  public init() {}

  /// Fills the batch's advantages; its masks are final.
  ///
  /// - Parameters:
  ///   - rewards: `[groups][G]`, those that the batch was packed from; `nil` where the verifier
  ///     failed.
  ///   - penalties: `[N]` what each token's reward loses; those of a sequence add up where its
  ///     reward is one number.
  public func assign(
    _ rewards: [[Float?]], penalties: [Double]? = nil, to batch: inout TokenBatch
  ) {
    precondition(
      rewards.joined().count == batch.sequenceCount,
      "\(rewards.joined().count) rewards for \(batch.sequenceCount) sequences")
    var advantages =
      estimator == .reinforcePlusPlus
      ? returns(tokenRewards(rewards, penalties, batch), batch)
      : outcomeAdvantages(rewards, penalties, batch)
    if estimator.whitens { advantages = Self.whitened(advantages, mask: batch.mask) }
    batch.advantages = advantages.map(Float.init)
  }

  /// `[N]` one advantage for all tokens of a sequence.
  private func outcomeAdvantages(
    _ rewards: [[Float?]], _ penalties: [Double]?, _ batch: TokenBatch
  ) -> [Double] {
    var sequence = 0
    let penalized = rewards.map { group in
      group.map { reward in
        let penalty = penalties.map { $0[batch.range(sequence)].reduce(0, +) } ?? 0
        sequence += 1
        return reward.map { Double($0) - penalty }
      }
    }
    let advantages = estimator.advantages(of: penalized, deviationFloor: deviationFloor)
    return advantages.joined().enumerated().flatMap { s, advantage in
      repeatElement(advantage, count: batch.range(s).count)
    }
  }

  /// `[N]` the sequence's reward on its last trained token, less each token's penalty.
  private func tokenRewards(
    _ rewards: [[Float?]], _ penalties: [Double]?, _ batch: TokenBatch
  ) -> [Double] {
    var result = penalties?.map { -$0 } ?? Array(repeating: 0, count: batch.count)
    for (s, reward) in rewards.joined().enumerated() {
      guard let last = batch.range(s).last(where: { batch.mask[$0] != 0 }) else { continue }
      result[last] += Double(reward ?? 0)
    }
    return result
  }

  /// `[N]` returns over what the model wrote: an environment's words between its turns neither hold
  /// a return back nor discount it.
  private func returns(_ rewards: [Double], _ batch: TokenBatch) -> [Double] {
    let written = (0..<batch.sequenceCount).map(batch.scored)
    let places = written.flatMap(\.self)
    let found = Self.returns(
      places.map { rewards[$0] },
      offsets: written.reduce(into: [0]) { $0.append($0.last! + $1.count) },
      mask: places.map { batch.mask[$0] }, discount: discount)
    var returns = [Double](repeating: 0, count: batch.count)
    for (place, value) in zip(places, found) { returns[place] = value }
    return returns
  }

  /// `[N]` `G_t = r_t + discount m_t+1 G_t+1` within each sequence: what is not trained on passes
  /// no return to the tokens before it, as in verl.
  public static func returns(
    _ rewards: [Double], offsets: [Int], mask: [UInt8], discount: Double
  ) -> [Double] {
    var returns = rewards
    for s in 0..<offsets.count - 1 {
      var carried = 0.0
      for t in (offsets[s]..<offsets[s + 1]).reversed() {
        carried = rewards[t] + discount * carried
        returns[t] = carried
        if mask[t] == 0 { carried = 0 }
      }
    }
    return returns
  }

  /// `[N]` values brought to mean 0 and deviation 1 over the trained tokens, `(x - mean) /
  /// sqrt(variance + 1e-8)`, and 0 elsewhere. All 0 where no two values differ.
  public static func whitened(_ values: [Double], mask: [UInt8]) -> [Double] {
    let moments = Moments(zip(values, mask).map { $1 == 0 ? nil : $0 })
    guard !moments.isConstant else { return Array(repeating: 0, count: values.count) }
    let scale = (moments.deviation * moments.deviation + 1e-8).squareRoot()
    return zip(values, mask).map { $1 == 0 ? 0 : ($0 - moments.mean) / scale }
  }
}
