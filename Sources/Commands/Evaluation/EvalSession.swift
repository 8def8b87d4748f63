import Checkpoints
import Evaluation
import Foundation
import JSON
import Metrics
import Rollouts
import Trajectories

/// One model put through one task: prompts, sampling, what is known of both, and the report.
struct EvalSession {
  private let task: EvaluationTask
  private let model: LoadedModel
  private let configuration: EvalConfiguration
  private let engine: RolloutEngine
  private let sampling: SamplingSettings
  private let episodes: EpisodeSettings?
  let prompts: [Prompt]

  init(
    _ task: EvaluationTask, model: LoadedModel, engine: RolloutEngine,
    configuration: EvalConfiguration
  ) throws {
    (self.task, self.model, self.engine) = (task, model, engine)
    self.configuration = configuration
    episodes = try task.episodes(for: model)
    prompts = try task.prompts(for: model, episodes)
    try configuration.check(promptCount: prompts.count)
    var sampling = configuration.rollout.sampling
    sampling.stopStrings = task.stopStrings(for: model)
    sampling.endTokens = model.endTokens
    self.sampling = sampling
  }

  /// Generates and judges.
  ///
  /// - Parameters:
  ///   - identity: which weights; decides the completions with the rest.
  ///   - journal: where what was generated is kept until the report is whole; `nil` for nowhere.
  ///   - resuming: goes on with a journal that is there.
  ///   - watch: looks at rows and completions.
  func evaluate(
    seed: UInt64, identity: [JSONLiteral.Member], journal file: URL? = nil, resuming: Bool = false,
    showsProgress: Bool = true, watch: WatchedEvaluation? = nil
  ) throws -> (report: EvaluationReport, journal: GenerationJournal?) {
    var sampling = sampling
    sampling.seed = seed
    let evaluator = Evaluator(
      engine: engine, sampling: sampling, samples: configuration.samples,
      greedy: configuration.greedy, episodes: episodes, observers: watch?.observers ?? [])
    let conditions =
      task.conditions(for: model, prompts) + self.conditions(sampling) + identity
    let journal = try file.map {
      try GenerationJournal($0, conditions: conditions, resuming: resuming)
    }
    let first = journal?.completions ?? 0
    let progress = Metrics.Progress(
      "eval \(task.name)", total: evaluator.completions(of: prompts), first: first,
      unit: "completions")
    defer { progress.finish() }
    var ended = 0
    let problems = try evaluator.generate(
      prompts, journal: journal,
      onCompletion: {
        ended += 1
        if showsProgress { progress.advance(to: max(ended, first)) }
      }, onPass: { watch?.take($0) })
    let report = EvaluationReport(
      Generations(conditions: conditions, problems: problems), under: task.protocols,
      groupKeys: task.suite?.groups ?? [])
    return (report, journal)
  }

  /// How completions are drawn.
  private func conditions(_ sampling: SamplingSettings) -> [JSONLiteral.Member] {
    [
      .init("greedy", .bool(configuration.greedy)), .init("samples", .int(configuration.samples)),
      .init("temperature", .float(sampling.temperature)), .init("top_k", .int(sampling.topK)),
      .init("top_p", .float(sampling.topP)), .init("min_p", .float(sampling.minP)),
      .init("max_new_tokens", .int(sampling.maximumNewTokens)),
    ]
      + (episodes == nil
        ? []
        : [
          .init("max_turns", .int(configuration.rollout.maximumTurns)),
          .init("max_episode_tokens", .int(configuration.rollout.maximumEpisodeTokens)),
        ]) + [
        .init("stop", .array(sampling.stopStrings.map { .string($0) })),
        .init("end_tokens", .ints(sampling.endTokens.sorted())),
        .init("seed", .int(Int(clamping: sampling.seed))),
        .init("seed_scheme", "Philox4x32-10 keyed by seed, row, sample and position"),
        .init("dtype", .string(configuration.dtype.rawValue)),
        .init("engine", .string("temper \(TemperCommand.configuration.version)")),
        .init("batch", "any: results do not depend on it"),
      ]
  }

  /// The first prompt with its ids, as the model is given it.
  var firstPrompt: String {
    let prompt = prompts[0]
    let ids = prompt.tokens.map(String.init).joined(separator: " ")
    return "\(prompt.text)\n\n\(prompt.tokens.count) tokens: \(ids)"
  }
}

extension LoadedModel {
  /// The folder with checksums of weights and tokenizer, for a report.
  func identity() throws -> [JSONLiteral.Member] {
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
    func sum(_ isWanted: (String) -> Bool) throws -> JSONLiteral {
      let sums = try names.filter(isWanted).map {
        try SHA256.hexadecimal(of: folder.appending(path: $0))
      }
      guard sums.count != 1 else { return .string(sums[0]) }
      return .string(SHA256.hexadecimal(of: sums.joined(separator: "\n")))
    }
    return [
      .init("model", .string(folder.path(percentEncoded: false).trimmingSlash)),
      .init("model_sha256", try sum { $0.hasSuffix(".safetensors") }),
      .init(
        "tokenizer_sha256",
        try sum { $0.hasPrefix("tokenizer") || $0.hasPrefix("chat_template") }),
    ]
  }
}

extension String {
  fileprivate var trimmingSlash: String { hasSuffix("/") ? String(dropLast()) : self }
}
