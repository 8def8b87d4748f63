import EntropyControl
import Foundation
import Metrics
import Trajectories

/// An intervention made of closures, for a test to break in one place.
final class ScriptedIntervention: EntropyIntervention, @unchecked Sendable {  // prepare is alone
  let name = "scripted"
  var needs = InterventionNeeds()
  /// Remembered from step to step.
  var memory: [Double] = []
  /// Frozen by `prepare`.
  var frozen: [Double] = []
  var saves = true

  var onObserve: (LogprobRow) -> [Float] = { _ in [] }
  var onPrepare:
    (ScriptedIntervention, StepPosition, inout TokenBatch, inout Shaping, [Float], ObservedMoments)
      -> [Bool] = { _, _, _, _, _, _ in [] }
  /// Phi and its slopes in log-probability and entropy, of a token of a run.
  var onEvaluate:
    ((ScriptedIntervention, TokenBatch, Int) -> (phi: Double, dLogprob: Double, dEntropy: Double))?
  var onDifferentiate:
    (ScriptedIntervention, LogprobRow, Int, Double) -> (loss: Double, gradient: [Double]) = {
      _, row, _, _ in (0, row.logprobs.map { _ in 0 })
    }

  init(_ configure: (ScriptedIntervention) -> Void) { configure(self) }

  func observe(
    _ row: LogprobRow, into floats: UnsafeMutableBufferPointer<Float>
  ) throws -> [UInt8] {
    for (place, value) in onObserve(row).enumerated() { floats[place] = value }
    return []
  }

  func prepare(
    _ step: StepPosition, _ batch: inout TokenBatch, _ shaping: inout Shaping,
    coefficients: [Float], observed: ObservedMoments
  ) throws -> [Bool] {
    onPrepare(self, step, &batch, &shaping, coefficients, observed)
  }

  func evaluate(
    _ run: TokenBatch, first: Int, coefficients: [Float], observed: ObservedMoments
  ) throws -> TokenAdditions {
    var additions = TokenAdditions(count: run.count)
    guard let onEvaluate else { return additions }
    for t in 0..<run.count {
      let added = onEvaluate(self, run, t)
      additions.phi[t] = Float(added.phi)
      additions.dLogprob[t] = Float(added.dLogprob)
      additions.dEntropy[t] = Float(added.dEntropy)
    }
    return additions
  }

  func differentiate(
    _ row: LogprobRow, token: Int, coefficient: Double, bytes: [UInt8],
    into gradient: UnsafeMutableBufferPointer<Float>
  ) throws -> Double {
    let added = onDifferentiate(self, row, token, coefficient)
    for (v, value) in added.gradient.enumerated() { gradient[v] += Float(value) }
    return added.loss
  }

  func takeMetrics() -> StepMetrics { StepMetrics() }
  func takeColumns() -> [TokenColumn] { [] }

  func saveState() throws -> Data? {
    guard saves, !memory.isEmpty else { return nil }
    return memory.withUnsafeBytes { Data($0) }
  }

  func restoreState(_ state: Data) throws {
    memory = Array(repeating: 0, count: state.count / MemoryLayout<Double>.size)
    _ = memory.withUnsafeMutableBytes { state.copyBytes(to: $0) }
  }
}

extension TokenBatch {
  /// Over trained tokens.
  var meanEntropy: Double {
    let trained = mask.indices.filter { mask[$0] != 0 }
    return trained.reduce(0) { $0 + Double(entropies[$1]) } / Double(max(1, trained.count))
  }
}
