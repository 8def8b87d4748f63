import Datasets
import Foundation
import JSON
import Objectives
import Rollouts
import Trajectories
import Verifiers

/// Whether rewards differ within groups: a group whose rewards are all equal teaches nothing. A few
/// groups of the run's first prompts are sampled and judged, as far as the time allows.
struct TiedGroupCheck {
  let configuration: GRPOConfiguration
  let model: LoadedModel
  let prompts: PromptSequence
  let verifiers: VerifierSet

  /// Fewer groups that all tie are no proof.
  private static let proof = 8

  init(
    _ configuration: GRPOConfiguration, model: LoadedModel, prompts: PromptSequence,
    verifiers: VerifierSet
  ) {
    (self.configuration, self.model) = (configuration, model)
    (self.prompts, self.verifiers) = (prompts, verifiers)
  }

  /// - Parameters:
  ///   - groups: at most so many.
  ///   - seconds: how long it may take.
  func finding(groups: Int, seconds: Double) throws -> Finding {
    let start = Date()
    let engine = RolloutEngine(model, configuration.rollout)
    var sampling = configuration.rollout.sampling
    sampling.seed = configuration.run.seed
    sampling.endTokens = model.endTokens
    let size = configuration.training.rollout.groupSize
    let limit = sampling.maximumNewTokens

    // A few tokens tell what a group can take at most.
    var trial = sampling
    trial.maximumNewTokens = min(limit, 8)
    let first = try prompts.prompts(from: 0, count: 1)
    _ = try engine.sample(first, samples: 0..<size, settings: trial, step: 0)
    let trialStart = Date()
    _ = try engine.sample(first, samples: 0..<size, settings: trial, step: 1)
    let perToken = Date().timeIntervalSince(trialStart) / Double(trial.maximumNewTokens)
    let longest = perToken * Double(limit)
    guard longest < seconds else {
      return Finding(
        "groups", .skipped,
        String(
          format: "not sampled: one of %d completions of up to %d tokens may take %.0f s here", size,
          limit, longest),
        remedy: String(format: "--seconds %.0f gives it the time", (longest * 4).rounded(.up)))
    }

    var judged: [RewardedGroup] = []
    while judged.count < groups {
      let left = seconds - Date().timeIntervalSince(start)
      // Prompts side by side take less than one after the other; nobody knows how much less.
      let affordable = Int(left / longest)
      let count = min(4, groups - judged.count, affordable)
      guard count > 0 else { break }
      let next = try prompts.prompts(from: judged.count, count: count)
      let sampled = try engine.sample(
        next, samples: 0..<size, settings: sampling, step: 1 << 10)
      judged += verifiers.score(sampled).groups
      if judged.contains(where: { DynamicSampling.keeps($0.rewards) }) { break }
    }
    return finding(of: judged)
  }

  private func finding(of groups: [RewardedGroup]) -> Finding {
    let judgements = groups.flatMap(\.judgements)
    let trajectories = groups.flatMap(\.group.trajectories)
    let tied = groups.count { !DynamicSampling.keeps($0.rewards) }
    let failed = judgements.filter { $0.verdict == .failed }
    let cut = trajectories.count { $0.stop == .length }
    let details: JSONLiteral = [
      "groups": .int(groups.count), "tied": .int(tied), "completions": .int(judgements.count),
      "right": .int(judgements.count { $0.verdict == .right }),
      "unparsable": .int(judgements.count { $0.verdict == .unparsable }),
      "failed": .int(failed.count), "truncated": .int(cut),
    ]
    guard !groups.isEmpty else {
      return Finding("groups", .skipped, "there was no time to sample one", details: details)
    }
    if let failure = failed.first {
      return Finding(
        "groups", .fault,
        "the verifier failed on \(failed.count) of \(judgements.count) completions: "
          + failure.reason, remedy: "these completions would get no reward", details: details)
    }
    guard tied == groups.count else {
      let truncated = cut == 0 ? "" : "; \(cut) of \(judgements.count) completions were cut"
      let isMostlyCut = 2 * cut > judgements.count
      return Finding(
        "groups", isMostlyCut ? .warning : .ok,
        "\(groups.count - tied) of \(groups.count) sampled groups have rewards that differ"
          + truncated, remedy: isMostlyCut ? "raise --max-new-tokens" : "", details: details)
    }
    let (reason, remedy) = cause(judgements, cut: cut)
    return Finding(
      "groups", groups.count >= Self.proof ? .fault : .warning,
      "all \(groups.count) sampled groups tie: \(reason)", remedy: remedy, details: details)
  }

  /// Why every group ties, and what helps.
  private func cause(_ judgements: [Judgement], cut: Int) -> (String, String) {
    let right = judgements.count { $0.verdict == .right }
    let unparsable = judgements.count { $0.verdict == .unparsable }
    if right == judgements.count {
      return (
        "every completion is right",
        "the problems are too easy for this model; use harder ones"
      )
    }
    if cut == judgements.count {
      return (
        "every completion was cut at \(configuration.rollout.sampling.maximumNewTokens) tokens",
        "raise --max-new-tokens, ask for shorter answers, or teach the model to end them with "
          + "temper sft"
      )
    }
    if unparsable == judgements.count {
      return (
        "no completion holds an answer that the verifier can read",
        "say in --instruction which form the answer is to have, or teach it with temper sft"
      )
    }
    if right == 0 {
      return (
        "no completion is right",
        "use easier problems, teach the model some first with temper sft, or take larger groups"
      )
    }
    return (
      "within a group all rewards are the same",
      "sample at a higher temperature, or take larger groups"
    )
  }
}
