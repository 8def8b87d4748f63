import EntropyControl
import Foundation
import JSON
import Metrics
import Trajectories

/// `-c sum W H` without the core's own term for it.
final class EntropyBonus: EntropyIntervention {
  let name = "entropy-bonus"
  let needs = InterventionNeeds()
  private let coefficient: Double
  private let byRows: Bool
  /// What it reports of every token, for a quantity of the case.
  private let column: Float?
  /// Tokens of the step prepared last.
  nonisolated(unsafe) private var count = 0

  init(_ settings: JSONLiteral, byRows: Bool, column: Float? = nil) {
    guard case .double(let coefficient)? = settings["entropy_coef"] else { fatalError() }
    (self.coefficient, self.byRows, self.column) = (coefficient, byRows, column)
  }

  func observe(_ row: LogprobRow, into floats: UnsafeMutableBufferPointer<Float>) -> [UInt8] { [] }

  func prepare(
    _ step: StepPosition, _ batch: inout TokenBatch, _ shaping: inout Shaping,
    coefficients: [Float], observed: ObservedMoments
  ) -> [Bool] {
    count = batch.count
    return byRows ? batch.mask.map { $0 != 0 } : []
  }

  func evaluate(
    _ run: TokenBatch, first: Int, coefficients: [Float], observed: ObservedMoments
  ) -> TokenAdditions {
    var additions = TokenAdditions(count: run.count)
    guard !byRows else { return additions }
    additions.phi = run.entropies.map { -Float(coefficient) * $0 }
    additions.dEntropy = run.entropies.map { _ in -Float(coefficient) }
    return additions
  }

  func differentiate(
    _ row: LogprobRow, token: Int, coefficient w: Double, bytes: [UInt8],
    into gradient: UnsafeMutableBufferPointer<Float>
  ) -> Double {
    for (v, logprob) in row.logprobs.enumerated() {
      gradient[v] += Float(coefficient * w) * exp(logprob) * (logprob + row.entropy)
    }
    return -coefficient * w * Double(row.entropy)
  }

  func takeMetrics() -> StepMetrics { StepMetrics() }
  func takeColumns() -> [TokenColumn] {
    column.map { [TokenColumn("entropy-bonus/entropy", Array(repeating: $0, count: count))] } ?? []
  }
  func saveState() -> Data? { nil }
  func restoreState(_ state: Data) {}
}
