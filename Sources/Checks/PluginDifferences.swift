import Foundation

/// Central differences of a step's losses against the gradients, point by point.
///
/// A point is one component of one row. The difference quotient is the gradient's mean over the
/// interval between its two sides, which Simpson's rule takes from both sides and the middle: the
/// quotient's own error, of the order of the step's square, then falls out, and small gradients
/// beside large curvature can be told from wrong ones.
///
/// Where a selection flips between the two sides (a clip branch, a set of ids, a hinge), the
/// gradient jumps, and the point is left out and counted.
struct FiniteDifferences {
  /// On z: the columns are float, whose rounding a smaller step would let through.
  static let step = 1e-2
  /// Of the gradient's norm over the points of a step.
  static let tolerance = 2e-3

  struct Tally {
    /// At which the loss of this part depends on z.
    var points = 0
    var leftOut = 0
    /// Something of this part is not zero.
    var isSomething = false
    /// The largest error of a step, divided by what is allowed.
    var worst = 0.0
    /// What to say of the worst step.
    var detail = ""
  }

  private(set) var tallies = [Tally](repeating: Tally(), count: PluginGradient.Part.allCases.count)

  /// One component of one row, in all parts.
  private struct Point {
    let token: Int
    let id: Int
    let below, center, above: PluginGradient.Point
    /// Of the loss.
    let rounding: SIMD4<Double>

    func difference(_ part: Int) -> Double {
      (above.loss[part] - below.loss[part]) / (2 * FiniteDifferences.step)
    }

    func gradient(_ part: Int) -> Double {
      (below.gradient[id][part] + 4 * center.gradient[id][part] + above.gradient[id][part]) / 6
    }

    func error(_ part: Int) -> Double { difference(part) - gradient(part) }

    /// How far rounding may move the difference quotient, of which it was seen in a few places.
    func rounding(_ part: Int) -> Double { 4 * rounding[part] / FiniteDifferences.step }

    func isActive(_ part: Int) -> Bool { difference(part) != 0 || gradient(part) != 0 }
  }

  /// Compares at every component of some rows of a step.
  ///
  /// - Parameter tokens: whose rows are moved.
  mutating func compare(_ step: PreparedPluginStep, tokens: [Int]) throws {
    let gradient = PluginGradient(step: step)
    var kept = [[Point]](repeating: [], count: tallies.count)
    for t in tokens {
      let z = step.step.rows[t]
      let center = try gradient(t, z)
      let rounding = try gradient.rounding(t)
      // What is as small as this beside a phi of 1 is rounding.
      let least = 1e-6 * Double(step.prepared.coefficients[t])
      for v in z.indices {
        func at(_ distance: Double) throws -> PluginGradient.Point {
          var moved = z
          moved[v] += distance
          return try gradient(t, moved)
        }
        let point = Point(
          token: t, id: v, below: try at(-Self.step), center: center, above: try at(Self.step),
          rounding: rounding)
        var flips = Set<Int>()
        for part in tallies.indices {
          let wide = Jump(point.below, center, point.above, part, least: least)
          guard wide.isPossible else { continue }
          let near = Jump(
            try at(-Self.step / 2), center, try at(Self.step / 2), part, least: least)
          if !wide.isSmooth(near) { flips.insert(part) }
        }
        // What flips in a part flips in the whole, be it ever so small there.
        if !flips.isEmpty { flips.insert(PluginGradient.Part.whole.rawValue) }
        for part in tallies.indices {
          if point.isActive(part) || center.loss[part] != 0 { tallies[part].isSomething = true }
          if flips.contains(part) {
            tallies[part].leftOut += 1
          } else if point.isActive(part) {
            tallies[part].points += 1
            kept[part].append(point)
          }
        }
      }
    }
    for part in tallies.indices { judge(kept[part], part, step.step.title) }
  }

  private mutating func judge(_ points: [Point], _ part: Int, _ title: String) {
    func norm(_ value: (Point) -> Double) -> Double {
      points.reduce(0) { $0 + value($1) * value($1) }.squareRoot()
    }
    let error = norm { $0.error(part) }
    let size = norm { $0.gradient(part) }
    let allowed = Self.tolerance * size + norm { $0.rounding(part) }
    let ratio = error == 0 ? 0 : error / allowed
    guard !(ratio <= tallies[part].worst) else { return }
    tallies[part].worst = ratio.isNaN ? .infinity : ratio
    let worst = points.max { abs($0.error(part)) < abs($1.error(part)) }!
    let relative = size > 0 ? "\(Self.short(error / size)) of the gradient's norm" : "all there is"
    tallies[part].detail = """
      \(title): off by \(relative) over \(points.count) points; for token \(worst.token), id \
      \(worst.id), the difference quotient is \(Self.short(worst.difference(part))) and the \
      gradient \(Self.short(worst.gradient(part)))\(guess(points, part, size: size))
      """
  }

  /// What the author may have done, where one number explains the error.
  private func guess(_ points: [Point], _ part: Int, size: Double) -> String {
    guard size > 0 else { return "; the gradient is 0 everywhere" }
    let factor =
      points.reduce(0) { $0 + $1.difference(part) * $1.gradient(part) } / (size * size)
    let rest = points.reduce(0) {
      $0 + pow($1.difference(part) - factor * $1.gradient(part), 2)
    }.squareRoot()
    guard rest < 0.05 * size, abs(factor - 1) > 0.05 else { return "" }
    if abs(factor + 1) < 0.02 { return "; the gradient has the wrong sign" }
    return "; the gradient has to be \(Self.short(factor)) times what it is"
  }

  static func short(_ value: Double) -> String { String(format: "%.3g", value) }

  /// What the comparison of one part comes to.
  func finding(_ part: PluginGradient.Part) -> PluginFinding {
    let tally = tallies[part.rawValue]
    guard tally.isSomething else { return .skipped("\(part.what) is 0 on every step") }
    guard tally.worst <= 1 else { return .failed(tally.detail, error: tally.worst) }
    guard tally.points > 0 || tally.leftOut > 0 else {
      return .skipped("\(part.what) does not depend on z")
    }
    guard tally.points >= tally.leftOut else {
      return .failed(
        """
        the gradient jumps at \(tally.leftOut) of \(tally.points + tally.leftOut) points, so \
        nothing is proven
        """)
    }
    let flips = tally.leftOut == 0 ? "" : ", \(tally.leftOut) more left out where a selection flips"
    return .passed(
      error: tally.worst,
      note:
        "\(tally.points) points, worst error \(Self.short(tally.worst)) of its tolerance\(flips)")
  }
}

/// How a row's gradient changes between two sides of a point, in one part.
private struct Jump {
  /// The largest component's magnitude, change and second difference.
  private var scale = 0.0
  private var change = 0.0
  private var bend = 0.0
  /// What counts as nothing.
  private let least: Double

  init(
    _ below: PluginGradient.Point, _ center: PluginGradient.Point, _ above: PluginGradient.Point,
    _ part: Int, least: Double
  ) {
    self.least = least
    for v in center.gradient.indices {
      let (a, b, c) = (below.gradient[v][part], center.gradient[v][part], above.gradient[v][part])
      scale = max(scale, abs(a), abs(b), abs(c))
      change = max(change, abs(c - a))
      bend = max(bend, abs(c - 2 * b + a))
    }
  }

  var isPossible: Bool { change > 0.2 * scale + least || bend > 5e-3 * scale + least }

  /// In a smooth stretch half the distance makes half the change and a quarter of the bend.
  func isSmooth(_ half: Jump) -> Bool {
    abs(half.change - change / 2) <= 0.1 * change + least
      && abs(half.bend - bend / 4) <= 0.1 * bend + least
  }
}
