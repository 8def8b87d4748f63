import Rollouts

/// How a command samples: the law, the budget, the engine's size.
struct RolloutConfiguration: Sendable {
  var sampling = SamplingSettings()
  /// Turns of the model in an episode of an environment.
  var maximumTurns = 10
  /// Tokens of an episode behind its prompt, whoever writes them.
  var maximumEpisodeTokens = 4096
  /// The most sequences in a batch.
  var width = 128
  var prefillTokens = 512
  /// MiB of keys and values.
  var cacheMiB = 4096
}

extension SettingsTable {
  /// The settings of ``RolloutConfiguration`` at `path`.
  static func samplingSettings(
    _ path: WritableKeyPath<Root, RolloutConfiguration>
  ) -> [Setting<Root>] {
    let sampling = path.appending(path: \.sampling)
    return [
      Setting(
        "rollout.temperature", sampling.appending(path: \.temperature), "temperature",
        help: "Divides the logits; 0 is greedy."),
      Setting(
        "rollout.top_k", sampling.appending(path: \.topK), "top-k",
        help: "Only the k most probable ids; 0 for all."),
      Setting(
        "rollout.top_p", sampling.appending(path: \.topP), "top-p",
        help: "Then the fewest ids that reach this probability together."),
      Setting(
        "rollout.min_p", sampling.appending(path: \.minP), "min-p",
        help: "Then only ids of at least this share of the largest probability."),
      Setting(
        "rollout.max_new_tokens", sampling.appending(path: \.maximumNewTokens), "max-new-tokens",
        help: "The longest completion, in an environment the longest turn, its end token included."
      ),
      Setting(
        "rollout.max_turns", path.appending(path: \.maximumTurns), "max-turns",
        help: "Turns of the model in an episode; the environment may have fewer."),
      Setting(
        "rollout.max_episode_tokens", path.appending(path: \.maximumEpisodeTokens),
        "max-episode-tokens",
        help: "Tokens of an episode behind its prompt, whoever writes them."),
      Setting(
        "rollout.stop", sampling.appending(path: \.stopStrings), "stop",
        help: "A text that ends a completion, or a turn."),
      Setting(
        "rollout.batch", path.appending(path: \.width), help: "The most sequences sampled at once."),
      Setting(
        "rollout.prefill_tokens", path.appending(path: \.prefillTokens),
        help: "Prompt tokens that one pass takes in."),
      Setting(
        "rollout.cache_mib", path.appending(path: \.cacheMiB),
        help: "Memory for keys and values, MiB."),
    ]
  }
}
