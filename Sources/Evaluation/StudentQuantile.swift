import Foundation

/// The 0.975 quantile of Student's t with `freedom` degrees of freedom, found by bisection on its
/// distribution function, which Simpson's rule integrates.
public func studentQuantile(freedom: Int) -> Double {
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
