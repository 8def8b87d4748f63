import CKernels
import Foundation
import Tensors

/// One update of one tensor by AdamW.
///
/// Loshchilov and Hutter 2019, "Decoupled Weight Decay Regularization" (arXiv:1711.05101),
/// algorithm 2, with epsilon outside of the bias-corrected root as in PyTorch:
///
///     theta *= 1 - rate decay
///     m = beta1 m + (1 - beta1) g;  v = beta2 v + (1 - beta2) g^2
///     theta -= rate (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon)
public struct AdamWStep: Sendable {
  private let code: tk_adamw_step

  /// - Parameters:
  ///   - step: `t`, 1 for the first update.
  ///   - decay: decoupled weight decay; 0 for vectors and embeddings.
  ///   - gradientScale: multiplies the gradient first, for clipping by norm.
  public init(
    step: Int, learningRate: Double, beta1: Double = 0.9, beta2: Double = 0.999,
    epsilon: Double = 1e-8, decay: Double = 0, gradientScale: Float = 1
  ) {
    precondition(
      step >= 1 && beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1,
      "AdamW's step \(step) with betas \(beta1) and \(beta2)")
    code = tk_adamw_step(
      learning_rate: learningRate, beta1: beta1, beta2: beta2, epsilon: epsilon, decay: decay,
      correction1: 1 - pow(beta1, Double(step)), correction2: 1 - pow(beta2, Double(step)),
      gradient_scale: gradientScale)
  }

  /// Moves `values` and both moments, all of one count.
  public func apply(
    to values: Storage<Float>, firstMoment: Storage<Float>, secondMoment: Storage<Float>,
    gradient: Storage<Float>
  ) {
    check(values, firstMoment, secondMoment, gradient)
    withUnsafePointer(to: code) {
      tk_adamw(
        values.pointer, firstMoment.pointer, secondMoment.pointer, gradient.pointer, $0,
        Int64(values.count))
    }
  }

  /// Does the same, to the bit, and puts the values as they were where the gradient was.
  ///
  /// - Returns: the sum of squares of what was added to them, in double.
  public func applyKeeping(
    to values: Storage<Float>, firstMoment: Storage<Float>, secondMoment: Storage<Float>,
    gradient: Storage<Float>
  ) -> Double {
    check(values, firstMoment, secondMoment, gradient)
    return withUnsafePointer(to: code) {
      tk_adamw_keeping(
        values.pointer, firstMoment.pointer, secondMoment.pointer, gradient.pointer, $0,
        Int64(values.count))
    }
  }

  private func check(
    _ values: Storage<Float>, _ first: Storage<Float>, _ second: Storage<Float>,
    _ gradient: Storage<Float>
  ) {
    let counts = [first.count, second.count, gradient.count]
    precondition(
      counts.allSatisfy { $0 == values.count },
      "moments and gradient of \(counts) for \(values.count) values")
  }
}
