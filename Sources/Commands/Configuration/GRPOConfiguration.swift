import Kernels
import Objectives
import Optimizers
import Training

extension SurrogateForm: SettingName {}
extension ImportanceRatio: SettingName {}
extension MismatchCorrection.Mode: SettingName {}
extension PackedWeight.Precision: SettingName {}
extension KLPlacement: SettingName {}
extension AdvantageEstimator: SettingName {}
extension Aggregation: SettingName {}
extension KLEstimator: SettingName {}
extension ObjectivePreset: SettingName {}
extension EmptySequences: SettingName {}
extension LearningRateSchedule.Decay: SettingName {}

/// Everything that `temper grpo` can be told.
struct GRPOConfiguration: Sendable {
  var run = RunConfiguration()
  var data = DataConfiguration()
  var verifiers: [PluginChoice] = []
  /// Ways to put the problems; nil for the rows' own.
  var promptPool: PluginChoice?
  /// What holds the policy's entropy; may be empty.
  var entropy: [PluginChoice] = []
  /// What looks for trouble, besides the default detectors.
  var detectors: [PluginChoice] = []
  var defaultDetectors = DetectorDefaults.standard
  var detection = Watch.Settings()
  var pluginFolders: [String] = []
  var allowsUnsandboxed = false
  var environment = EnvironmentSettings()
  var rollout = RolloutConfiguration()
  /// Another type for the weights that sample; nil samples with those of the model.
  var samplerType: PackedWeight.Precision?
  var training: GRPOSettings = {
    var settings = GRPOSettings()
    settings.rollout.promptsPerStep = 16
    return settings
  }()
  /// Where the reference policy's model is; by default the model itself, as it starts.
  var reference: String?
  /// The mean KL that the coefficient is steered towards; nil keeps it fixed.
  var klTarget: Double?
  var klHorizon = 10_000.0
  var evaluation = EvaluationSettings()
  /// Also write per-token columns into the rollout files.
  var logColumns = false

  var preset: ObjectivePreset?

  /// Clip bounds that the user writes hold even where an entropy method brings its own.
  var clipLow: Double {
    get { training.objective.clipLow }
    set { (training.objective.clipLow, writesClip) = (newValue, true) }
  }
  var clipHigh: Double {
    get { training.objective.clipHigh }
    set { (training.objective.clipHigh, writesClip) = (newValue, true) }
  }
  var keepsClip: Bool {
    get { keepsClipChoice ?? writesClip }
    set { keepsClipChoice = newValue }
  }
  /// A sampler apart is corrected for where the user does not say how.
  var mismatch: MismatchCorrection.Mode {
    get {
      mismatchChoice ?? (samplerType == nil ? training.objective.mismatch.mode : .tokenTruncate)
    }
    set { (training.objective.mismatch.mode, mismatchChoice) = (newValue, newValue) }
  }
  private var mismatchChoice: MismatchCorrection.Mode?
  private var writesClip = false
  private var keepsClipChoice: Bool?

  /// The values that a preset puts in place of temper's own, for what the user has not set.
  mutating func apply(_ preset: ObjectivePreset) {
    training.objective = preset.objective
    training.advantages.estimator = preset.advantages
    training.rollout.dynamicSampling = preset.usesDynamicSampling
  }

  static let table = SettingsTable<GRPOConfiguration>(sections: [
    (
      "Run",
      SettingsTable.runSettings(\.run) + [
        Setting(
          "run.steps", \.training.steps, "steps", help: "Steps: a rollout each, and its updates."),
        Setting(
          "run.log_columns", \.logColumns,
          help: "Also keep log-probabilities and entropies of every token."),
      ]
    ),
    (
      "Data",
      SettingsTable.dataSettings(\.data) + [
        Setting(
          "prompt_pool", \.promptPool,
          help:
            "A plugin that puts each problem in other words at each visit, and scores the form it asks for; NAME[:key=value,...,per=visit|rollout,weight=1]."
        )
      ]
    ),
    (
      "Reward",
      [
        Setting(
          "verifiers", \.verifiers, "verifier",
          help:
            "NAME or NAME:key=value,...; regex, numeric, command, a plugin's name or the path of its library. In the file also {name, config}. --plugin PATH takes a plugin of any kind."
        ),
        Setting(
          "plugin_folders", \.pluginFolders, "plugins", help: "A further folder with plugins."),
        Setting(
          "allow_unsandboxed", \.allowsUnsandboxed,
          help:
            "Run what a verifier runs with limits alone where no sandbox can be had. It can then read and delete what you can."
        ),
        Setting(
          "reward.overlong_buffer", \.training.reward.overlongBuffer,
          help: "Tokens before the length limit over which a penalty grows (DAPO)."),
        Setting(
          "reward.overlong_factor", \.training.reward.overlongFactor,
          help: "That penalty at the limit."),
        Setting(
          "reward.mask_truncated", \.training.reward.maskTruncated,
          help: "Take completions cut at the length limit out of the loss."),
      ]
    ),
    (
      "Rollout",
      [
        Setting(
          "rollout.prompts_per_step", \.training.rollout.promptsPerStep, "prompts",
          help: "Prompts of a step."),
        Setting(
          "rollout.group_size", \.training.rollout.groupSize, "group-size",
          help: "Completions of each prompt (G)."),
        Setting(
          "rollout.dynamic_sampling", \.training.rollout.dynamicSampling,
          help: "Sample again in place of groups whose rewards are all equal (DAPO)."),
        Setting(
          "rollout.max_rounds", \.training.rollout.maximumRounds,
          help: "Rounds after which dynamic sampling gives up; 0 for no bound."),
        Setting(
          "rollout.dtype", \.samplerType, "rollout-dtype",
          help:
            "Another type for the weights that sample: int8 is faster and not quite the policy."),
      ] + SettingsTable.samplingSettings(\.rollout)
    ),
    (
      "Environment",
      SettingsTable.environmentSettings(\.environment) + [
        Setting(
          "environment.tasks", \.environment.tasks, "tasks",
          help:
            "Different tasks, where the environment makes its own; 0 for a new one every time.")
      ]
    ),
    ("Evaluation", SettingsTable.evaluationSettings(\.evaluation)),
    (
      "Objective",
      [
        Setting(
          "objective.preset", \.preset, "preset",
          help:
            "A published recipe's loss; what is set beside it holds. On the command line it replaces what the file says of the loss."
        ),
        Setting(
          "objective.surrogate", \.training.objective.surrogate,
          help: "What bounds do to a token: clip silences it (PPO), cispo holds its weight."),
        Setting(
          "objective.ratio", \.training.objective.ratio,
          help: "Whose ratio it is: a token's, or its sequence's mean (GSPO) or product (RLOO)."),
        Setting(
          "objective.clip_low", \.clipLow, "clip-low",
          help: "Room of the ratio below 1."),
        Setting(
          "objective.clip_high", \.clipHigh, "clip-high",
          help: "Room of the ratio above 1."),
        Setting(
          "objective.keep_clip", \.keepsClip,
          help:
            "Hold these bounds even where an entropy method brings its own; true where one of them is written."
        ),
        Setting(
          "objective.dual_clip", \.training.objective.dualClip,
          help: "Bounds the loss where the advantage is negative; above 1."),
        Setting(
          "objective.delta", \.training.objective.delta,
          help:
            "Bounds the ratio of the unclipped branch (two-sided clipping); above 1 + clip_high."
        ),
        Setting(
          "objective.mismatch", \.mismatch,
          help:
            "Weighs tokens by old / behaviour probability, truncated or masked at bounds; token_truncate where rollout.dtype is set."
        ),
        Setting(
          "objective.mismatch_max", \.training.objective.mismatch.maximum,
          help: "The largest such weight."),
        Setting(
          "objective.mismatch_min", \.training.objective.mismatch.minimum,
          help: "The smallest such weight."),
        Setting(
          "objective.aggregation", \.training.objective.aggregation,
          help: "How token losses are averaged."),
        Setting(
          "objective.empty_sequences", \.training.objective.emptySequences,
          help: "Whether sequences without a trained token count in seq-mean averages."),
        Setting(
          "objective.norm", \.training.objective.norm,
          help: "The constant of sum-norm and seq-mean-sum-norm; the length limit unless set."),
        Setting(
          "objective.advantages", \.training.advantages.estimator,
          help: "How rewards become advantages."),
        Setting(
          "objective.deviation_floor", \.training.advantages.deviationFloor,
          help: "The least deviation of rewards that divides."),
        Setting(
          "objective.discount", \.training.advantages.discount,
          help: "What a return keeps of the token behind it (reinforce_pp)."),
        Setting(
          "objective.kl_coefficient", \.training.objective.klCoefficient, "kl",
          help: "Weight of the divergence from the reference policy (beta)."),
        Setting(
          "objective.kl_estimator", \.training.objective.klEstimator,
          help: "How the divergence is estimated."),
        Setting(
          "objective.kl_placement", \.training.objective.klPlacement,
          help: "Whether it is a term of the loss or is taken off the reward."),
        Setting(
          "objective.kl_target", \.klTarget,
          help: "Steer kl_coefficient towards this divergence, nats a token."),
        Setting(
          "objective.kl_horizon", \.klHorizon,
          help: "Sequences over which the steering acts in full."),
        Setting(
          "objective.reference", \.reference,
          help: "The reference policy's folder; the model as it starts unless set."),
      ]
    ),
    (
      "Entropy",
      [
        Setting(
          "entropy", \.entropy,
          help:
            "What holds the policy's entropy: a plugin's NAME or NAME:key=value,..., or the path of its library; repeatable. In the file also {name, config}."
        )
      ]
    ),
    (
      "Detection",
      [
        Setting(
          "run.detectors", \.defaultDetectors, "default-detectors",
          help:
            "Who watches the run besides those named: default is \(ReadyDetectors.standard.joined(separator: ", ")), which only warn."
        ),
        Setting(
          "detectors", \.detectors, "detector",
          help:
            "What looks for trouble: a plugin's NAME or NAME:key=value,..., or the path of its library; repeatable. max_action=warn is the strongest action that it may bring about (scale_rate, shorten, drop_sequences, skip_step, roll_back, stop), every=N its pace. In the file also {name, config}."
        ),
        Setting(
          "detection.snapshot_every", \.detection.snapshotEvery,
          help:
            "Steps between states kept in memory where a detector may roll back: 12 bytes a parameter; 0 goes back to checkpoints."
        ),
        Setting(
          "detection.max_rollbacks", \.detection.mostRollBacks,
          help: "Roll-backs of a run before the next one ends it."),
      ]
    ),
    (
      "Updates",
      [
        Setting(
          "updates.epochs", \.training.updates.epochs, "epochs", help: "Passes over each rollout."),
        Setting(
          "updates.minibatches", \.training.updates.minibatches,
          help: "Updates in each pass; the rollout's prompts are dealt to them."),
      ] + SettingsTable.optimizerSettings(\.training.optimizer, \.training.memory)
    ),
  ])
}

extension SettingsTable {
  /// The settings of the update rule and of memory.
  static func optimizerSettings(
    _ optimizer: WritableKeyPath<Root, GRPOSettings.Optimizer>,
    _ memory: WritableKeyPath<Root, GRPOSettings.Memory>
  ) -> [Setting<Root>] {
    [
      Setting(
        "optimizer.learning_rate", optimizer.appending(path: \.learningRate), "lr",
        help: "AdamW's peak learning rate."),
      Setting(
        "optimizer.schedule", optimizer.appending(path: \.decay), "schedule",
        help: "How it falls after the warm-up."),
      Setting(
        "optimizer.warmup", optimizer.appending(path: \.warmup), "warmup",
        help: "Updates until the peak."),
      Setting(
        "optimizer.min_learning_rate", optimizer.appending(path: \.minimumLearningRate),
        help: "Where the schedule ends."),
      Setting(
        "optimizer.beta1", optimizer.appending(path: \.adamW.beta1),
        help: "AdamW's first decay rate."),
      Setting(
        "optimizer.beta2", optimizer.appending(path: \.adamW.beta2),
        help: "AdamW's second decay rate."),
      Setting(
        "optimizer.epsilon", optimizer.appending(path: \.adamW.epsilon),
        help: "Added to the root of the second moment."),
      Setting(
        "optimizer.weight_decay", optimizer.appending(path: \.adamW.weightDecay),
        help: "Decoupled decay of matrices."),
      Setting(
        "optimizer.clip_norm", optimizer.appending(path: \.clipNorm),
        help: "The largest norm of the gradient."),
      Setting(
        "memory.micro_batch_tokens", memory.appending(path: \.microBatchTokens),
        "micro-batch-tokens",
        help: "Tokens that one forward and backward pass takes; changes no result beyond rounding."),
      Setting(
        "memory.recompute", memory.appending(path: \.recompute), "recompute",
        help:
          "Keep only block inputs and run blocks again on the way back: slower, far less memory."),
    ]
  }
}
