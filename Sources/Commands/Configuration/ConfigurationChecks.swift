import EntropyControl
import Foundation
import Optimizers
import Rollouts
import Training

/// Refuses a setting that no run can use; called before anything is loaded or made.
private func require(
  _ holds: Bool, _ key: String, _ value: some CustomStringConvertible, _ remedy: String
) throws(ConfigurationError) {
  guard holds else { throw .invalid(key: key, value: value.description, remedy: remedy) }
}

private func require(
  atLeast smallest: Int, atMost largest: Int = 1_000_000_000,
  _ settings: [(key: String, value: Int)]
) throws(ConfigurationError) {
  for (key, value) in settings {
    try require(value >= smallest, key, value, "use at least \(smallest)")
    try require(value <= largest, key, value, "use at most \(largest)")
  }
}

private func isFile(_ path: String) -> Bool {
  var isFolder: ObjCBool = false
  return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder.boolValue
}

/// Completions, or examples, that a step or an evaluation may have: they are all held in memory.
private let mostSequences = 1 << 24

extension GRPOConfiguration {
  func check() throws(ConfigurationError) {
    let sampled = training.rollout
    try require(
      sampled.groupSize >= (training.advantages.estimator.needsGroups ? 2 : 1),
      "rollout.group_size", sampled.groupSize,
      "and a group of one has no advantage. Use at least 2; 8 is common")
    try require(
      rollout.sampling.temperature > 0, "rollout.temperature", rollout.sampling.temperature,
      "and greedy completions of one prompt are all the same. Use 1")
    try require(
      atLeast: 0,
      [
        ("rollout.max_rounds", sampled.maximumRounds),
        ("detection.snapshot_every", detection.snapshotEvery),
        ("detection.max_rollbacks", detection.mostRollBacks),
      ])
    try require(
      atLeast: 1,
      [
        ("run.steps", training.steps), ("rollout.prompts_per_step", sampled.promptsPerStep),
      ])
    try require(atLeast: 1, atMost: 1000, [("updates.epochs", training.updates.epochs)])
    try require(
      sampled.groupSize <= mostSequences / sampled.promptsPerStep, "rollout.group_size",
      sampled.groupSize,
      "with \(sampled.promptsPerStep) prompts that is more than \(mostSequences) completions a step"
    )
    try require(
      (1...sampled.promptsPerStep).contains(training.updates.minibatches), "updates.minibatches",
      training.updates.minibatches,
      "the step's \(sampled.promptsPerStep) prompts are dealt to them; use 1 to that many")
    if let klTarget {
      try require(klTarget > 0, "objective.kl_target", klTarget, "use a positive number, or none")
      try require(klHorizon > 0, "objective.kl_horizon", klHorizon, "use a positive number")
      try require(
        training.objective.needsReference, "objective.kl_target", klTarget,
        "and objective.kl_coefficient, which it steers, is 0. Start that at 0.001, say")
    }
    try require(
      atLeast: 1,
      [("eval.every", evaluation.every ?? 1), ("eval.probe", evaluation.probe ?? 1)])
    try environment.check()
    try require(
      promptPool == nil || environment.plugin == nil, "prompt_pool", promptPool?.request.name ?? "",
      "and an environment opens its tasks itself; leave one of them out")
    try run.check()
    try data.check()
    try rollout.check()
    try training.optimizer.check()
    try training.memory.check()
  }

  /// Refuses an intervention that puts its own in place of a base term which is another already.
  func check(_ interventions: InterventionSet) throws(ConfigurationError) {
    guard training.objective.replacesBase,
      let member = interventions.members.first(where: \.needs.replacesBase)
    else { return }
    let objective = training.objective
    throw .invalid(
      key: objective.ratio == .token ? "objective.surrogate" : "objective.ratio",
      value: objective.ratio == .token ? objective.surrogate.rawValue : objective.ratio.rawValue,
      remedy: "and '\(member.name)' changes the clipped surrogate of token ratios. Leave out one")
  }

  /// Refuses a step that the data cannot fill.
  func check(promptCount: Int) throws(ConfigurationError) {
    let wanted = training.rollout.promptsPerStep
    try require(
      wanted <= promptCount, "rollout.prompts_per_step", wanted,
      "\(data.path.isEmpty ? "environment.tasks" : data.path) has \(promptCount) prompts; use at "
        + "most that many")
  }
}

extension SFTConfiguration {
  func check() throws(ConfigurationError) {
    try require(atLeast: 1, [("run.steps", training.steps)])
    try require(
      atLeast: 1, atMost: mostSequences, [("run.examples_per_step", training.examplesPerStep)])
    try run.check()
    try data.check()
    try training.optimizer.check()
    try training.memory.check()
  }
}

extension EvalConfiguration {
  func check() throws(ConfigurationError) {
    try require(atLeast: 0, [("eval.samples", samples)])
    try require(atLeast: 1, atMost: 1000, [("eval.seeds", seeds)])
    if let probe { try require(atLeast: 1, [("eval.probe", probe)]) }
    try require(
      greedy || samples >= 1, "eval.samples", samples,
      "without a greedy completion there is nothing to judge; use at least 1")
    try require(atLeast: 1, atMost: mostSequences, [("eval.problems", problems)])
    try require(
      suite == nil || environment.plugin == nil, "eval.suite", suite ?? "",
      "and an environment has tasks of its own; leave one of them out")
    try environment.check()
    if let threads { try require(atLeast: 1, [("eval.threads", threads)]) }
    try data.check()
    try rollout.check()
  }

  /// Refuses an evaluation of more completions than memory holds.
  func check(promptCount: Int) throws(ConfigurationError) {
    try require(
      samples <= mostSequences / promptCount, "eval.samples", samples,
      "with \(promptCount) problems that is more than \(mostSequences) completions")
  }
}

extension RunConfiguration {
  func check() throws(ConfigurationError) {
    if let threads { try require(atLeast: 1, [("run.threads", threads)]) }
    try require(
      atLeast: 1, [("run.save_every", saveEvery), ("run.keep_checkpoints", keepCheckpoints)])
    for (key, value) in [("run.name", name), ("run.folder", runs), ("run.output", output)] {
      try require(value != "", key, "empty", "name a folder, or leave it out")
    }
    if let output {
      try require(
        !isFile(output), "run.output", output,
        "there is a file of that name; name a folder")
    }
  }
}

extension EnvironmentSettings {
  func check() throws(ConfigurationError) {
    try require(atLeast: 0, [("environment.tasks", tasks)])
    try require(atLeast: 1, atMost: 1024, [("environment.workers", workers)])
    try require(
      deadline > 0 && deadline <= 86_400, "environment.deadline", deadline,
      "use seconds, up to a day")
  }
}

extension DataConfiguration {
  func check() throws(ConfigurationError) {
    try require(
      atLeast: 1, atMost: RolloutEngine.longestSequence,
      [("data.max_prompt_tokens", maximumPromptTokens)])
    if let limit { try require(atLeast: 1, [("data.limit", limit)]) }
  }
}

extension RolloutConfiguration {
  func check() throws(ConfigurationError) {
    try require(
      SamplingSettings.isTemperature(sampling.temperature), "rollout.temperature",
      sampling.temperature, "use 0 (greedy), or 1e-6 to 1e6")
    try require(atLeast: 0, [("rollout.top_k", sampling.topK)])
    try require(
      atLeast: 1, atMost: RolloutEngine.longestSequence,
      [("rollout.max_new_tokens", sampling.maximumNewTokens)])
    try require(
      atLeast: 1, atMost: RolloutEngine.longestSequence,
      [("rollout.max_turns", maximumTurns), ("rollout.max_episode_tokens", maximumEpisodeTokens)])
    try require(
      sampling.topP > 0 && sampling.topP <= 1, "rollout.top_p", sampling.topP,
      "use a number above 0 and up to 1")
    try require(
      sampling.minP >= 0 && sampling.minP <= 1, "rollout.min_p", sampling.minP,
      "use a number from 0 to 1")
    try require(
      atLeast: 1,
      [
        ("rollout.batch", width),
        ("rollout.prefill_tokens", prefillTokens), ("rollout.cache_mib", cacheMiB),
      ])
  }
}

extension GRPOSettings.Optimizer {
  func check() throws(ConfigurationError) {
    func require(
      _ holds: Bool, _ key: String, _ value: Double, _ remedy: String
    ) throws(ConfigurationError) {
      guard holds else {
        throw .invalid(key: "optimizer.\(key)", value: "\(value)", remedy: remedy)
      }
    }
    try require(learningRate >= 0, "learning_rate", learningRate, "it must not be negative")
    try require(
      minimumLearningRate >= 0 && minimumLearningRate <= learningRate, "min_learning_rate",
      minimumLearningRate, "use 0 up to the peak, \(learningRate)")
    try require(warmup >= 0, "warmup", Double(warmup), "it must not be negative")
    try require(adamW.beta1 >= 0 && adamW.beta1 < 1, "beta1", adamW.beta1, "use 0 up to below 1")
    try require(adamW.beta2 >= 0 && adamW.beta2 < 1, "beta2", adamW.beta2, "use 0 up to below 1")
    try require(adamW.epsilon > 0, "epsilon", adamW.epsilon, "use a small positive number")
    try require(
      adamW.weightDecay >= 0, "weight_decay", adamW.weightDecay, "it must not be negative")
    if let clipNorm {
      try require(clipNorm > 0, "clip_norm", clipNorm, "use a positive number or none")
    }
  }
}

extension GRPOSettings.Memory {
  func check() throws(ConfigurationError) {
    try require(atLeast: 1, [("memory.micro_batch_tokens", microBatchTokens)])
  }
}
