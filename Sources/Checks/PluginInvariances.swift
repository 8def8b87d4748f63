import EntropyControl
import Foundation
import Synchronization
import Trajectories

/// What must not change what an intervention does: how a step is cut, in which order and on how
/// many threads it is asked, and what stands where nothing is trained on.
struct PluginInvariances {
  let steps: [PluginStep]
  let make: (_ seed: UInt64) throws -> any EntropyIntervention

  /// Runs a fresh instance through all steps.
  ///
  /// - Parameters:
  ///   - seed: of the run.
  ///   - body: what to look at in each; gives what is wrong, or `nil`.
  private func first(
    seed: UInt64 = 0, _ body: (_ step: PreparedPluginStep) throws -> String?
  ) throws -> PluginFinding {
    let trial = try PluginTrial(try make(seed))
    for (index, step) in steps.enumerated() {
      if let why = try body(try trial.prepare(step)) {
        return .failed("step \(index + 1): \(why)")
      }
    }
    return .passed()
  }

  /// The outcomes of a fresh instance.
  private func outcomes(
    seed: UInt64 = 0, of steps: [PluginStep]? = nil,
    change: (inout TokenBatch) -> Void = { _ in }
  ) throws -> [PluginOutcome] {
    let trial = try PluginTrial(try make(seed))
    return try (steps ?? self.steps).map { try trial.outcome($0, change: change) }
  }

  private func compare(
    _ expected: [PluginOutcome], _ found: [PluginOutcome], tolerance: Double = 0,
    places: [[Int]]? = nil
  ) -> String? {
    for index in expected.indices {
      if let why = expected[index].difference(
        from: found[index], tolerance: tolerance, places: places?[index])
      {
        return "step \(index + 1): \(why)"
      }
    }
    return nil
  }

  /// Two instances on the same steps.
  func repeats() throws -> PluginFinding {
    if let why = compare(try outcomes(), try outcomes()) { return .failed(why) }
    return .passed()
  }

  /// Any order of calls, each made twice.
  func callOrder() throws -> PluginFinding {
    try first { step in
      let expected = try step.outcome()
      let backwards = try step.batch.tokens.indices.reversed().map {
        try step.row($0, PolicyRow(z: step.step.rows[$0]))
      }
      let sequences = (0..<step.batch.sequenceCount).reversed().map { $0..<$0 + 1 }
      let again = PluginOutcome(
        step, additions: try step.additions(sequences), rows: backwards.reversed())
      return expected.difference(from: try step.outcome()) ?? expected.difference(from: again)
    }
  }

  /// Runs of whole sequences: the step in 1, 2 and 4.
  func split() throws -> PluginFinding {
    try first { step in
      let expected = try step.outcome()
      let rows = try step.batch.tokens.indices.map {
        try step.row($0, PolicyRow(z: step.step.rows[$0]))
      }
      let count = step.batch.sequenceCount
      for pieces in [2, 4, count] {
        let runs = (0..<pieces).map { count * $0 / pieces..<count * ($0 + 1) / pieces }
        let cut = PluginOutcome(step, additions: try step.additions(runs), rows: rows)
        if let why = expected.difference(from: cut) { return "in \(pieces) runs, \(why)" }
      }
      return nil
    }
  }

  /// The same sequences in another order. Sums of statistics round otherwise, so bits may differ.
  func permutation() throws -> PluginFinding {
    var draws = Draws(seed: 77)
    let orders = steps.map { step in
      let groups = Dictionary(grouping: 0..<step.frame.sequenceCount) { step.frame.groups[$0] }
      return draws.shuffled(groups.keys.sorted()).flatMap { draws.shuffled(groups[$0]!) }
    }
    let expected = try outcomes()
    let found = try outcomes(of: zip(steps, orders).map { $0.permuted($1) })
    let places = zip(steps, orders).map { step, order in
      order.flatMap { Array(step.frame.range($0)) }
    }
    guard let why = compare(expected, found, tolerance: 1e-4, places: places) else {
      return .passed()
    }
    if compare(expected, try outcomes(seed: 1)) != nil {
      return .passed(note: "it draws by the run's seed, so another order draws others: \(why)")
    }
    return .failed(why)
  }

  /// Other numbers, and none at all, in every column where the mask is 0.
  func maskLeak() throws -> PluginFinding {
    let expected = try outcomes()
    for (what, change) in [
      ("other numbers", { (batch: inout TokenBatch) in batch.scrambleMasked() }),
      ("NaN", { $0.scrambleMasked(.nan) }),
    ] {
      let others = steps.map { $0.withOtherMaskedRows() }
      if let why = compare(expected, try outcomes(of: others, change: change)) {
        return .failed("with \(what) at masked tokens, \(why)")
      }
    }
    return .passed()
  }

  /// Many threads at once.
  func threads(_ count: Int = 8) throws -> PluginFinding {
    try first { step in
      let expected = try step.outcome()
      let failures = Mutex<[String]>([])
      onThreads(count) { thread in
        let why: String?
        do {
          let found = thread % 2 == 0 ? try step.outcome() : try step.observedAgain()
          why = expected.difference(from: found)
        } catch {
          why = "\(error)"
        }
        if let why { failures.withLock { $0.append(why) } }
      }
      return failures.withLock { $0.first }.map { "on \(count) threads, \($0)" }
    }
  }
}

extension PreparedPluginStep {
  /// Asks for everything again, the rows' observers among it, and fails where they say otherwise.
  fileprivate func observedAgain() throws -> PluginOutcome {
    let trial = try step.batch(observers, reference: batch.referenceLogprobs != nil)
    guard trial.observed == batch.observed else {
      throw CheckError("what observe notes of a row is not the same again")
    }
    return try outcome()
  }
}

extension TokenBatch {
  /// Puts `value`, or a number that fits, in every column of masked tokens.
  fileprivate mutating func scrambleMasked(_ value: Float = 0.37) {
    for t in mask.indices where mask[t] == 0 {
      turns[t] = (turns[t] + 5) % 8
      advantages[t] = value
      logprobs[t] = -value
      oldLogprobs[t] = -2 * value
      behaviourLogprobs[t] = -value
      referenceLogprobs?[t] = -value
      entropies[t] = value
      oldEntropies[t] = 2 * value
      for observer in observed.indices {
        let width = observed[observer].width
        for place in t * width..<(t + 1) * width { observed[observer].values[place] = value }
        observed[observer].bytes[t] = []
      }
    }
  }
}

extension PluginStep {
  /// Other rows and ids where the mask is 0.
  fileprivate func withOtherMaskedRows() -> PluginStep {
    var step = self
    for t in frame.mask.indices where frame.mask[t] == 0 {
      step.rows[t] = rows[t].reversed().map { 3 * $0 + 1 }
      step.oldRows[t] = step.rows[t]
      step.frame.tokens[t] = (frame.tokens[t] + 1) % Int32(vocabulary)
    }
    return step
  }
}

/// Calls `body` on `count` threads and waits for all.
func onThreads(_ count: Int, _ body: @escaping @Sendable (_ thread: Int) -> Void) {
  let group = DispatchGroup()
  for thread in 0..<count {
    group.enter()
    Thread.detachNewThread {
      body(thread)
      group.leave()
    }
  }
  group.wait()
}
