import EntropyControl
import Trajectories

/// Steps that no run is without for long and that methods forget (objectives.md 1.7).
struct PluginDegenerateSteps {
  let make: () throws -> any EntropyIntervention

  /// Each kind of step, by name, with its claim.
  static let kinds: [(name: String, claim: String, make: @Sendable () -> [PluginStep])] = [
    ("empty-batch", "a step without a token passes", { [true, false].map(PluginStep.empty) }),
    ("one-token", "a step of one token passes", { [PluginStep.oneToken] }),
    ("all-masked", "a step with nothing to train on passes and adds nothing", { [.allMasked] }),
    ("tied-groups", "groups whose advantages are all equal pass", { [.tiedGroups] }),
    ("zero-advantage", "a step without an advantage passes", { [.zeroAdvantage] }),
    (
      "extreme-logits", "certain, even and hopeless rows give finite numbers",
      { [4, 30, 300].map(PluginStep.extreme) }
    ),
  ]

  func check(_ run: inout PluginCheckRun) {
    for kind in Self.kinds {
      run.check(kind.name, kind.claim) {
        for step in kind.make() {
          // First in a run, and with something to remember.
          for earlier in [[], [PluginStep(seed: 5, index: 0), PluginStep(seed: 5, index: 2)]] {
            let trial = try PluginTrial(try make())
            for step in earlier { _ = try trial.outcome(step) }
            let outcome = try trial.outcome(step)
            let place = earlier.isEmpty ? "" : " after \(earlier.count) others"
            if let why = outcome.fault { return .failed("\(step.title)\(place): \(why)") }
          }
        }
        return .passed()
      }
    }
  }
}

extension PluginStep {
  private static var plain: PluginStep { PluginStep(seed: 9, index: 5) }

  /// No sequence, or sequences without a token.
  fileprivate static func empty(withSequences: Bool) -> PluginStep {
    var step = plain
    let count = withSequences ? 3 : 0
    step.frame = TokenBatch(
      prompts: Array(repeating: [1], count: count),
      completions: Array(repeating: [], count: count))
    (step.rows, step.oldRows, step.referenceRows) = ([], [], [])
    return step
  }

  fileprivate static var oneToken: PluginStep {
    var step = plain
    step.frame = TokenBatch(prompts: [[1]], completions: [[2]])
    step.frame.advantages = [-1.3]
    step.rows = [plain.rows[0]]
    step.oldRows = [plain.oldRows[0]]
    step.referenceRows = [plain.referenceRows[0]]
    return step
  }

  fileprivate static var allMasked: PluginStep {
    var step = plain
    step.frame.mask = step.frame.mask.map { _ in 0 }
    return step
  }

  fileprivate static var tiedGroups: PluginStep {
    var step = plain
    for s in 0..<step.frame.sequenceCount {
      for t in step.frame.range(s) {
        step.frame.advantages[t] = step.frame.groups[s] == 0 ? 0.5 : 0
      }
    }
    return step
  }

  fileprivate static var zeroAdvantage: PluginStep {
    var step = plain
    step.frame.advantages = step.frame.advantages.map { _ in 0 }
    return step
  }

  /// Rows with gaps of `gap` nats, some of them even, the policy far from the one that sampled.
  fileprivate static func extreme(gap: Double) -> PluginStep {
    var step = plain
    for t in step.rows.indices {
      let size = t % 4 == 0 ? 0 : gap
      step.oldRows[t] = step.rows[t].indices.map { size * ($0 == t % step.vocabulary ? 1 : 0) }
      step.rows[t] = step.rows[t].indices.map {
        size * ($0 == (t + t / 3) % step.vocabulary ? 1 : 0)
      }
      step.referenceRows[t] = step.oldRows[t]
      step.frame.tokens[t] = Int32(t / 2 % step.vocabulary)
    }
    return step
  }
}
