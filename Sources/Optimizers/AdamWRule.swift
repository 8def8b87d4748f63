import Foundation

/// One step of AdamW on one tensor: the readable twin of the kernel, for float and double.
public struct AdamWRule<Scalar: BinaryFloatingPoint> {
  let beta1, beta2, epsilon: Scalar
  /// `1 - eta lambda`
  let keep: Scalar
  /// `eta / (1 - b1^t)`
  let stepSize: Scalar
  /// `sqrt(1 - b2^t)`
  let rootCorrection: Scalar
  let gradientScale: Scalar

  /// - Parameter step: `t`, 1 for the first update.
  public init(
    _ configuration: AdamW.Configuration, learningRate: Double, decays: Bool, step: Int,
    gradientScale: Double = 1
  ) {
    precondition(step >= 1, "step \(step); the first update is step 1")
    beta1 = Scalar(configuration.beta1)
    beta2 = Scalar(configuration.beta2)
    epsilon = Scalar(configuration.epsilon)
    keep = Scalar(1 - (decays ? learningRate * configuration.weightDecay : 0))
    stepSize = Scalar(learningRate / (1 - pow(configuration.beta1, Double(step))))
    rootCorrection = Scalar((1 - pow(configuration.beta2, Double(step))).squareRoot())
    self.gradientScale = Scalar(gradientScale)
  }

  /// - Parameters:
  ///   - first: `m`.
  ///   - second: `v`.
  public func apply(
    to value: UnsafeMutableBufferPointer<Scalar>, first: UnsafeMutableBufferPointer<Scalar>,
    second: UnsafeMutableBufferPointer<Scalar>, gradient: UnsafeBufferPointer<Scalar>
  ) {
    for i in value.indices {
      let g = gradientScale * gradient[i]
      first[i] = beta1 * first[i] + (1 - beta1) * g
      second[i] = beta2 * second[i] + (1 - beta2) * g * g
      let root = second[i].squareRoot() / rootCorrection + epsilon
      value[i] = value[i] * keep - stepSize * first[i] / root
    }
  }

  /// The same on arrays of equal length.
  public func apply(
    to value: inout [Scalar], first: inout [Scalar], second: inout [Scalar], gradient: [Scalar]
  ) {
    value.withUnsafeMutableBufferPointer { value in
      first.withUnsafeMutableBufferPointer { first in
        second.withUnsafeMutableBufferPointer { second in
          gradient.withUnsafeBufferPointer { gradient in
            apply(to: value, first: first, second: second, gradient: gradient)
          }
        }
      }
    }
  }
}
