import EntropyControl
import Foundation
import Objectives
import Trajectories

extension PluginStep {
  /// How many sequences a random step has, and of what length.
  struct Size {
    var groups = 3
    var samples = 4
    var longest = 6
    static let small = Size()
    /// For methods that take a small share of the tokens.
    static let large = Size(groups: 6, samples: 8, longest: 24)
  }

  /// A random step of a run, the `index`-th from 0: two updates a rollout, and from step to step
  /// another vocabulary, temperature, aggregation and level of entropy.
  ///
  /// There are several groups and turns, holes in the mask, a tied group, tokens that the policy
  /// finds unlikely, in every third step a sequence that is not trained on at all, and in every
  /// second what an environment says: some of the holes are its own, and some turns are void.
  init(seed: UInt64, index: Int, of total: Int = 12, size: Size = .small) {
    var draws = Draws(seed: seed &* 1000 &+ UInt64(index))
    vocabulary = [7, 12, 5, 16][index % 4]
    position = StepPosition(
      step: index + 1, totalSteps: total, rollout: index / 2 + 1, update: index % 2)
    position.temperature = [1, 0.7, 1.4][index % 3]
    objective.aggregation = [.tokenMean, .seqMeanTokenMean, .seqMeanSumNorm][index % 3]
    objective.norm = Double(size.longest)
    objective.dualClip = index % 3 == 1 ? 3 : nil
    objective.klCoefficient = index % 2 == 1 ? 0.05 : 0
    position.clipLow = objective.clipLow
    position.clipHigh = objective.clipHigh
    position.dualClip = objective.dualClip
    position.clipIsExplicit = index % 4 == 3

    let sequences = size.groups * size.samples
    let completions = (0..<sequences).map { _ in
      [Int32](repeating: 0, count: 1 + draws.integer(below: size.longest))
    }
    frame = TokenBatch(prompts: Array(repeating: [1], count: sequences), completions: completions)
    let hasEnvironment = index % 2 == 1
    if hasEnvironment { frame.voidTurns = Array(repeating: false, count: frame.count) }
    for s in 0..<sequences {
      frame.groups[s] = s / size.samples
      let isTied = frame.groups[s] == 1
      let advantage = isTied ? 0 : Float(draws.normal())
      let isMasked = index % 3 == 0 && s == sequences - 2
      var turn = 0
      for t in frame.range(s) {
        if t > frame.offsets[s], draws.uniform() < 0.2 { turn += 1 }
        frame.turns[t] = turn
        frame.advantages[t] = advantage
        frame.mask[t] = isMasked || draws.uniform() < 0.12 ? 0 : 1
        guard hasEnvironment else { continue }
        frame.voidTurns![t] = (s + 3 * turn) % 7 == 0
        if frame.mask[t] == 0, t % 2 == 0 { frame.authors[t] = .environment }
      }
    }
    let level = [0.3, 1, -0.4][index % 3]
    for t in frame.tokens.indices {
      let sharpness = exp(level + 0.6 * draws.normal())
      let old = draws.normals(vocabulary).map { sharpness * $0 }
      let drift = draws.normals(vocabulary)
      oldRows.append(old)
      rows.append(position.update == 0 ? old : zip(old, drift).map { $0 + 0.3 * $1 })
      referenceRows.append(old.map { 0.8 * $0 })
      frame.tokens[t] = Int32(draws.token(of: old))
    }
  }
}

extension Draws {
  /// An id that the row's policy would sample, or in one case of five any id.
  mutating func token(of row: [Double]) -> Int {
    guard uniform() > 0.2 else { return integer(below: row.count) }
    let logprobs = TokenDistribution<Double>(logits: row).logprobs
    var rest = uniform()
    for (id, logprob) in logprobs.enumerated() {
      rest -= exp(logprob)
      if rest < 0 { return id }
    }
    return row.count - 1
  }
}
