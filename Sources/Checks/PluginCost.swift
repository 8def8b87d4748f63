import EntropyControl
import Foundation
import Objectives
import Trajectories

/// What an intervention's calls take on one core, with what the host does around each.
public struct InterventionCost: Sendable {
  public let vocabulary: Int
  /// Tokens of the step that was measured.
  public let tokens: Int
  /// Seconds for a row, of one moment; `nil` where it asks for none.
  public let observe: Double?
  /// Moments at which it sees a token's row: 0, 1 or 2.
  public let moments: Int
  /// Seconds for a token.
  public let prepare: Double
  /// Seconds for a token.
  public let evaluate: Double
  /// Seconds for a wanted row; `nil` where none is wanted.
  public let differentiate: Double?
  /// The part of the trained tokens whose rows it wants.
  public let wanted: Double

  /// Seconds for a token of one update.
  public var perToken: Double {
    Double(moments) * (observe ?? 0) + prepare + evaluate + wanted * (differentiate ?? 0)
  }

  /// Measures on random steps: 64 sequences of 64 tokens in groups of 8, of a policy that is sure
  /// of some tokens and not of others.
  public init(_ intervention: any EntropyIntervention, vocabulary: Int) throws {
    let set = try InterventionSet([intervention])
    let material = PluginCostStep(vocabulary: vocabulary)
    self.vocabulary = vocabulary
    tokens = material.frame.count
    moments = set.observers.count
    observe = try set.observers.first.map { observer in
      try Self.seconds(per: material.rows.count) {
        for place in material.rows.indices {
          _ = try observer.rows(of: material.rows[place], token: material.tokens[place])
        }
      }
    }

    // What is remembered comes from a step of another entropy, so that there is something to do.
    let earlier = try material.batch(set, rows: 0..<11)
    let batch = try material.batch(set, rows: material.rows.indices)
    let objective = PolicyObjective()
    var index = 0
    var last: (batch: TokenBatch, prepared: PreparedStep)?
    prepare = try Self.seconds(per: tokens) {  // the pass that warms up is the earlier step
      var changed = index == 0 ? earlier : batch
      index += 1
      let position = StepPosition(step: index, totalSteps: 1000, rollout: index, update: 0)
      let prepared = try set.prepare(
        position, &changed, objective.shaping(count: batch.count),
        coefficients: objective.coefficients)
      last = (changed, prepared)
    }
    let (prepared, changed) = (last!.prepared, last!.batch)
    evaluate = try Self.seconds(per: tokens) { _ = try prepared.additions(changed) }

    let rows = changed.mask.indices.filter(prepared.wants)
    wanted = Double(rows.count) / Double(max(1, changed.mask.count { $0 != 0 }))
    guard !rows.isEmpty else {
      differentiate = nil
      return
    }
    let some = Array(rows.prefix(64))
    var gradient = [Float](repeating: 0, count: vocabulary)
    differentiate = try Self.seconds(per: some.count) {
      for t in some {
        let place = t % material.rows.count
        try material.rows[place].withView(.current, token: material.tokens[place]) { row in
          _ = try gradient.withUnsafeMutableBufferPointer {
            try prepared.differentiate(row, token: t, into: $0)
          }
        }
      }
    }
  }

  /// The median time of several passes, after one to warm up, over `count`.
  private static func seconds(per count: Int, _ body: () throws -> Void) rethrows -> Double {
    try body()
    var times: [Double] = []
    let begin = ContinuousClock.now
    while times.count < 5 || (ContinuousClock.now - begin < .milliseconds(200) && times.count < 99)
    {
      let start = ContinuousClock.now
      try body()
      times.append((ContinuousClock.now - start) / .seconds(1))
    }
    return times.sorted()[times.count / 2] / Double(count)
  }
}

/// A large step of a large vocabulary: a few rows that its tokens share.
private struct PluginCostStep {
  let rows: [PolicyRow]
  /// The sampled id of each row.
  let tokens: [Int32]
  var frame: TokenBatch

  init(vocabulary: Int) {
    var draws = Draws(seed: 11)
    // Logits that fall as a power of the rank, as those of language models do.
    let z = (0..<16).map { row in
      let slope = 1.5 + 0.25 * Double(row)
      return (0..<vocabulary).map { id in
        let rank = (id &* 7919 &+ row) % vocabulary
        return -slope * log(1 + Double(rank)) + 0.3 * sin(Double(id))
      }
    }
    rows = z.map(PolicyRow.init)
    tokens = z.map { Int32(draws.token(of: $0)) }
    frame = TokenBatch(
      prompts: Array(repeating: [1], count: 64),
      completions: Array(repeating: Array(repeating: 0, count: 64), count: 64))
    for s in 0..<64 {
      frame.groups[s] = s / 8
      let advantage = Float(draws.normal())
      for t in frame.range(s) {
        frame.advantages[t] = advantage
      }
    }
  }

  /// - Parameter some: which rows the tokens share.
  func batch(_ set: InterventionSet, rows some: Range<Int>) throws -> TokenBatch {
    var batch = frame
    let places = (0..<frame.count).map { $0 % some.count }
    batch.tokens = places.map { tokens[$0] }
    batch.logprobs = places.map { rows[$0].logprobs[Int(tokens[$0])] }
    batch.entropies = places.map { rows[$0].entropy }
    (batch.oldLogprobs, batch.behaviourLogprobs) = (batch.logprobs, batch.logprobs)
    batch.oldEntropies = batch.entropies
    batch.referenceLogprobs = set.needsReference ? batch.logprobs : nil
    batch.observed = try set.observers.map { observer in
      let noted = try rows.indices.map { try observer.rows(of: rows[$0], token: tokens[$0]) }
      return places.reduce(into: ObservedRows(width: observer.width)) { $0.append(noted[$1]) }
    }
    return batch
  }
}
