import Detectors
import Evaluation
import JSON
import PluginHost
import Rollouts
import Tokenizers
import Trajectories

/// Detectors that look at an evaluation: at its completions with their verdicts, and at what they
/// noted of the rows that the completions were drawn from.
final class WatchedEvaluation {
  private let detectors: DetectorSet
  /// Of the samples, or of the greedy completions where there are none.
  private var groups: [TrajectoryGroup] = []

  /// - Throws: where a detector has no use for an evaluation.
  init(
    _ choices: [PluginChoice], folders: [String], seed: UInt64, tokenizer: Tokenizer
  ) throws {
    detectors = try ReadyDetectors(
      choices, defaults: .none, folders: folders, seed: seed, tokenizer: tokenizer
    ).set
    for member in detectors.members
    where !member.detector.needs.events.contains(.evaluation) || !member.detector.needs.tokens {
      throw ConfigurationError.invalid(
        key: "detectors", value: member.name,
        remedy: "and it does not look at completions of an evaluation; reasoning-instability does")
    }
  }

  var observers: [any RowObserver] { detectors.members.map(\.observer) }

  func take(_ pass: [TrajectoryGroup]) { groups = pass }

  /// What each detector makes of it, by name.
  ///
  /// - Parameter temperature: of the samples.
  func figures(
    of report: EvaluationReport, temperature: Double
  ) throws -> [(name: String, figures: JSONLiteral)] {
    let hasSamples = report.generations.sampleCount > 0
    let judged = zip(groups, report.problems).map { group, result in
      RewardedGroup(
        group: group,
        judgements: (hasSamples ? result.samples : [result.greedy].compactMap(\.self)))
    }
    guard judged.count == report.problems.count else {
      throw ConfigurationError.invalid(
        key: "detectors", value: detectors.members.map(\.name).joined(separator: ", "),
        remedy: "and completions of an earlier process have left no rows. Leave out --resume")
    }
    let batch = TokenBatch(packing: judged)
    return try detectors.members.indices.map { place in
      let member = detectors.members[place]
      var seen = Observation(.evaluation, step: 0, totalSteps: 0)
      // At temperature 0 rows are those of temperature 1.
      seen.temperature = hasSamples && temperature > 0 ? temperature : 1
      seen.tokens = batch
      seen.observed = batch.observed[place]
      seen.outcomes = member.detector.needs.outcomes ? Outcomes(of: judged) : nil
      let detection = try detectors.look(seen, place: place)
      return (
        member.name,
        .object(detection.figures.map { .init($0.name.rawValue, .double($0.value)) })
      )
    }
  }
}

extension Outcomes {
  fileprivate init(of groups: [RewardedGroup]) {
    let trajectories = groups.flatMap(\.group.trajectories)
    let judgements = groups.flatMap(\.judgements)
    self.init(
      groups: groups.enumerated().flatMap { index, group in group.judgements.map { _ in index } },
      rewards: judgements.map(\.reward), verdicts: judgements.map(\.verdict),
      truncated: trajectories.map { $0.stop == .length },
      lengths: trajectories.map(\.modelTokens.count), texts: trajectories.map(\.text))
  }
}
