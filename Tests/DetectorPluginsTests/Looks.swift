import Detectors
import Foundation
import Metrics
import PluginHost
import Trajectories

let shipped = PluginCatalog()

/// A shipped detector, `NAME` or `NAME:key=value,...`, that is shown one thing after the other.
final class Watched {
  let detector: any Detector
  /// Of the last look.
  private(set) var metrics = StepMetrics()
  private var step = 0

  init(_ request: String, seed: UInt64 = 0) throws {
    detector = try shipped.detector(
      PluginRequest(parsing: request), PluginSurroundings(seed: seed)
    ).detector
  }

  /// Shows it an event, of the next step unless another is named.
  @discardableResult
  func look(
    _ event: DetectionEvent, step: Int? = nil, _ fill: (inout Observation) throws -> Void = { _ in }
  ) throws -> Finding {
    self.step = step ?? self.step + 1
    var seen = Observation(event, step: self.step, totalSteps: 10_000)
    try fill(&seen)
    let finding = try detector.detect(seen)
    metrics = detector.takeMetrics()
    return finding
  }

  /// What it recorded of the last look.
  subscript(quantity: String) -> Double? {
    MetricName(rawValue: "\(detector.name)/\(quantity)").flatMap { metrics[$0] }
  }

  /// Shows it an update whose tokens have these entropies.
  @discardableResult
  func look(entropies: [Double], reward: Double? = nil) throws -> Finding {
    try look(.gradients) { seen in
      var batch = TokenBatch(tokens: entropies.count)
      batch.entropies = entropies.map { Float($0) }
      seen.tokens = batch
      if let reward { seen.metrics["reward/mean"] = reward }
    }
  }

  /// Shows it gradients, or an update, of one matrix.
  @discardableResult
  func look(
    _ event: DetectionEvent = .gradients, norm: Double, spikes: Double = 0, clip: Double? = nil
  ) throws -> Finding {
    try look(event) { seen in
      var tensor = TensorView(name: "w", shape: [10, 10])
      (tensor.gradientNorm, tensor.weightNorm, tensor.updateNorm) = (norm, 1, norm)
      (tensor.gradientMax, tensor.gradientMean, tensor.spikes) = (norm / 5, norm / 20, spikes)
      seen.tensors = [tensor]
      seen.adamUpdates = 100
      seen.clipNorm = clip
    }
  }

  /// Shows it one row of logits, with what an update does to it.
  @discardableResult
  func look(
    _ event: DetectionEvent = .gradients, logits: [Double], token: Int = 0, advantage: Double = 1,
    change: [Double]? = nil, updateNorm: Double = 1, temperature: Double = 1
  ) throws -> Finding {
    let (row, moved) = (logits.map { Float($0) }, (change ?? []).map { Float($0) })
    return try row.withUnsafeBufferPointer { row in
      try moved.withUnsafeBufferPointer { moved in
        try look(event) { seen in
          var tensor = TensorView(name: "w", shape: [1])
          tensor.updateNorm = updateNorm
          (seen.tensors, seen.temperature) = ([tensor], temperature)
          seen.logits = [
            LogitRow(
              token: Int32(token), index: 0, advantage: Float(advantage), logits: row,
              change: change == nil ? nil : moved)
          ]
        }
      }
    }
  }

  /// Shows it a rollout with these rewards, `[groups][G]`.
  @discardableResult
  func look(
    rewards: [[Double?]], components: [(String, [Float])] = [],
    _ fill: (inout Outcomes) -> Void = { _ in }
  ) throws -> Finding {
    try look(.rollout) { seen in
      var outcomes = Outcomes(rewards)
      outcomes.components = components
      fill(&outcomes)
      seen.outcomes = outcomes
    }
  }

  /// Shows it a completion whose tokens are drawn from these rows of logits, at a temperature.
  @discardableResult
  func look(
    traces: [[[Double]]], temperature: Double = 1, outcomes: Outcomes? = nil,
    event: DetectionEvent = .rollout
  ) throws -> Finding {
    var noted = ObservedRows(width: detector.needs.observed)
    for row in traces.joined() { noted.append(try note(row.map { $0 / temperature })) }
    return try look(event) { seen in
      seen.tokens = TokenBatch(
        prompts: traces.map { _ in [0] },
        completions: traces.map { Array(repeating: 0, count: $0.count) })
      (seen.observed, seen.outcomes, seen.temperature) = (noted, outcomes, temperature)
    }
  }

  private func note(_ z: [Double]) throws -> ObservedRows {
    let norm = log(z.reduce(0) { $0 + exp($1) })
    let logprobs = z.map { Float($0 - norm) }
    let bytes = try logprobs.withUnsafeBufferPointer { logprobs in
      try detector.observe(
        LogprobRow(
          moment: .old, token: 0, logprob: logprobs[0], entropy: 0, logprobs: logprobs),
        into: UnsafeMutableBufferPointer(start: nil, count: 0))
    }
    return ObservedRows(width: 0, bytes: [bytes])
  }

  /// Shows it a checkpoint of one matrix.
  @discardableResult
  func look(matrix: [Float], shape: [Int]) throws -> Finding {
    try matrix.withUnsafeBufferPointer { weights in
      try look(.checkpoint) { seen in
        var tensor = TensorView(name: "layers.0.weight", shape: shape)
        tensor.weights = weights
        seen.tensors = [tensor]
      }
    }
  }
}

extension TokenBatch {
  init(tokens count: Int) {
    self.init(prompts: [[0]], completions: [Array(repeating: 0, count: count)])
  }
}

extension Outcomes {
  /// Right where the reward is above 0.
  init(_ rewards: [[Double?]]) {
    let all = rewards.joined()
    self.init(
      groups: rewards.enumerated().flatMap { group, members in members.map { _ in group } },
      rewards: all.map { $0.map { Float($0) } },
      verdicts: all.map { $0.map { $0 > 0 ? .right : .wrong } ?? .failed },
      truncated: all.map { _ in false }, lengths: all.map { _ in 10 },
      texts: all.indices.map { "answer \($0)" })
  }
}

/// Steele et al. 2014, "Fast Splittable Pseudorandom Number Generators".
struct SplitMix {
  var state: UInt64

  /// In 0..<1.
  mutating func uniform() -> Double {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return Double((z ^ (z >> 31)) >> 11) * 0x1p-53
  }

  mutating func normal() -> Double {
    (-2 * log(1 - uniform())).squareRoot() * cos(2 * .pi * uniform())
  }
}

func isClose(_ a: Double?, _ b: Double, _ tolerance: Double = 1e-5) -> Bool {
  a.map { abs($0 - b) <= tolerance * (1 + abs(b)) } ?? false
}
