import Foundation

/// How queries and keys are rotated by position: one set of RoPE parameters.
///
/// Su et al. 2021, "RoFormer" (arXiv:2104.09864); the pairs are channels `m` and `m + d/2`.
public struct Rope: Sendable, Equatable {
  /// How the frequencies are stretched beyond the length of pretraining.
  public enum Scaling: Sendable, Equatable {
    case `default`
    /// Chen et al. 2023, "Extending context window ... via positional interpolation".
    case linear(factor: Double)
    /// NTK-aware, with the base growing with the context.
    case dynamic(factor: Double)
    case llama3(Llama3)
    /// Peng et al. 2023, "YaRN" (arXiv:2309.00071).
    case yarn(Yarn)
  }

  public struct Llama3: Sendable, Equatable {
    public var factor: Double
    public var lowFrequencyFactor: Double
    public var highFrequencyFactor: Double
    public var originalMaxPositions: Int
  }

  public struct Yarn: Sendable, Equatable {
    public var factor: Double
    public var originalMaxPositions: Int
    public var betaFast: Double
    public var betaSlow: Double
    /// Round the ends of the ramp to whole channels.
    public var truncate: Bool
    /// The multiplier of cosine and sine.
    public var attentionFactor: Double
  }

  /// The base `θ` of the frequencies.
  public var theta: Double
  /// Positions of pretraining, from which ``Scaling/dynamic(factor:)`` grows.
  public var maxPositions: Int
  public var scaling: Scaling

  /// The angle a position adds to each channel pair.
  ///
  /// - Parameters:
  ///   - headDimension: `d`, even.
  ///   - contextLength: the largest position plus 1; only ``Scaling/dynamic(factor:)`` asks.
  /// - Returns: `[d/2]` radians a position, and what cosine and sine are multiplied by.
  public func frequencies(
    headDimension: Int, contextLength: Int
  ) -> (frequencies: [Double], multiplier: Double) {
    precondition(headDimension > 0 && headDimension % 2 == 0, "a head of \(headDimension) channels")
    let plain = powers(of: theta, headDimension: headDimension)
    switch scaling {
    case .default:
      return (plain, 1)
    case .linear(let factor):
      return (plain.map { $0 / factor }, 1)
    case .dynamic(let factor):
      let base = dynamicBase(factor, headDimension: headDimension, contextLength: contextLength)
      return (powers(of: base, headDimension: headDimension), 1)
    case .llama3(let llama3):
      return (plain.map(llama3.stretch), 1)
    case .yarn(let yarn):
      let ramp = yarn.ramp(theta: theta, headDimension: headDimension)
      let mixed = zip(plain, ramp).map { $0 / yarn.factor * $1 + $0 * (1 - $1) }
      return (mixed, yarn.attentionFactor)
    }
  }

  /// `base^(-2m/d)` for `m` in `0..<d/2`.
  private func powers(of base: Double, headDimension: Int) -> [Double] {
    (0..<headDimension / 2).map { pow(base, -2 * Double($0) / Double(headDimension)) }
  }

  private func dynamicBase(_ factor: Double, headDimension: Int, contextLength: Int) -> Double {
    let stretch = Double(max(contextLength, maxPositions)) / Double(maxPositions)
    let d = Double(headDimension)
    return theta * pow(factor * stretch - (factor - 1), d / (d - 2))
  }
}

extension Rope.Llama3 {
  /// Long waves are stretched, short ones kept, those between mixed.
  func stretch(_ frequency: Double) -> Double {
    let length = Double(originalMaxPositions)
    let wavelength = 2 * .pi / frequency
    if wavelength > length / lowFrequencyFactor { return frequency / factor }
    if wavelength < length / highFrequencyFactor { return frequency }
    let t =
      (length / wavelength - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor)
    return (1 - t) * frequency / factor + t * frequency
  }
}

extension Rope.Yarn {
  /// `[d/2]`: 0 where a frequency is kept, 1 where it is divided by the factor.
  func ramp(theta: Double, headDimension: Int) -> [Double] {
    /// The channel pair that turns `rotations` times within the original length.
    func pair(rotations: Double) -> Double {
      let turns = log(Double(originalMaxPositions) / (rotations * 2 * .pi))
      return Double(headDimension) * turns / (2 * log(theta))
    }
    var low = pair(rotations: betaFast)
    var high = pair(rotations: betaSlow)
    if truncate { (low, high) = (low.rounded(.down), high.rounded(.up)) }
    (low, high) = (max(low, 0), min(high, Double(headDimension - 1)))
    if low == high { high += 0.001 }
    return (0..<headDimension / 2).map { min(max((Double($0) - low) / (high - low), 0), 1) }
  }

  /// `M(s, μ)` of the paper's attention temperature.
  static func attentionScale(_ factor: Double, _ mu: Double = 1) -> Double {
    factor <= 1 ? 1 : 0.1 * mu * log(factor) + 1
  }
}

extension Rope {
  /// Whether the frequencies depend on the length of the context, which a run then fixes.
  var dependsOnContext: Bool {
    if case .dynamic = scaling { true } else { false }
  }
}
