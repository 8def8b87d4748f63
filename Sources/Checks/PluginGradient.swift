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

    var what: String {
      switch self {
      case .whole: "the whole loss"
      case .additions: "what evaluate adds"
      case .rows: "what differentiate adds"
      }
    }
  }

  /// Loss and gradient where one row is as it is asked for.
  struct Point {
    var loss = SIMD4<Double>.zero
    /// `[V]`
    var gradient: [SIMD4<Double>]
    /// How far rounding to float may have moved the loss.
    var rounding = SIMD4<Double>.zero
  }

  let step: PreparedPluginStep

  /// - Parameters:
  ///   - t: the token whose row is `z`.
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
    var added = 0.0
    var magnitude = 0.0
    for i in additions.phi.indices {
      let term = Double(coefficients[i]) * Double(additions.phi[i])
      added += term
      magnitude += abs(term)
    }
    let w = Double(coefficients[t])
    let slopes = SIMD4(Double(result.dLogprob[t]), w * Double(additions.dLogprob[t]), 0, 0)
    let entropySlopes = SIMD4(Double(result.dEntropy[t]), w * Double(additions.dEntropy[t]), 0, 0)
    let distribution = row.distribution
    var point = Point(
      loss: SIMD4(result.loss + direct.loss, added, direct.loss, 0),
      gradient: z.indices.map { v in
        let p = exp(distribution.logprobs[v])
        let chosen = v == token ? 1.0 : 0
        let given = Double(direct.gradient[v])
        return slopes * (chosen - p)
          - entropySlopes * (p * (distribution.logprobs[v] + distribution.entropy))
          + SIMD4(given, 0, given, 0)
      })
    let surprise = abs(distribution.logprobs[token])
    let columns = slopes.magnitudes * surprise + entropySlopes.magnitudes * distribution.entropy
    let information = zip(direct.gradient, distribution.logprobs)
      .reduce(abs(direct.loss)) { $0 + abs(Double($1.0) * $1.1) }
    point.rounding =
      0x1p-24 * (columns + SIMD4(magnitude + information, magnitude, information, 0))
    return point
  }
}

extension SIMD4<Double> {
  var magnitudes: SIMD4<Double> { replacing(with: -self, where: self .< 0) }
}

/// Central differences of a step's losses against the gradients, point by point.
///
/// A point is one component of one row. Where a selection flips between its two sides (a clip
/// branch, a set of ids, a hinge), the gradient jumps, and the point is left out and counted.
struct FiniteDifferences {
  /// On z: the columns are float, whose rounding a smaller step would let through.
  static let step = 1e-2
  /// Of the gradient's norm.
  static let tolerance = 2e-3

  struct Tally {
    var points = 0
    var leftOut = 0
    /// Nothing of this part is ever other than zero.
    var isNothing = true
    /// The largest error of a step, divided by what is allowed.
    var worst = 0.0
    /// What to say of the worst step.
    var detail = ""
  }

  private(set) var tallies = [Tally](repeating: Tally(), count: PluginGradient.Part.allCases.count)

  /// Compares at some points of a step.
  ///
  /// - Parameter tokens: whose rows are moved.
  mutating func compare(_ step: PreparedPluginStep, tokens: [Int]) throws {
    let gradient = PluginGradient(step: step)
    var samples = [[Sample]](repeating: [], count: tallies.count)
    for t in tokens {
      let z = step.step.rows[t]
      let center = try gradient(t, z)
      for v in z.indices {
        var (up, down) = (z, z)
        up[v] += Self.step
        down[v] -= Self.step
        let (above, below) = (try gradient(t, up), try gradient(t, down))
        let difference = (above.loss - below.loss) / (2 * Self.step)
        let rounding = (above.rounding + below.rounding) / (2 * Self.step)
        for part in tallies.indices {
          if above.loss[part] != 0 || below.loss[part] != 0 || center.gradient[v][part] != 0 {
            tallies[part].isNothing = false
          }
          tallies[part].points += 1
          if flips(part, below, center, above) {
            tallies[part].leftOut += 1
          } else {
            samples[part].append(
              Sample(
                token: t, id: v, difference: difference[part],
                gradient: center.gradient[v][part], rounding: rounding[part]))
          }
        }
      }
    }
    for part in tallies.indices { judge(samples[part], part, step.step.title) }
  }

  private struct Sample {
    let token: Int
    let id: Int
    let difference: Double
    let gradient: Double
    let rounding: Double
    var error: Double { difference - gradient }
  }

  /// True if the row's gradient jumps between the two sides: in a smooth stretch it moves by the
  /// order of the step, and its second difference by the order of the step's square.
  private func flips(
    _ part: Int, _ below: PluginGradient.Point, _ center: PluginGradient.Point,
    _ above: PluginGradient.Point
  ) -> Bool {
    var (scale, change, bend) = (0.0, 0.0, 0.0)
    for v in center.gradient.indices {
      let (a, b, c) = (below.gradient[v][part], center.gradient[v][part], above.gradient[v][part])
      scale = max(scale, abs(a), abs(b), abs(c))
      change = max(change, abs(c - a))
      bend = max(bend, abs(c - 2 * b + a))
    }
    return change > 0.2 * scale || bend > 5e-3 * scale
  }

  private mutating func judge(_ samples: [Sample], _ part: Int, _ name: String) {
    func norm(_ value: (Sample) -> Double) -> Double {
      samples.reduce(0) { $0 + value($1) * value($1) }.squareRoot()
    }
    let error = norm(\.error)
    let size = norm(\.gradient)
    let allowed = Self.tolerance * size + norm(\.rounding)
    let ratio = error == 0 ? 0 : error / allowed
    guard !(ratio <= tallies[part].worst) else { return }
    tallies[part].worst = ratio.isNaN ? .infinity : ratio
    let worst = samples.max { abs($0.error) < abs($1.error) }!
    let relative = size > 0 ? "\(Self.short(error / size)) of the gradient's norm" : "all there is"
    tallies[part].detail = """
      \(name): off by \(relative) over \(samples.count) points; for token \(worst.token), id \
      \(worst.id), the difference quotient is \(Self.short(worst.difference)) and the gradient \
      \(Self.short(worst.gradient))\(guess(samples, size: size))
      """
  }

  /// What the author may have done, where one number explains the error.
  private func guess(_ samples: [Sample], size: Double) -> String {
    guard size > 0 else { return "; the gradient is 0 everywhere" }
    let factor = samples.reduce(0) { $0 + $1.difference * $1.gradient } / (size * size)
    let rest = samples.reduce(0) {
      $0 + pow($1.difference - factor * $1.gradient, 2)
    }.squareRoot()
    guard rest < 0.05 * size, abs(factor - 1) > 0.05 else { return "" }
    if abs(factor + 1) < 0.02 { return "; the gradient has the wrong sign" }
    return "; the gradient has to be \(Self.short(factor)) times what it is"
  }

  static func short(_ value: Double) -> String { String(format: "%.3g", value) }

  /// What the comparison of one part comes to.
  func finding(_ part: PluginGradient.Part) -> PluginFinding {
    let tally = tallies[part.rawValue]
    let kept = tally.points - tally.leftOut
    if tally.isNothing { return .skipped("\(part.what) is 0 on every step") }
    guard tally.worst <= 1 else { return .failed(tally.detail, error: tally.worst) }
    guard 2 * kept >= tally.points else {
      return .failed(
        "the gradient jumps at \(tally.leftOut) of \(tally.points) points, so nothing is proven")
    }
    let flips = tally.leftOut == 0 ? "" : ", \(tally.leftOut) more left out where a selection flips"
    return .passed(
      error: tally.worst,
      note: "\(kept) points, worst error \(Self.short(tally.worst)) of its tolerance\(flips)")
  }
}
