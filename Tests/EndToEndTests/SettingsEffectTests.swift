import Foundation
import Testing

/// A setting that changes nothing is a promise not kept.
@Suite(.enabled(if: Temper.isPresent, Temper.absence))
struct SettingsEffectTests {
  struct Effect: CustomTestStringConvertible {
    let key: String
    /// Settings of both runs.
    let base: [String]
    /// What the second run has besides.
    let change: [String]

    init(_ key: String, _ change: String..., base: [String] = []) {
      self.key = key
      self.base = base
      let option = "--" + key.replacing("_", with: "-")
      self.change = change.flatMap { [option, $0] }
    }

    var testDescription: String { key }
  }

  /// `@other` is a second model, with a chat template that shows all that it is told.
  static let effects = [
    Effect("model", "@other"), Effect("run.seed", "1"), Effect("run.steps", "3"),
    Effect("run.dtype", "bfloat16"), Effect("run.log_columns", "true"),
    Effect("run.save_every", "1"),
    Effect("run.keep_checkpoints", "1", base: ["--save-every", "1"]),
    Effect("data.path", "@other.jsonl"), Effect("data.fields", "problem=answer"),
    Effect("data.instruction", "1+"), Effect("data.system", "7", base: ["--model", "@other"]),
    Effect("data.shuffle", "false"), Effect("data.max_prompt_tokens", "2"),
    Effect(
      "data.too_long", "skip", base: ["--data", "@long.jsonl", "--data.max-prompt-tokens", "3"]),
    Effect("data.template_variables", "extra=5", base: ["--model", "@other"]),
    Effect("data.date", "2001-01-22", base: ["--model", "@other"]), Effect("data.limit", "4"),
    Effect("verifiers", "regex:pattern=7"),
    Effect(
      "plugin_folders", "@plugins", base: ["--verifier", "exact"]),
    Effect("reward.overlong_buffer", "12"),
    Effect("reward.overlong_factor", "0.5", base: ["--reward.overlong-buffer", "12"]),
    Effect("reward.mask_truncated", "true"), Effect("rollout.prompts_per_step", "3"),
    Effect("rollout.group_size", "3"),
    Effect("rollout.dynamic_sampling", "true", base: rare + ["--rollout.max-rounds", "0"]),
    Effect("rollout.max_rounds", "1", base: rare + ["--rollout.dynamic-sampling"]),
    Effect("rollout.temperature", "0.7"), Effect("rollout.top_k", "5"),
    Effect("rollout.top_p", "0.5"), Effect("rollout.min_p", "0.9"),
    Effect("rollout.max_new_tokens", "9"), Effect("rollout.dtype", "int8"),
    Effect("rollout.stop", "1", "23"),
    Effect("objective.preset", "grpo"), Effect("objective.clip_low", "0.001", base: inner),
    Effect("objective.clip_high", "0.001", base: inner),
    Effect("objective.dual_clip", "1.001", base: inner),
    Effect("objective.aggregation", "seq-mean-token-sum"),
    Effect(
      "objective.empty_sequences", "include",
      base: ["--objective.aggregation", "seq-mean-token-mean", "--reward.mask-truncated"]),
    Effect("objective.norm", "7", base: ["--objective.aggregation", "sum-norm"]),
    Effect("objective.advantages", "centered"), Effect("objective.kl_coefficient", "0.1"),
    Effect("objective.kl_estimator", "k2", base: divergence),
    Effect("objective.kl_target", "0.001", base: divergence),
    Effect(
      "objective.kl_horizon", "50", base: divergence + ["--objective.kl-target", "0.001"]),
    Effect("objective.reference", "@other", base: divergence), Effect("updates.epochs", "2"),
    Effect("updates.minibatches", "2"), Effect("optimizer.learning_rate", "0.02"),
    Effect("optimizer.schedule", "linear"), Effect("optimizer.warmup", "5"),
    Effect("optimizer.min_learning_rate", "0.005", base: ["--schedule", "cosine"]),
    Effect("optimizer.beta1", "0.8"), Effect("optimizer.beta2", "0.9"),
    Effect("optimizer.epsilon", "0.01"), Effect("optimizer.weight_decay", "0.1"),
    Effect("optimizer.clip_norm", "0.01"),
  ]
  static let rare = ["--verifier", "regex:pattern=^7", "--max-new-tokens", "4"]
  static let inner = ["--epochs", "3"]
  static let divergence = ["--kl", "0.1"]

  /// Settings that have their own tests, or whose promise is that no result depends on them.
  static let elsewhere: Set<String> = [
    "run.name", "run.folder", "run.threads", "run.output", "run.output_dtype", "rollout.batch",
    "rollout.prefill_tokens", "rollout.cache_mib", "memory.micro_batch_tokens", "memory.recompute",
    "allow_unsandboxed",
    // Tests of their own: of environments, of detectors, of event files.
    "environment.plugin", "environment.tasks", "environment.deadline", "environment.workers",
    "rollout.max_turns", "rollout.max_episode_tokens", "eval.problems", "detectors",
    "run.detectors", "detection.snapshot_every", "detection.max_rollbacks", "run.tensorboard",
    // Of the objectives, of entropy plugins, of pools, of evaluation in training.
    "objective.surrogate", "objective.ratio", "objective.delta", "objective.discount",
    "objective.deviation_floor", "objective.kl_placement", "objective.keep_clip",
    "objective.mismatch", "objective.mismatch_max", "objective.mismatch_min", "entropy",
    "prompt_pool", "eval.suites", "eval.every", "eval.samples", "eval.probe", "eval.data",
    "eval.reports", "eval.max_new_tokens",
  ]

  @Test(arguments: effects)
  func everySettingHasAnEffect(effect: Effect) throws {
    let workshop = try Workshop()
    try prepare(workshop)
    func outcome(_ name: String, _ more: [String]) throws -> (Int32, [String: Data]) {
      var arguments = try workshop.grpo(name, steps: 2)
      // The option appends to a list.
      if more.contains(where: { $0.hasPrefix("--verifier") }) {
        arguments.remove("--verifier")
      }
      let given = more.map { $0.hasPrefix("@") ? workshop.path(String($0.dropFirst())) : $0 }
      let status = try Temper.run(arguments + given).status
      let run = workshop.run(name)
      return (status, status == 0 ? try run.content() : [:])
    }
    let base = try outcome("base", effect.base)
    let changed = try outcome("changed", effect.base + effect.change)
    #expect(base.0 != changed.0 || base.1 != changed.1)
    // Either may be refused, for that is an effect, but not both.
    #expect(base.0 == 0 || changed.0 == 0)
  }

  @Test func everySettingIsLookedAt() throws {
    let workshop = try Workshop()
    try Temper.succeed(workshop.grpo("run", steps: 1))
    var section = ""
    var keys: Set<String> = []
    for line in try workshop.run("run").text("config.yaml").split(separator: "\n") {
      let name = String(line.prefix { $0 != ":" })
      if line.hasSuffix(":") {
        section = name
      } else {
        keys.insert(name.hasPrefix("  ") ? "\(section).\(name.dropFirst(2))" : name)
      }
    }
    let known = Self.elsewhere.union(Self.effects.map(\.key))
    #expect(keys.subtracting(known) == [])
    #expect(known.subtracting(keys) == [])
  }

  @Test func aPresetStandsBelowWhatItsOwnLayerSaysAndOverTheLayersBefore() throws {
    let workshop = try Workshop()
    let file = try workshop.write(
      "objective:\n  preset: dr_grpo\n  clip_high: 0.3\noptimizer:\n  beta1: 0.8\n", to: "a.yaml")
    func resolved(_ name: String, _ more: [String]) throws -> String {
      try Temper.succeed(workshop.grpo(name, steps: 1, ["--config", file] + more))
      return try workshop.run(name).text("config.yaml")
    }
    let plain = try resolved("plain", [])
    #expect(plain.contains("clip_high: 0.3\n") && plain.contains("advantages: \"centered\""))
    let preset = try resolved("preset", ["--preset", "grpo"])
    #expect(preset.contains("clip_high: 0.2\n") && preset.contains("\"standardized\""))
    #expect(preset.contains("beta1: 0.8\n"))
    let both = try resolved("both", ["--clip-high", "0.25", "--preset", "grpo"])
    #expect(both.contains("clip_high: 0.25\n") && both.contains("\"seq-mean-token-mean\""))
  }

  @Test func theFinalModelGoesWhereItIsWanted() throws {
    let workshop = try Workshop()
    let output = workshop.path("final")
    let outcome = try Temper.succeed(
      workshop.grpo("run", steps: 2, ["--output", output, "--output-dtype", "bfloat16", "--json"]))
    #expect(outcome.lastLine.contains(#""model":"\#(output)""#))
    func size(_ folder: String) throws -> Int {
      try Data(contentsOf: URL(filePath: folder + "/model.safetensors")).count
    }
    let kept = workshop.path("run/checkpoints/latest/model")
    #expect(try size(output) < size(kept) * 3 / 5)
    try Temper.succeed(["generate", "1=", "--model", output, "--max-new-tokens", "4"])
  }

  private func prepare(_ workshop: Workshop) throws {
    _ = try workshop.makeModel()
    _ = try workshop.makeModel("other", seed: 2)
    try workshop.write(
      """
      {{ bos_token }}{{ extra }}{{ strftime_now('%d') }}\
      {% for m in messages %}{{ m.content }}{% endfor %}
      """, to: "other/chat_template.jinja")
    let rows = try workshop.makeProblems("other.jsonl", count: 5)
    try workshop.write(
      String(contentsOfFile: rows, encoding: .utf8) + #"{"problem": "1+1+1="}"#, to: "long.jsonl")
    let plugins = workshop.folder.appending(path: "plugins")
    try FileManager.default.createDirectory(at: plugins, withIntermediateDirectories: true)
    try FileManager.default.copyItem(
      at: Temper.binary!.deletingLastPathComponent().appending(path: "libverifier_exact.so"),
      to: plugins.appending(path: "libverifier_exact.so"))
  }
}

extension [String] {
  /// Removes `option` with its value.
  fileprivate mutating func remove(_ option: String) {
    let place = firstIndex(of: option)!
    removeSubrange(place...place + 1)
  }
}
