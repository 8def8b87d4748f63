import EntropyControl
import Foundation
import Objectives
import PluginHost
import Trajectories

let shipped = PluginCatalog()

/// A shipped intervention, `NAME` or `NAME:key=value,...`.
func intervention(_ request: String, seed: UInt64 = 0) throws -> any EntropyIntervention {
  try shipped.intervention(PluginRequest(parsing: request), PluginSurroundings(seed: seed))
    .intervention
}

/// An optimizer step given by its logits, which an intervention passes as in training.
struct Experiment {
  /// `[N][V]` of the policy as it is now, and of the one that sampled.
  var logits: [[Double]]
  var oldLogits: [[Double]]
  /// `[S]` tokens of each sequence.
  var lengths: [Int]
  var tokens: [Int32]
  var advantages: [Float]
  var mask: [UInt8]
  var turns: [Int]
  var voidTurns: [Bool]?
  var objective = PolicyObjective()
  var temperature = 1.0
  var position = StepPosition(step: 1, totalSteps: 100, rollout: 1, update: 0)

  /// All tokens trained on, in one turn.
  init(
    logits: [[Double]], oldLogits: [[Double]]? = nil, lengths: [Int], tokens: [Int32],
    advantages: [Float]
  ) {
    (self.logits, self.oldLogits) = (logits, oldLogits ?? logits)
    (self.lengths, self.tokens, self.advantages) = (lengths, tokens, advantages)
    mask = Array(repeating: 1, count: tokens.count)
    turns = Array(repeating: 0, count: tokens.count)
  }

  /// Two sequences of two tokens over four symbols; the second's last is off-policy enough to be
  /// clipped.
  static var example: Experiment {
    Experiment(
      logits: [
        [2, 1, 0, -1], [0.5, 0.4, 0.3, 0.2], [0, 1.5, -0.5, 0.5], [1, -2, 0.5, 0],
      ],
      oldLogits: [
        [1.8, 1.1, 0.1, -1], [0.5, 0.5, 0.2, 0.2], [0.2, 1.2, -0.4, 0.5], [1, -1.5, 0.5, 0.1],
      ], lengths: [2, 2], tokens: [0, 2, 1, 1], advantages: [1, 1, -1, -1])
  }

  /// Sequences of random logits, every third token another's.
  static func random(_ count: Int, vocabulary: Int, seed: UInt64) -> Experiment {
    var generator = SplitMix(state: seed)
    func row() -> [Double] { (0..<vocabulary).map { _ in generator.next() * 6 - 3 } }
    let logits = (0..<count).map { _ in row() }
    let old = logits.map { $0.map { $0 + generator.next() - 0.5 } }
    var experiment = Experiment(
      logits: logits, oldLogits: old, lengths: [count / 2, count - count / 2],
      tokens: (0..<count).map { _ in Int32(generator.next() * Double(vocabulary)) },
      advantages: (0..<count).map { _ in Float(generator.next() * 2 - 1) })
    experiment.mask = (0..<count).map { $0 % 3 == 2 ? 0 : 1 }
    return experiment
  }

  struct Outcome {
    /// With what rows and scalar add.
    var loss: Double
    /// `[N][V]` d loss / d logits.
    var gradient: [[Double]]
    var shaping: Shaping
    var metrics: [String: Double]
    private var columns: [String: [Float]]

    /// A column of the intervention without its name in front.
    subscript(column: String) -> [Float] { columns[column] ?? [] }

    fileprivate init(
      loss: Double, gradient: [[Double]], shaping: Shaping, of member: any EntropyIntervention
    ) {
      (self.loss, self.gradient, self.shaping) = (loss, gradient, shaping)
      func short(_ name: some StringProtocol) -> String {
        String(name.dropFirst(member.name.count + 1))
      }
      metrics = [:]
      for (name, value) in member.takeMetrics() { metrics[short(name.rawValue)] = value }
      columns = [:]
      for column in member.takeColumns() { columns[short(column.name)] = column.values }
    }
  }

  func run(_ request: String) throws -> Outcome { try run(intervention(request)) }

  func run(_ member: any EntropyIntervention) throws -> Outcome {
    let set = try InterventionSet([member])
    let current = logits.map(logprobs)
    let old = oldLogits.map(logprobs)
    var batch = batch(current, old)
    batch.observed = try set.observers.map { observer in
      let rows = observer.moment == .old ? old : current
      var observed = ObservedRows(width: observer.width)
      for t in rows.indices {
        var floats = [Float](repeating: 0, count: observer.width)
        let bytes = try withRow(rows[t], t, observer.moment) { row in
          try floats.withUnsafeMutableBufferPointer { try observer.observe(row, into: $0) }
        }
        observed.append(ObservedRows(width: observer.width, values: floats, bytes: [bytes]))
      }
      return observed
    }
    let prepared = try set.prepare(
      position, &batch, objective.shaping(count: batch.count),
      coefficients: objective.coefficients)
    let result = try objective.evaluate(
      batch, shaping: prepared.shaping, additions: prepared.additions(batch))

    var loss = result.loss
    var gradient: [[Double]] = []
    for t in current.indices {
      var added = [Float](repeating: 0, count: current[t].count)
      if prepared.wants(t) {
        loss += try withRow(current[t], t, .current) { row in
          try added.withUnsafeMutableBufferPointer {
            try prepared.differentiate(row, token: t, into: $0)
          }
        }
      }
      gradient.append(
        current[t].indices.map { v in
          let (logp, p) = (current[t][v], exp(current[t][v]))
          let chosen = v == Int(tokens[t]) ? 1.0 : 0.0
          return
            (Double(result.dLogprob[t]) * (chosen - p)
            - Double(result.dEntropy[t]) * p * (logp + entropy(current[t])) + Double(added[v]))
            / temperature
        })
    }
    return Outcome(loss: loss, gradient: gradient, shaping: prepared.shaping, of: member)
  }

  private func batch(_ current: [[Double]], _ old: [[Double]]) -> TokenBatch {
    var first = 0
    let completions = lengths.map { length -> [Int32] in
      defer { first += length }
      return Array(tokens[first..<first + length])
    }
    var batch = TokenBatch(prompts: lengths.map { _ in [0] }, completions: completions)
    (batch.mask, batch.advantages, batch.turns) = (mask, advantages, turns)
    batch.voidTurns = voidTurns
    batch.logprobs = zip(current, tokens).map { Float($0[Int($1)]) }
    batch.oldLogprobs = zip(old, tokens).map { Float($0[Int($1)]) }
    batch.behaviourLogprobs = batch.oldLogprobs
    batch.entropies = current.map { Float(entropy($0)) }
    batch.oldEntropies = old.map { Float(entropy($0)) }
    return batch
  }

  private func logprobs(_ logits: [Double]) -> [Double] {
    let scaled = logits.map { $0 / temperature }
    let largest = scaled.max()!
    let norm = largest + log(scaled.reduce(0) { $0 + exp($1 - largest) })
    return scaled.map { $0 - norm }
  }

  private func withRow<Result>(
    _ logprobs: [Double], _ t: Int, _ moment: LogprobRow.Moment,
    _ body: (LogprobRow) throws -> Result
  ) rethrows -> Result {
    try logprobs.map(Float.init).withUnsafeBufferPointer { row in
      try body(
        LogprobRow(
          moment: moment, token: tokens[t], logprob: row[Int(tokens[t])],
          entropy: Float(entropy(logprobs)), logprobs: row))
    }
  }
}

private func entropy(_ logprobs: [Double]) -> Double {
  logprobs.reduce(0) { $0 - exp($1) * $1 }
}

/// Steele et al. 2014, "Fast Splittable Pseudorandom Number Generators".
struct SplitMix {
  var state: UInt64

  /// In 0..<1.
  mutating func next() -> Double {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return Double((z ^ (z >> 31)) >> 11) * 0x1p-53
  }
}

/// Whether numbers that come in Float are these.
func isClose(_ a: [some BinaryFloatingPoint], _ b: [Double]) -> Bool {
  a.count == b.count && zip(a, b).allSatisfy { isClose(Double($0), $1) }
}

func isClose(_ a: Double, _ b: Double) -> Bool { abs(a - b) <= 2e-6 + 2e-6 * abs(b) }
