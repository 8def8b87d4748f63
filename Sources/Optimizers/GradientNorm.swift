import Kernels
import Tensors

/// The norm over all gradients of a step, which is also the check that they are numbers.
public struct GradientNorm: Sendable, Equatable {
  public let value: Double

  /// Sums the squares in double, tensor by tensor in their order.
  ///
  /// - Parameter known: the sum of each tensor, `[parameters]`, where a pass over them has been made;
  ///   ``TensorFigures`` has the bits of `sumOfSquares`.
  /// - Throws: ``OptimizerError/nonFiniteGradient(name:shape:index:value:)``, the first one. Floats
  ///   that are finite have a finite sum of squares, so only a sum that is not is searched.
  public init(of parameters: [ParameterSlot], known: [Double]? = nil) throws(OptimizerError) {
    var squares = 0.0
    for (index, slot) in parameters.enumerated() {
      let sum = known?[index] ?? slot.gradient.sumOfSquares
      guard sum.isFinite else {
        let index = slot.gradient.firstNonFinite!
        throw .nonFiniteGradient(
          name: slot.name, shape: slot.shape, index: index, value: slot.gradient[index])
      }
      squares += sum
    }
    value = squares.squareRoot()
  }

  /// What the gradients are multiplied by so that their norm is at most `limit`:
  /// `min(1, limit / (norm + 1e-6))`, PyTorch's `clip_grad_norm_`. `nil` does not clip.
  public func scale(limit: Double?) -> Double {
    guard let limit else { return 1 }
    return min(1, limit / (value + 1e-6))
  }
}
