import EntropyControl
import Objectives
import Tensors
import Trajectories

/// One row of a policy, `z = logits / temperature`, as an intervention is shown it: in float.
struct PolicyRow {
  /// In double, for the algebra of gradients.
  let distribution: TokenDistribution<Double>
  /// `[V]`
  let logprobs: [Float]
  var entropy: Float { Float(distribution.entropy) }

  init(z: [Double]) {
    distribution = TokenDistribution(logits: z)
    logprobs = distribution.logprobs.map(Float.init)
  }

  func withView<Result>(
    _ moment: LogprobRow.Moment, token: Int32, _ body: (LogprobRow) throws -> Result
  ) rethrows -> Result {
    try logprobs.withUnsafeBufferPointer {
      try body(
        LogprobRow(
          moment: moment, token: token, logprob: logprobs[Int(token)], entropy: entropy,
          logprobs: $0))
    }
  }
}

/// An optimizer step to try an intervention on: a policy of a small vocabulary, given by its rows.
struct PluginStep {
  var position: StepPosition
  var objective = PolicyObjective()
  var vocabulary: Int
  /// `[N][V]` of the policy that sampled.
  var oldRows: [[Double]] = []
  /// `[N][V]` of the policy as it is now; the old ones in the first update of a rollout.
  var rows: [[Double]] = []
  /// `[N][V]` of the reference policy.
  var referenceRows: [[Double]] = []
  /// Everything that does not follow from the rows.
  var frame: TokenBatch

  /// For reports.
  var title: String { "step \(position.step) of \(frame.sequenceCount) sequences" }

  /// The step's columns, with what `observers` note of its rows.
  func batch(_ observers: [any RowObserver], reference: Bool) throws -> TokenBatch {
    var batch = frame
    let (old, current) = (oldRows.map(PolicyRow.init), rows.map(PolicyRow.init))
    func column(_ rows: [PolicyRow]) -> [Float] {
      zip(rows, frame.tokens).map { $0.logprobs[Int($1)] }
    }
    batch.logprobs = column(current)
    batch.oldLogprobs = column(old)
    batch.behaviourLogprobs = batch.oldLogprobs
    batch.referenceLogprobs = reference ? column(referenceRows.map(PolicyRow.init)) : nil
    batch.entropies = current.map(\.entropy)
    batch.oldEntropies = old.map(\.entropy)
    batch.observed = try observers.map { observer in
      var observed = ObservedRows(width: observer.width)
      for (t, row) in (observer.moment == .old ? old : current).enumerated() {
        observed.append(try observer.rows(of: row, token: frame.tokens[t]))
      }
      return observed
    }
    return batch
  }

  /// The same step with its sequences in another order; groups stay together and are numbered
  /// anew.
  ///
  /// - Parameter order: `[S]` which sequence comes in each place.
  func permuted(_ order: [Int]) -> PluginStep {
    var step = self
    let tokens = order.flatMap { Array(frame.range($0)) }
    func pick<Element>(_ column: [Element]) -> [Element] { tokens.map { column[$0] } }
    step.frame.prompts = order.map { frame.prompts[$0] }
    step.frame.offsets = order.reduce(into: [0]) { $0.append($0.last! + frame.range($1).count) }
    var numbers: [Int: Int] = [:]
    step.frame.groups = order.map {
      let group = frame.groups[$0]
      if numbers[group] == nil { numbers[group] = numbers.count }
      return numbers[group]!
    }
    step.frame.tokens = pick(frame.tokens)
    step.frame.turns = pick(frame.turns)
    step.frame.authors = pick(frame.authors)
    step.frame.voidTurns = frame.voidTurns.map(pick)
    step.frame.mask = pick(frame.mask)
    step.frame.advantages = pick(frame.advantages)
    (step.oldRows, step.rows) = (pick(oldRows), pick(rows))
    step.referenceRows = pick(referenceRows)
    return step
  }
}

extension RowObserver {
  /// What it notes of one row.
  func rows(of row: PolicyRow, token: Int32) throws -> ObservedRows {
    var floats = [Float](repeating: 0, count: width)
    let bytes = try row.withView(moment, token: token) { view in
      try floats.withUnsafeMutableBufferPointer { try observe(view, into: $0) }
    }
    return ObservedRows(width: width, values: floats, bytes: [bytes])
  }
}

/// Numbers drawn one after another.
struct Draws {
  private let random: CounterRandom
  private var drawn = 0

  init(seed: UInt64) { random = CounterRandom(seed: seed, purpose: .check) }

  mutating func integer(below bound: Int) -> Int {
    drawn += 1
    return random.integer(below: bound, drawn)
  }

  mutating func uniform() -> Double {
    drawn += 1
    return random.uniform(drawn)
  }

  mutating func normal() -> Double {
    drawn += 1
    return random.normal(drawn)
  }

  mutating func normals(_ count: Int) -> [Double] { (0..<count).map { _ in normal() } }

  mutating func shuffled<Element>(_ elements: [Element]) -> [Element] {
    var elements = elements
    for index in elements.indices.reversed().dropLast() {
      elements.swapAt(index, integer(below: index + 1))
    }
    return elements
  }
}
