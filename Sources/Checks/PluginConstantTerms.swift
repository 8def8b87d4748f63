import EntropyControl
import Foundation
import Trajectories

/// Looks for terms that are reported and that training cannot see: their value changes when the
/// policy does, and the slopes do not say so.
///
/// All rows move along a path, in small steps. Over each, a sequence's added phi changes by the
/// integral of its slopes in log-probability and entropy; where it does not, a part of it jumps.
/// The smoothing penalty of EPO as published (arXiv:2509.22576) is such a term: built from
/// comparisons, it is a constant as far as training goes.
struct ConstantTerms {
  private static let steps = 96
  /// How far each component of z moves, in deviations of a normal number.
  private static let distance = 1.5

  private var slopesAreZero = true
  private var largestPhi = 0.0
  private var largestChange = 0.0
  private var jump = 0.0
  private var jumps = 0
  private var moves = 0
  private var rowsAreFlat = true
  private var largestRowLoss = 0.0

  private struct Place {
    var logprobs: [Float]
    var entropies: [Float]
    var additions: TokenAdditions
  }

  /// Walks away from where a step was prepared.
  mutating func walk(_ step: PreparedPluginStep, _ draws: inout Draws) throws {
    let directions = step.step.rows.map { row in row.map { _ in Self.distance * draws.normal() } }
    var previous: Place?
    var first: TokenAdditions?
    for k in 0...Self.steps {
      let share = Double(k) / Double(Self.steps)
      let rows = zip(step.step.rows, directions).map { row, direction in
        PolicyRow(z: zip(row, direction).map { $0 + share * $1 })
      }
      var batch = step.batch
      batch.logprobs = zip(rows, batch.tokens).map { $0.logprobs[Int($1)] }
      batch.entropies = rows.map(\.entropy)
      let place = Place(
        logprobs: batch.logprobs, entropies: batch.entropies,
        additions: try step.prepared.additions(batch))
      note(place, from: first ?? place.additions)
      first = first ?? place.additions
      if let previous { compare(previous, place, step) }
      previous = place
      if k == 0 || k == Self.steps { try look(at: rows, step) }
    }
  }

  private mutating func note(_ place: Place, from first: TokenAdditions) {
    for t in place.additions.phi.indices {
      let phi = Double(place.additions.phi[t])
      largestPhi = max(largestPhi, abs(phi))
      largestChange = max(largestChange, abs(phi - Double(first.phi[t])))
      if place.additions.dLogprob[t] != 0 || place.additions.dEntropy[t] != 0 {
        slopesAreZero = false
      }
    }
  }

  private mutating func compare(_ a: Place, _ b: Place, _ step: PreparedPluginStep) {
    for s in 0..<step.batch.sequenceCount {
      // The sequence's change of sum W phi, what its slopes make of it, and what a bend of the
      // slopes or rounding may add.
      var (change, expected, bend, rounding) = (0.0, 0.0, 0.0, 0.0)
      for t in step.batch.range(s) {
        let w = Double(step.prepared.coefficients[t])
        change += w * (Double(b.additions.phi[t]) - Double(a.additions.phi[t]))
        rounding += w * 0x1p-23 * abs(Double(a.additions.phi[t]))
        for (slopeA, slopeB, from, to) in [
          (a.additions.dLogprob[t], b.additions.dLogprob[t], a.logprobs[t], b.logprobs[t]),
          (a.additions.dEntropy[t], b.additions.dEntropy[t], a.entropies[t], b.entropies[t]),
        ] {
          let moved = Double(to) - Double(from)
          expected += w * moved * (Double(slopeA) + Double(slopeB)) / 2
          bend += w * abs(moved * (Double(slopeB) - Double(slopeA)))
          bend += w * 0.02 * abs(moved) * max(abs(Double(slopeA)), abs(Double(slopeB)))
          rounding += w * 0x1p-22 * abs(Double(slopeA) * Double(from))
        }
      }
      guard change != 0 || expected != 0 else { continue }
      moves += 1
      guard abs(change - expected) > bend + rounding else { continue }
      jumps += 1
      jump = max(jump, abs(change - expected))
    }
  }

  private mutating func look(at rows: [PolicyRow], _ step: PreparedPluginStep) throws {
    for (t, row) in rows.enumerated() where step.prepared.wants(t) {
      let (loss, gradient) = try step.row(t, row)
      largestRowLoss = max(largestRowLoss, abs(loss))
      if gradient.contains(where: { $0 != 0 }) { rowsAreFlat = false }
    }
  }

  var finding: PluginFinding {
    let short = FiniteDifferences.short
    if slopesAreZero, largestPhi > 0 {
      return .failed(
        largestChange > 0
          ? """
          the added phi changes by up to \(short(largestChange)) when z moves but its slopes are \
          0: a constant as far as training goes; report it as a metric, or give its slopes
          """
          : """
          phi of up to \(short(largestPhi)) is added and its slopes are 0: a constant as far as \
          training goes; report it as a metric, or as the scalar loss
          """)
    }
    if rowsAreFlat, largestRowLoss > 0 {
      return .failed(
        """
        rows add up to \(short(largestRowLoss)) each to the loss and their gradients are 0: a \
        constant as far as training goes; report it as a metric, or as the scalar loss
        """)
    }
    // What is wrong everywhere is a wrong gradient, not a jump.
    if jumps > 0, 4 * jumps < moves {
      return .failed(
        """
        the added phi jumps by up to \(short(jump)) when z moves, at \(jumps) of \(moves) \
        steps, but its slopes go on as if it did not: that term is a constant as far as training \
        goes; report it as a metric, or give it a slope
        """)
    }
    if jumps > 0 { return .skipped("the slopes are wrong nearly everywhere; mend them first") }
    if slopesAreZero, rowsAreFlat {
      return .skipped("nothing is added token by token or row by row")
    }
    return .passed()
  }
}
