import Foundation

/// A mean over seeds with its 95% interval by Student's t.
public struct SeedEstimate: Sendable, Equatable {
  public let mean: Double
  /// Half the interval; NaN for fewer than two seeds.
  public let half: Double

  public var low: Double { mean - half }
  public var high: Double { mean + half }
  /// The interval does not hold 0.
  public var excludesZero: Bool { half.isFinite && (low > 0 || high < 0) }

  /// - Parameter values: one a seed.
  public init(_ values: [Double]) {
    mean = Arena.mean(values)
    guard values.count > 1 else {
      half = .nan
      return
    }
    let center = mean
    let squares = values.reduce(0) { $0 + ($1 - center) * ($1 - center) }
    let deviation = (squares / Double(values.count - 1)).squareRoot()
    half =
      studentQuantile(freedom: values.count - 1) * deviation / Double(values.count).squareRoot()
  }
}

/// The 0.975 quantile of Student's t with `freedom` degrees of freedom, found by bisection on its
/// distribution function, which Simpson's rule integrates.
func studentQuantile(freedom: Int) -> Double {
  precondition(freedom > 0, "\(freedom) degrees of freedom")
  let n = Double(freedom)
  let power = (n + 1) / 2
  let logScale: Double = lgamma(power) - lgamma(n / 2) - log(n * Double.pi) / 2
  func density(_ t: Double) -> Double { exp(logScale - power * log1p(t * t / n)) }
  /// The mass between 0 and `t`.
  func mass(_ t: Double) -> Double {
    let parts = 2000
    let width = t / Double(parts)
    var sum = density(0) + density(t)
    for part in 1..<parts {
      let weight: Double = part % 2 == 1 ? 4 : 2
      sum += weight * density(Double(part) * width)
    }
    return sum * width / 3
  }
  var low = 1.9
  var high = 13.0
  while high - low > 1e-9 {
    let middle = (low + high) / 2
    if mass(middle) < 0.475 { low = middle } else { high = middle }
  }
  return (low + high) / 2
}
