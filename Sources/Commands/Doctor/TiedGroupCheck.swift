import Foundation
import JSON
import Objectives
import Rollouts
import Synchronization
import Training
import Trajectories
import Verifiers

/// Whether rewards differ within groups: a group whose rewards are all equal teaches nothing. A few
/// groups of the run's first prompts are sampled and judged, as far as the time allows.
struct TiedGroupCheck {
  private let configuration: GRPOConfiguration
  private let model: LoadedModel
  private let tasks: RunTasks

  /// Fewer groups that all tie are no proof.
  private static let proof = 8
  private static let mostAtOnce = 4

  init(_ configuration: GRPOConfiguration, _ model: LoadedModel, _ tasks: RunTasks) {
    (self.configuration, self.model, self.tasks) = (configuration, model, tasks)
  }

  /// - Parameters:
  ///   - groups: at most so many; the first whose rewards differ settles it.
  ///   - seconds: how long it may take. What has ended by then is judged.
  func finding(groups: Int, seconds: Double) throws -> Finding {
    let engine = RolloutEngine(model, configuration.rollout)
    var sampling = configuration.rollout.sampling
    sampling.seed = configuration.run.seed
    sampling.endTokens = model.endTokens
    let size = configuration.training.rollout.groupSize
    let deadline = Deadline(in: seconds)
    var judged: [RewardedGroup] = []
    var sampled = 0
    var unfinished = 0
    // One group first: a large model would end none of four at once. But an environment may fail in
    // some of its tasks alone.
    var count = isPlayed ? Self.mostAtOnce : 1
    while sampled < groups, unfinished == 0,
      !judged.contains(where: { DynamicSampling.keeps($0.rewards) })
    {
      let next = try tasks.prompts.prompts(
        from: sampled, count: min(count, groups - sampled), copies: 1)
      sampled += next.count
      count = min(2 * count, Self.mostAtOnce)
      let ended = Ended(count: next.count)
      do {
        _ = try engine.sample(
          next, samples: 0..<size, settings: sampling, step: 1, observers: [deadline],
          episodes: tasks.episodes
        ) { event in
          if case .finished(let prompt, let trajectory) = event {
            ended.trajectories[prompt].append(trajectory)
          }
        }
      } catch is Deadline.Passed {
        unfinished = size * next.count - ended.trajectories.joined().count
      }
      let complete = zip(next, ended.trajectories).filter { $1.count > 1 }
      let groups = complete.map { TrajectoryGroup(prompt: $0, trajectories: $1) }
      judged += groups.scored(by: tasks.verifiers?.set).groups
    }
    guard !judged.isEmpty else {
      return Finding(
        "groups", .skipped,
        """
        fewer than two of \(size) completions of the first prompt ended within \(Int(seconds)) s, \
        each \(deadline.rows / size) tokens long by then, of \(sampling.maximumNewTokens) at most
        """,
        remedy: "--seconds \(Int(seconds * 4)) gives it the time")
    }
    return finding(of: judged, unfinished: unfinished)
  }

  private func finding(of groups: [RewardedGroup], unfinished: Int) -> Finding {
    let judgements = groups.flatMap(\.judgements)
    let trajectories = groups.flatMap(\.group.trajectories)
    let tied = groups.count { !DynamicSampling.keeps($0.rewards) }
    let failed = judgements.filter { $0.verdict == .failed }
    let cut = trajectories.count { $0.isTruncated }
    let details: JSONLiteral = [
      "groups": .int(groups.count), "tied": .int(tied), "completions": .int(judgements.count),
      "right": .int(judgements.count { $0.verdict == .right }),
      "unparsable": .int(judgements.count { $0.verdict == .unparsable }),
      "failed": .int(failed.count), "truncated": .int(cut), "unfinished": .int(unfinished),
    ]
    if let failure = failed.first {
      return Finding(
        "groups", .fault,
        "\(judge) failed on \(failed.count) of \(judgements.count) \(noun)s: "
          + failure.reason, remedy: "these \(noun)s would get no reward", details: details)
    }
    guard tied == groups.count else {
      let truncated = cut == 0 ? "" : "; \(cut) of \(judgements.count) \(noun)s were cut"
      let left = unfinished == 0 ? "" : "; \(unfinished) did not end in time"
      let isMostlyCut = 2 * cut > judgements.count
      return Finding(
        "groups", isMostlyCut ? .warning : .ok,
        "\(groups.count - tied) of \(groups.count) sampled groups have rewards that differ"
          + truncated + left, remedy: isMostlyCut ? "raise \(budgets)" : "", details: details)
    }
    let (reason, remedy) = cause(judgements, cut: cut)
    return Finding(
      "groups", groups.count >= Self.proof && unfinished == 0 ? .fault : .warning,
      "all \(groups.count) sampled groups tie: \(reason)", remedy: remedy, details: details)
  }

  /// Why every group ties, and what helps.
  private func cause(_ judgements: [Judgement], cut: Int) -> (String, String) {
    let right = judgements.count { $0.verdict == .right }
    let unparsable = judgements.count { $0.verdict == .unparsable }
    if right == judgements.count {
      return (
        "every \(noun) is right",
        "the \(isPlayed ? "tasks" : "problems") are too easy for this model; use harder ones"
      )
    }
    if cut == judgements.count {
      let limit = configuration.rollout.sampling.maximumNewTokens
      return (
        isPlayed
          ? "every episode was cut by a budget of tokens"
          : "every completion was cut at \(limit) tokens",
        "raise \(budgets), ask for shorter \(isPlayed ? "turns" : "answers"), or teach the model "
          + "to end them with temper sft"
      )
    }
    if unparsable == judgements.count {
      return isPlayed
        ? ("every episode ended malformed", "teach the form \(Self.byDemonstration)")
        : (
          "no completion holds an answer that the verifier can read",
          "say in --instruction which form the answer is to have, or teach it with temper sft"
        )
    }
    if right == 0 {
      return (
        isPlayed ? "no episode succeeds" : "no completion is right",
        isPlayed
          ? "use easier tasks, teach the model some first \(Self.byDemonstration), or take "
            + "larger groups"
          : "use easier problems, teach the model some first with temper sft, or take larger groups"
      )
    }
    return (
      "within a group all rewards are the same",
      "sample at a higher temperature, or take larger groups"
    )
  }

  private static let byDemonstration =
    "with temper sft, on what temper play --expert --out writes"

  private var isPlayed: Bool { tasks.episodes != nil }
  private var noun: String { isPlayed ? "episode" : "completion" }

  private var judge: String {
    guard isPlayed else { return "the verifier" }
    return tasks.verifiers == nil ? "the environment" : "the environment or a verifier"
  }

  /// The settings that cut.
  private var budgets: String {
    isPlayed ? "--max-new-tokens or --max-episode-tokens" : "--max-new-tokens"
  }
}

/// Ends sampling at a time, by refusing the row of the next token.
private final class Deadline: RowObserver {
  struct Passed: Error {}

  let moment = LogprobRow.Moment.old
  let width = 1
  private let end: DispatchTime
  private let seen = Atomic(0)

  /// How many tokens were sampled.
  var rows: Int { seen.load(ordering: .relaxed) }

  init(in seconds: Double) { end = .now() + seconds }

  func observe(
    _ row: LogprobRow, into floats: UnsafeMutableBufferPointer<Float>
  ) throws -> [UInt8] {
    floats[0] = 0
    seen.add(1, ordering: .relaxed)
    if DispatchTime.now() > end { throw Passed() }
    return []
  }
}

/// The completions that have ended, prompt by prompt.
private final class Ended {
  var trajectories: [[Trajectory]]
  init(count: Int) { trajectories = Array(repeating: [], count: count) }
}
