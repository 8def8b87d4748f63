import EntropyControl
import Foundation
import Metrics
import Synchronization
import Trajectories

/// An intervention that does a little of everything, times a coefficient: weights, slopes in
/// log-probability and entropy, a row loss, a scalar, and a memory that all of it depends on.
final class Tilt: EntropyIntervention {
  let name: String
  let coefficient: Float
  let needs: InterventionNeeds
  /// What `prepare` does at last, to break something.
  let breaking: @Sendable (inout Shaping) throws -> Void
  private let memory = Mutex(Memory())
  private let reported = Mutex<(metrics: StepMetrics, columns: [TokenColumn])>(
    (StepMetrics(), []))

  struct Memory: Codable, Equatable {
    var steps = 0
    var meanEntropy = 0.0
  }
  var remembered: Memory { memory.withLock(\.self) }

  init(
    _ name: String = "tilt", coefficient: Float = 0.5,
    breaking: @escaping @Sendable (inout Shaping) throws -> Void = { _ in }
  ) {
    (self.name, self.coefficient, self.breaking) = (name, coefficient, breaking)
    var needs = InterventionNeeds()
    (needs.oldRows, needs.currentRows, needs.observed) = (true, true, 2)
    self.needs = needs
  }

  /// Two figures of the row; of an old one also its first ten ids' probabilities.
  func observe(
    _ row: LogprobRow, into floats: UnsafeMutableBufferPointer<Float>
  ) -> [UInt8] {
    floats[0] = row.logprobs.max()!
    floats[1] = row.logprob + row.entropy
    guard row.moment == .old else { return [] }
    let law = row.logprobs.prefix(10).map { exp($0) }
    let sum = law.reduce(0, +)
    return law.flatMap { value in withUnsafeBytes(of: value / sum, Array.init) }
  }

  func prepare(
    _ step: StepPosition, _ batch: inout TokenBatch, _ shaping: inout Shaping,
    coefficients: [Float], observed: ObservedMoments
  ) throws -> [Bool] {
    let trained = batch.mask.indices.filter { batch.mask[$0] != 0 }
    let mean =
      trained.reduce(0) { $0 + Double(batch.entropies[$1]) } / Double(max(trained.count, 1))
    let anchor = memory.withLock { memory in
      memory.steps += 1
      memory.meanEntropy += 0.5 * (mean - memory.meanEntropy)
      return memory.meanEntropy
    }
    for t in trained {
      let peak = observed.current!.values[2 * t] - 0.5 * observed.old!.values[2 * t]
      shaping.weights[t] = 1 + coefficient * (0.1 * peak + Float(anchor) * 0.1)
    }
    shaping.entropyCoefficient = 0.05 * Double(coefficient)
    shaping.scalarLoss = Double(coefficient) * anchor
    try breaking(&shaping)
    let weights = shaping.weights
    reported.withLock {
      $0.metrics[MetricName(rawValue: "\(name)/anchor")!] = anchor
      $0.columns = [TokenColumn("\(name)/weight", weights)]
    }
    guard coefficient != 0 else { return [] }
    return batch.mask.indices.map { batch.mask[$0] != 0 && batch.tokens[$0] % 3 != 0 }
  }

  func evaluate(
    _ run: TokenBatch, first: Int, coefficients: [Float], observed: ObservedMoments
  ) -> TokenAdditions {
    var additions = TokenAdditions(count: run.count)
    for t in 0..<run.count {
      // 0.3 H + 0.1 H lp
      additions.phi[t] = coefficient * run.entropies[t] * (0.3 + 0.1 * run.logprobs[t])
      additions.dEntropy[t] = coefficient * (0.3 + 0.1 * run.logprobs[t])
      additions.dLogprob[t] = coefficient * 0.1 * run.entropies[t]
    }
    return additions
  }

  /// W times the divergence of the row from what was kept of the old one.
  func differentiate(
    _ row: LogprobRow, token: Int, coefficient w: Double, bytes: [UInt8],
    into gradient: UnsafeMutableBufferPointer<Float>
  ) -> Double {
    let old = bytes.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
    var loss = 0.0
    for v in row.logprobs.indices {
      let q = v < old.count ? Double(old[v]) : 0
      let scale = w * Double(coefficient)
      if q > 0 { loss += scale * q * (log(q) - Double(row.logprobs[v])) }
      gradient[v] += Float(scale * (exp(Double(row.logprobs[v])) - q))
    }
    return loss
  }

  func takeMetrics() -> StepMetrics {
    reported.withLock { state in
      defer { state.metrics = StepMetrics() }
      return state.metrics
    }
  }
  func takeColumns() -> [TokenColumn] {
    reported.withLock { state in
      defer { state.columns = [] }
      return state.columns
    }
  }

  func saveState() throws -> Data? { try JSONEncoder().encode(remembered) }
  func restoreState(_ state: Data) throws {
    let restored = try JSONDecoder().decode(Memory.self, from: state)
    memory.withLock { $0 = restored }
  }
}
