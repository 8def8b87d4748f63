import Foundation
import Metrics
import Trajectories

/// How far the sampler's law was from the policy's, on the tokens that it drew.
struct SamplerMismatch {
  /// Mean and largest `|old logprob - behaviour logprob|`, nats.
  let meanGap, largestGap: Double
  /// The divergence of the sampler's law from the policy's, nats a token: the mean of
  /// `exp(d) - 1 - d` with `d = old logprob - behaviour logprob`, which is never negative (Schulman
  /// 2020, "Approximating KL Divergence").
  let divergence: Double

  init(_ batch: TokenBatch) {
    var (sum, largest, divergence) = (0.0, 0.0, 0.0)
    var count = 0
    for t in 0..<batch.count where batch.authors[t] == .model {
      let d = Double(batch.oldLogprobs[t]) - Double(batch.behaviourLogprobs[t])
      sum += abs(d)
      largest = max(largest, abs(d))
      divergence += expm1(d) - d
      count += 1
    }
    let tokens = Double(max(count, 1))
    (meanGap, largestGap) = (sum / tokens, largest)
    self.divergence = divergence / tokens
  }

  var metrics: StepMetrics {
    var metrics = StepMetrics()
    metrics["sampler/gap_mean"] = meanGap
    metrics["sampler/gap_max"] = largestGap
    metrics["sampler/kl"] = divergence
    return metrics
  }
}
