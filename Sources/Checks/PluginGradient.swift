import EntropyControl
import Foundation
import Objectives
import Trajectories

/// The loss of a prepared step as a function of one row of z, and its gradient there, with
/// everything that `prepare` froze held fixed.
///
/// Losses and gradients come in three parts: the whole loss, what `evaluate` adds, and what
/// `differentiate` adds.
struct PluginGradient {
  enum Part: Int, CaseIterable {
    case whole, additions, rows

    /// The check's name.
    var check: String {
      switch self {
      case .whole: "gradient"
      case .additions: "gradient-evaluate"
      case .rows: "gradient-rows"
      }
    }

    var what: String {
      switch self {
      case .whole: "the whole loss"
      case .additions: "what evaluate adds"
      case .rows: "what differentiate adds"
      }
    }
  }

  /// Loss and gradient where one row is as it is asked for, one element for each part.
  struct Point {
    var loss = SIMD4<Double>.zero
    /// `[V]`
    var gradient: [SIMD4<Double>]
  }

  let step: PreparedPluginStep

  /// - Parameter t: the token whose row is `z`.
  func callAsFunction(_ t: Int, _ z: [Double]) throws -> Point {
    let row = PolicyRow(z: z)
    let token = Int(step.batch.tokens[t])
    var batch = step.batch
    batch.logprobs[t] = row.logprobs[token]
    batch.entropies[t] = row.entropy
    let additions = try step.prepared.additions(batch)
    let result = try step.step.objective.evaluate(
      batch, shaping: step.prepared.shaping, additions: additions)
    let direct = try step.row(t, row)

    let coefficients = step.prepared.coefficients
    let added = zip(coefficients, additions.phi).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    let w = Double(coefficients[t])
    let slopes = SIMD4(Double(result.dLogprob[t]), w * Double(additions.dLogprob[t]), 0, 0)
    let entropySlopes = SIMD4(Double(result.dEntropy[t]), w * Double(additions.dEntropy[t]), 0, 0)
    let distribution = row.distribution
    return Point(
      loss: SIMD4(result.loss + direct.loss, added, direct.loss, 0),
      gradient: z.indices.map { v in
        let p = exp(distribution.logprobs[v])
        let chosen = v == token ? 1.0 : 0
        let given = Double(direct.gradient[v])
        return slopes * (chosen - p)
          - entropySlopes * (p * (distribution.logprobs[v] + distribution.entropy))
          + SIMD4(given, 0, given, 0)
      })
  }

  /// How far rounding to float moves the loss, in each part: what a line through three close
  /// points leaves over.
  func rounding(_ t: Int) throws -> SIMD4<Double> {
    let z = step.step.rows[t]
    let center = try callAsFunction(t, z).loss
    var largest = SIMD4<Double>.zero
    for close in 1...3 {
      // In a direction of its own for each component, the same at every call.
      let offsets = z.indices.map { 2e-5 * Double(close) * cos(Double($0 * (close + 1))) }
      let above = try callAsFunction(t, zip(z, offsets).map { $0 + $1 }).loss
      let below = try callAsFunction(t, zip(z, offsets).map { $0 - $1 }).loss
      let rest = above - 2 * center + below
      largest = pointwiseMax(largest, pointwiseMax(rest, -rest))
    }
    return largest
  }
}
