import Foundation
import Trajectories

/// The verifiers of a run and how their judgements combine.
///
/// The reward of a sample is the sum of each verifier's reward times its weight. The verdict, the
/// reason and the answer are those of the first verifier; if any verifier failed, the sample did.
public struct VerifierSet: Sendable {
  public struct Member: Sendable {
    public let verifier: any Verifier
    public let weight: Double

    public init(_ verifier: any Verifier, weight: Double = 1) {
      (self.verifier, self.weight) = (verifier, weight)
    }
  }

  /// At least one.
  public let members: [Member]
  /// `[members]` names for the metrics: a second `regex` is `regex-2`.
  public let labels: [String]
  /// How many threads may judge at once.
  public let threads: Int

  public init(_ members: [Member], threads: Int = ProcessInfo.processInfo.activeProcessorCount) {
    precondition(!members.isEmpty, "a set of verifiers needs at least one")
    precondition(threads > 0, "\(threads) threads")
    self.members = members
    self.threads = threads
    var seen: [String: Int] = [:]
    labels = members.map { member in
      let name = member.verifier.name
      seen[name, default: 0] += 1
      return seen[name]! == 1 ? name : "\(name)-\(seen[name]!)"
    }
  }

  /// Judgements with what was measured on the way.
  public struct Judged: Sendable {
    /// `[samples]`
    public var judgements: [Judgement]
    /// How many samples are `verifier/right`, `/wrong`, `/unparsable` and `/failed`; each
    /// verifier's mean reward as `verifier/<name>`, failed samples left out; then what the
    /// verifiers reported themselves.
    public var metrics: [VerifierMetric]
  }

  /// Judges samples in batches on several threads. The result does not depend on how many.
  public func judge(_ samples: [VerifierSample]) -> Judged {
    let columns = members.map { judge(samples, with: $0.verifier) }
    let judgements = samples.indices.map { index in combined(columns.map { $0[index] }) }
    var metrics = Verdict.allCases.map { verdict in
      VerifierMetric(
        "verifier/\(verdict.rawValue)", Double(judgements.count { $0.verdict == verdict }))
    }
    for (label, column) in zip(labels, columns) {
      let rewards = column.compactMap { $0.reward.map(Double.init) }
      guard !rewards.isEmpty else { continue }
      let mean = rewards.reduce(0, +) / Double(rewards.count)
      metrics.append(VerifierMetric("verifier/\(label)", mean))
    }
    metrics += members.flatMap { $0.verifier.takeMetrics() }
    return Judged(judgements: judgements, metrics: metrics)
  }

  /// Groups with the judgements of their completions, and what was measured on the way.
  public struct Scored: Sendable {
    public var groups: [RewardedGroup]
    /// As in ``Judged/metrics``.
    public var metrics: [VerifierMetric]
  }

  public func score(_ groups: [TrajectoryGroup]) -> Scored {
    let judged = judge(groups.flatMap(\.samples))
    var rest = judged.judgements[...]
    let rewarded = groups.map { group in
      let count = group.trajectories.count
      defer { rest = rest.dropFirst(count) }
      return RewardedGroup(group: group, judgements: Array(rest.prefix(count)))
    }
    return Scored(groups: rewarded, metrics: judged.metrics)
  }

  private func combined(_ judgements: [Judgement]) -> Judgement {
    if let failed = judgements.firstIndex(where: { $0.verdict == .failed }) {
      let reason = judgements[failed].reason
      return .failed(members.count == 1 ? reason : "\(labels[failed]): \(reason)")
    }
    let sum = zip(members, judgements).reduce(0) { $0 + $1.0.weight * Double($1.1.reward!) }
    let reward = Float(sum)
    guard reward.isFinite else {
      return .failed("the weighted rewards come to \(sum); use smaller weights")
    }
    var result = judgements[0]
    result.reward = reward
    if judgements.count > 1 { result.parts = judgements.map { $0.reward! } }
    return result
  }

  /// Samples a call: enough to make the call cheap, few enough to keep all threads busy.
  static let batchSize = 16

  private func judge(_ samples: [VerifierSample], with verifier: any Verifier) -> [Judgement] {
    let batches = stride(from: 0, to: samples.count, by: Self.batchSize).map {
      Array(samples[$0..<min($0 + Self.batchSize, samples.count)])
    }
    return concurrentMap(batches, threads: threads) { batch in
      let judgements = verifier.judge(batch)
      precondition(
        judgements.count == batch.count,
        "\(verifier.name) gave \(judgements.count) judgements for \(batch.count) samples")
      return judgements
    }.flatMap(\.self)
  }
}

extension TrajectoryGroup {
  /// `[G]` what a verifier sees of each completion.
  public var samples: [VerifierSample] {
    trajectories.enumerated().map { place, trajectory in
      let prompt = prompt(of: place)
      return VerifierSample(
        row: prompt.row, prompt: prompt.text, completion: trajectory.text,
        tokens: trajectory.modelTokens)
    }
  }
}
