import Objectives
import Optimizers
import Rollouts

/// Everything that a run of GRPO, or of one of its relatives, depends on besides its files.
public struct GRPOSettings: Sendable {
  /// Rollouts of the run; each is followed by ``Updates/epochs`` x ``Updates/minibatches`` updates.
  public var steps = 100
  public var rollout = Rollout()
  public var objective = PolicyObjective()
  /// The user wrote the clip bounds, so interventions keep them.
  public var clipIsExplicit = false
  public var advantages = AdvantageScheme()
  public var reward = Reward()
  public var updates = Updates()
  public var optimizer = Optimizer()
  public var memory = Memory()

  public init() {}

  /// What is sampled in a step.
  public struct Rollout: Sendable {
    public var promptsPerStep = 16
    /// `G`, completions of each prompt.
    public var groupSize = 8
    public var sampling = SamplingSettings()
    /// Sample again in place of groups whose rewards are all equal.
    public var dynamicSampling = false
    /// Rounds of sampling after which a step gives up; 0 for no bound.
    public var maximumRounds = 10
    public init() {}
  }

  /// What happens to rewards before they become advantages.
  public struct Reward: Sendable {
    /// Tokens before the length limit over which a penalty grows; `nil` for none.
    public var overlongBuffer: Int?
    /// The penalty at the limit.
    public var overlongFactor = 1.0
    /// Take completions that ran into the length limit out of the loss.
    public var maskTruncated = false
    public init() {}
  }

  /// How a rollout becomes updates of the weights.
  public struct Updates: Sendable {
    /// Passes over the rollout.
    public var epochs = 1
    /// Parts into which the rollout's prompts are dealt, an update each.
    public var minibatches = 1
    public init() {}

    var count: Int { epochs * minibatches }
  }

  /// The update rule.
  public struct Optimizer: Sendable {
    public var learningRate = 1e-6
    public var decay = LearningRateSchedule.Decay.constant
    public var warmup = 0
    public var minimumLearningRate = 0.0
    public var adamW = AdamW.Configuration(weightDecay: 0)
    /// The largest norm of the gradient; `nil` for no clipping.
    public var clipNorm: Double? = 1
    public init() {}

    func schedule(total: Int) -> LearningRateSchedule {
      LearningRateSchedule(
        peak: learningRate, decay: decay, warmup: warmup, total: total,
        minimum: minimumLearningRate)
    }
  }

  /// What costs memory and changes no result beyond rounding.
  public struct Memory: Sendable {
    /// Tokens that one forward and backward pass takes; a longer sequence passes alone. Behind a
    /// prompt of more than half of it, completions as long as the prompt together.
    public var microBatchTokens = 2048
    /// Keep only each block's input, and run blocks again in the backward pass.
    public var recompute = false
    public init() {}
  }
}
