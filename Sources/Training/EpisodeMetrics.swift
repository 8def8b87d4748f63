import Metrics
import Trajectories

/// What became of a step's episodes, over all of its rounds of sampling.
struct EpisodeMetrics {
  private var episodes = 0.0
  private var succeeded = 0.0
  private var failed = 0.0
  private var turns = 0.0
  private var voidTurns = 0.0
  private var environmentTokens = 0.0
  private var seconds = 0.0

  mutating func add(_ groups: [RewardedGroup]) {
    for trajectory in groups.flatMap(\.group.trajectories) {
      guard let episode = trajectory.episode else { continue }
      episodes += 1
      succeeded += episode.judgement.verdict == .right ? 1 : 0
      failed += episode.judgement.verdict == .failed ? 1 : 0
      turns += Double(episode.turns.count)
      voidTurns += Double(episode.turns.count(where: \.isVoid))
      environmentTokens += Double(trajectory.authors.count { $0 == .environment })
      seconds += episode.seconds
    }
  }

  var metrics: StepMetrics {
    guard episodes > 0 else { return [:] }
    return [
      "environment/success": succeeded / max(episodes - failed, 1),
      "environment/failed": failed,
      "environment/turns_mean": turns / episodes,
      "environment/void_turns": voidTurns / max(turns, 1),
      "environment/tool_tokens": environmentTokens / episodes,
      "time/environment": seconds,
    ]
  }
}

extension Judgement {
  /// With the reward of another added; failed if either is.
  func adding(_ other: Judgement) -> Judgement {
    guard let reward, let more = other.reward else { return verdict == .failed ? self : other }
    guard (reward + more).isFinite else {
      return .failed("the rewards come to \(reward + more); use smaller weights")
    }
    var sum = self
    sum.reward = reward + more
    sum.answer = other.answer
    if !other.reason.isEmpty {
      sum.reason = reason.isEmpty ? other.reason : "\(reason); \(other.reason)"
    }
    return sum
  }
}
