import Foundation

/// Log-probability, entropy and their gradient for one row of logits, in any precision; its sums
/// are double (objectives.md, section 1.2).
struct ReferenceLaw {
  let maximum: Float
  let sum: Double
  let weighted: Double

  /// The order of logprob.kernel.h: 16 partial sums.
  init(_ logits: [Float], inverseTemperature: Float) {
    maximum = logits.max()! * inverseTemperature
    var sums = [Double](repeating: 0, count: 16)
    var weighteds = sums
    for (v, logit) in logits.enumerated() {
      let shifted = max(logit * inverseTemperature - maximum, -128)
      let e = Double(Reference.exp(shifted))
      sums[v % 16] += e
      weighteds[v % 16] += e * Double(shifted)
    }
    sum = Reference.fold(sums)
    weighted = Reference.fold(weighteds)
  }

  var lse: Double { Double(maximum) + Reference.log(sum) }
  var entropy: Float { Float(Reference.log(sum) - weighted / sum) }
  func logprob(_ logit: Float, inverseTemperature: Float) -> Float {
    Float(Double(logit * inverseTemperature) - lse)
  }
}

/// The formulas themselves, in double.
struct ExactLaw {
  let logprobs: [Double]

  init(_ logits: [Float], temperature: Float) {
    let z = logits.map { Double($0) / Double(temperature) }
    let maximum = z.max()!
    let lse = maximum + log(z.reduce(0) { $0 + exp($1 - maximum) })
    logprobs = z.map { $0 - lse }
  }

  var entropy: Double { -logprobs.reduce(0) { $0 + ($1 == -.infinity ? 0 : exp($1) * $1) } }

  func gradient(
    token: Int, dLogprob: Double, dEntropy: Double, temperature: Double
  ) -> [Double] {
    logprobs.enumerated().map { v, l in
      let p = exp(l)
      let entropyPart = p == 0 ? 0 : p * (l + entropy)
      return (dLogprob * ((v == token ? 1 : 0) - p) - dEntropy * entropyPart) / temperature
    }
  }
}
