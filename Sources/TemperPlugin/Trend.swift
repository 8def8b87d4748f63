import Glibc

/// Whether a series rises or falls, by the signs of its differences alone: Mann 1945 and Kendall
/// 1975, ties allowed.
///
///     S = sum_{i<j} sign(x_j - x_i)
///     Var = [n(n-1)(2n+5) - sum over ties q(q-1)(2q+5)] / 18
///     Z = (S - sign S) / sqrt Var
public struct MannKendall: Sendable, Equatable {
  public let s: Double
  public let variance: Double
  /// 0 where nothing differs.
  public let z: Double

  public init(_ values: [Double]) {
    var s = 0.0
    for j in values.indices {
      for i in 0..<j { s += values[j] > values[i] ? 1 : values[j] < values[i] ? -1 : 0 }
    }
    func weight(_ n: Int) -> Double { Double(n) * Double(n - 1) * Double(2 * n + 5) }
    var ties: [Double: Int] = [:]
    for value in values { ties[value, default: 0] += 1 }
    // In one order, whatever the hashes are.
    let tied = ties.values.sorted().reduce(0) { $0 + weight($1) }
    (self.s, variance) = (s, (weight(values.count) - tied) / 18)
    z = s == 0 || variance <= 0 ? 0 : (s - (s > 0 ? 1 : -1)) / variance.squareRoot()
  }
}

extension Array<Double> {
  /// Theil and Sen's slope a place: the median of `(x_j - x_i) / (j - i)`. `nil` for fewer than
  /// two.
  public var medianSlope: Double? {
    var slopes: [Double] = []
    slopes.reserveCapacity(count * Swift.max(count - 1, 0) / 2)
    for j in indices {
      for i in 0..<j { slopes.append((self[j] - self[i]) / Double(j - i)) }
    }
    return slopes.quantile(0.5)
  }

  /// The slope of the least squares line on the place, in its standard errors. `nil` for fewer than
  /// three values; 0 for a level series, infinite for a line without noise.
  public var slopeT: Double? {
    guard count >= 3, let mean else { return nil }
    let middle = Double(count - 1) / 2
    var (xx, xy, yy) = (0.0, 0.0, 0.0)
    for (place, value) in enumerated() {
      let (x, y) = (Double(place) - middle, value - mean)
      (xx, xy, yy) = (xx + x * x, xy + x * y, yy + y * y)
    }
    guard xy != 0 else { return 0 }
    let slope = xy / xx
    let residual = Swift.max(yy - slope * xy, 0)
    // What rounding leaves of a straight line is no noise.
    guard residual > 1e-24 * yy else { return slope > 0 ? .infinity : -.infinity }
    return slope / (residual / Double(count - 2) / xx).squareRoot()
  }
}

/// Steps until a series that changes by `slope` a step reaches `limit`; `nil` where it moves away,
/// or does not move. 0 where it stands there already.
public func stepsUntil(_ limit: Double, from value: Double, slope: Double) -> Double? {
  let distance = limit - value
  guard distance != 0 else { return 0 }
  guard slope != 0, (distance > 0) == (slope > 0) else { return nil }
  return distance / slope
}
