import EntropyControl
import Foundation
import Synchronization
import Trajectories

/// What must not change what an intervention does: how a step is cut, in which order and on how
/// many threads it is asked, and what stands where nothing is trained on.
struct PluginInvariances {
  /// Each from the first step of a run on.
  let runs: [[PluginStep]]
  let make: (_ seed: UInt64) throws -> any EntropyIntervention

  func check(_ run: inout PluginCheckRun) {
    run.check("repeat", "two instances give the same bits") {
      try everyRun { compare(try outcomes($0), try outcomes($0)) }
    }
    run.check("call-order", "any order of calls, each made twice, gives the same bits") {
      try everyStep(callOrder)
    }
    run.check("split", "evaluate in 1, 2, 4 and more runs gives the same bits") {
      try everyStep(split)
    }
    run.check("permutation", "permuting the sequences permutes the result", permutation)
    run.check("mask", "what stands where the mask is 0 changes nothing elsewhere") {
      try everyRun(maskLeak)
    }
    run.check("threads", "eight threads at once get the same bits") { try everyStep(threads) }
    run.check("state", "saved, loaded and gone on with, it gives the same bits") {
      try PluginMemory(runs: runs, make: make).finding()
    }
  }

  private func everyRun(_ body: ([PluginStep]) throws -> String?) rethrows -> PluginFinding {
    for steps in runs {
      if let why = try body(steps) { return .failed(why) }
    }
    return .passed()
  }

  /// Takes a fresh instance through each run.
  private func everyStep(
    _ body: (_ step: PreparedPluginStep) throws -> String?
  ) throws -> PluginFinding {
    try everyRun { steps in
      let trial = try PluginTrial(try make(0))
      for step in steps {
        if let why = try body(try trial.prepare(step)) { return "\(step.title): \(why)" }
      }
      return nil
    }
  }

  /// The outcomes of a fresh instance.
  private func outcomes(
    _ steps: [PluginStep], seed: UInt64 = 0, change: (inout TokenBatch) -> Void = { _ in }
  ) throws -> [PluginOutcome] {
    let trial = try PluginTrial(try make(seed))
    return try steps.map { try trial.outcome($0, change: change) }
  }

  private func compare(
    _ expected: [PluginOutcome], _ found: [PluginOutcome], tolerance: Double = 0,
    places: [[Int]]? = nil
  ) -> String? {
    for index in expected.indices {
      if let why = expected[index].difference(
        from: found[index], tolerance: tolerance, places: places?[index])
      {
        return "\(expected[index].title): \(why)"
      }
    }
    return nil
  }

  private func callOrder(_ step: PreparedPluginStep) throws -> String? {
    let tokens = Array(step.batch.tokens.indices)
    let sequences = (0..<step.batch.sequenceCount).map { $0..<$0 + 1 }
    func outcome(_ runs: [Range<Int>], _ order: [Int]) throws -> PluginOutcome {
      // Rows first, so that they come before and after runs.
      let rows = Dictionary(uniqueKeysWithValues: try order.map { ($0, try step.row($0)) })
      return PluginOutcome(
        step, additions: try step.additions(runs), rows: tokens.map { rows[$0]! })
    }
    let expected = try outcome(sequences, tokens)
    let backwards = try outcome(sequences.reversed(), tokens.reversed())
    let again = try outcome(sequences, tokens)
    return expected.difference(from: backwards) ?? expected.difference(from: again)
  }

  private func split(_ step: PreparedPluginStep) throws -> String? {
    let rows = try step.batch.tokens.indices.map(step.row)
    let expected = PluginOutcome(
      step, additions: try step.prepared.additions(step.batch), rows: rows)
    let count = step.batch.sequenceCount
    for pieces in [2, 4, count] {
      let runs = (0..<pieces).map { count * $0 / pieces..<count * ($0 + 1) / pieces }
      let cut = PluginOutcome(step, additions: try step.additions(runs), rows: rows)
      if let why = expected.difference(from: cut) { return "in \(pieces) runs, \(why)" }
    }
    return nil
  }

  /// Sums of statistics round otherwise in another order, so bits may differ.
  private func permutation() throws -> PluginFinding {
    var draws = Draws(seed: 77)
    var note = ""
    for steps in runs {
      let orders = steps.map { step in
        let groups = Dictionary(grouping: 0..<step.frame.sequenceCount) { step.frame.groups[$0] }
        return draws.shuffled(groups.keys.sorted()).flatMap { draws.shuffled(groups[$0]!) }
      }
      let places = zip(steps, orders).map { step, order in
        order.flatMap { Array(step.frame.range($0)) }
      }
      let expected = try outcomes(steps)
      let found = try outcomes(zip(steps, orders).map { $0.permuted($1) })
      guard let why = compare(expected, found, tolerance: 1e-4, places: places) else { continue }
      guard compare(expected, try outcomes(steps, seed: 1)) != nil else { return .failed(why) }
      note = "it draws by the run's seed, so another order draws others: \(why)"
    }
    return .passed(note: note)
  }

  /// Other numbers, and none at all, in every column.
  private func maskLeak(_ steps: [PluginStep]) throws -> String? {
    let expected = try outcomes(steps)
    let others = steps.map { $0.withOtherMaskedRows() }
    for (what, value) in [("other numbers", 0.37), ("NaN", Float.nan)] {
      let found = try outcomes(others) { $0.fillMasked(value) }
      if let why = compare(expected, found) { return "with \(what) at masked tokens, \(why)" }
    }
    return nil
  }

  private func threads(_ step: PreparedPluginStep) throws -> String? {
    let expected = try step.outcome()
    let failures = Mutex<[String]>([])
    onThreads(8) { thread in
      do {
        let found = thread % 2 == 0 ? try step.outcome() : try step.observedAgain()
        if let why = expected.difference(from: found) { failures.withLock { $0.append(why) } }
      } catch {
        failures.withLock { $0.append("\(error)") }
      }
    }
    return failures.withLock(\.first)
  }
}

extension PreparedPluginStep {
  /// Asks for everything again, the rows' observers among it, and fails where they say otherwise.
  fileprivate func observedAgain() throws -> PluginOutcome {
    let again = try step.batch(observers, reference: false)
    guard again.observed == batch.observed else {
      throw CheckError("what observe notes of a row is not the same again")
    }
    return try outcome()
  }
}

extension TokenBatch {
  /// Puts `value`, or a number that fits, in every column of masked tokens.
  fileprivate mutating func fillMasked(_ value: Float) {
    for t in mask.indices where mask[t] == 0 {
      turns[t] = (turns[t] + 5) % 8
      voidTurns?[t].toggle()
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
