import Glibc
import TemperPlugin

/// How far two laws are apart on tokens that were drawn from the first: `d = to - from`, in nats.
struct LogprobGap {
  /// Of each token.
  let differences: [Double]
  /// Schulman's estimates of KL(from, to): `mean -d`, `mean d^2 / 2`, `mean e^d - 1 - d`.
  let k1: Double
  let k2: Double
  let k3: Double
  let meanAbs: Double
  let maxAbs: Double
  let deviation: Double
  /// Of probabilities.
  let meanAbsProbability: Double
  let maxAbsProbability: Double
  /// Of probabilities; `nil` where they do not vary.
  let correlation: Double?
  /// `(sum w)^2 / (N sum w^2)` of `w = e^d`: 1 where the laws agree.
  let ess: Double

  /// - Returns: `nil` of no token.
  init?(from: [Double], to: [Double]) {
    guard !from.isEmpty else { return nil }
    differences = zip(from, to).map { $1 - $0 }
    k1 = -differences.mean!
    k2 = differences.map { $0 * $0 / 2 }.mean!
    // expm1 keeps the digits that e^d - 1 loses.
    k3 = differences.map { max(expm1(min($0, 80)) - $0, 0) }.mean!
    let sizes = differences.map(abs)
    (meanAbs, maxAbs) = (sizes.mean!, sizes.max()!)
    let mean = differences.mean!
    deviation = differences.map { ($0 - mean) * ($0 - mean) }.mean!.squareRoot()
    let (p, q) = (from.map { exp(min($0, 0)) }, to.map { exp(min($0, 0)) })
    let gaps = zip(p, q).map { abs($1 - $0) }
    (meanAbsProbability, maxAbsProbability) = (gaps.mean!, gaps.max()!)
    correlation = TemperPlugin.correlation(p, q)
    ess = effectiveShare(differences)
  }

  func record(_ host: Host) {
    host.record("k1", k1)
    host.record("k2", k2)
    host.record("k3", k3)
    host.record("mean", -k1)
    host.record("mean_abs", meanAbs)
    host.record("max_abs", maxAbs)
    host.record("deviation", deviation)
    host.record("mean_abs_prob", meanAbsProbability)
    host.record("max_abs_prob", maxAbsProbability)
    if let correlation { host.record("correlation", correlation) }
    host.record("ess", ess)
  }
}

/// The ratios of the policy as it is now to the one that sampled.
struct LogRatios {
  private let logs: [Double]
  /// Sums over each sequence, and their tokens.
  private let sequences: [(sum: Double, count: Int)]
  /// See ``LogprobGap/ess``.
  let ess: Double

  /// `nil` where nothing is trained on.
  init?(_ tokens: Tokens) {
    let logs = tokens.trained { Double(tokens.logRatio($0)) }.filter(\.isFinite)
    guard !logs.isEmpty else { return nil }
    self.logs = logs
    sequences = tokens.sequences.compactMap { sequence in
      let logs = tokens.trained(in: tokens.range(sequence)).map { Double(tokens.logRatio($0)) }
        .filter(\.isFinite)
      return logs.isEmpty ? nil : (logs.reduce(0, +), logs.count)
    }
    ess = effectiveShare(logs)
  }

  func share(where isMeant: (_ ratio: Double) -> Bool) -> Double {
    Double(logs.count { isMeant(exp($0)) }) / Double(logs.count)
  }

  func record(_ host: Host) {
    host.record("ratio_mean", logs.map { exp(min($0, 80)) }.mean!)
    host.record("ratio_max", exp(min(logs.max()!, 80)))
    host.record("ratio_ess", ess)
    // An average of exponents, since those of long sequences are beyond a Double.
    host.record("sequence_log_ratio_max", sequences.map { abs($0.sum) }.max() ?? 0)
    host.record(
      "sequence_ratio_mean",
      sequences.map { exp(min($0.sum / Double($0.count), 80)) }.mean ?? 1)
  }
}

/// `(sum w)^2 / (N sum w^2)` of `w = e^log`, whatever the size of the logarithms.
private func effectiveShare(_ logs: [Double]) -> Double {
  let largest = logs.max()!
  let weights = logs.map { exp($0 - largest) }
  let (sum, squares) = weights.reduce((0.0, 0.0)) { ($0.0 + $1, $0.1 + $1 * $1) }
  return sum * sum / (Double(logs.count) * squares)
}
