import Trajectories

/// Where the divergence from the reference policy counts.
public enum KLPlacement: String, Codable, Sendable, CaseIterable {
  /// As a term of the loss, with a gradient (GRPO).
  case loss
  /// Subtracted from the reward, as it was when the batch was collected (RLOO, REINFORCE++).
  case reward
}

extension PolicyObjective {
  /// The coefficient of the loss's own KL term.
  var lossKLCoefficient: Double { klPlacement == .loss ? klCoefficient : 0 }

  /// `[N]` what each token's reward loses by the divergence of the policy that sampled it from the
  /// reference policy; zero where the mask is, and `nil` where the divergence is not in the reward.
  public func rewardPenalties(_ batch: TokenBatch) -> [Double]? {
    guard klPlacement == .reward, klCoefficient != 0 else { return nil }
    guard let reference = batch.referenceLogprobs else {
      preconditionFailure("a KL term without the reference policy's log-probabilities")
    }
    return batch.mask.indices.map { t in
      guard batch.mask[t] != 0 else { return 0 }
      let x = Double(batch.oldLogprobs[t]) - Double(reference[t])
      return klCoefficient * klEstimator.estimate(x).value
    }
  }
}
