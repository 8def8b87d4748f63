import Tensors

/// The norm over all gradients of a step, which is also the check that they are numbers.
public struct GradientNorm: Sendable, Equatable {
  public let value: Double

  /// Sums the squares in double, tensor by tensor in their order.
  ///
  /// - Throws: ``OptimizerError/nonFiniteGradient(name:shape:index:value:)``, the first one. Floats
  ///   that are finite have a finite sum of squares, so only a sum that is not is searched.
  public init(of parameters: [ParameterSlot]) throws(OptimizerError) {
    var squares = 0.0
    for slot in parameters {
      let sum = Self.sumOfSquares(slot.gradient)
      guard sum.isFinite else {
        let gradient = slot.gradient.array
        let index = gradient.firstIndex { !$0.isFinite }!
        throw .nonFiniteGradient(
          name: slot.name, shape: slot.shape, index: index, value: gradient[index])
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

  /// Sixteen partial sums, element `i` in sum `i mod 16`, then folded in halves.
  static func sumOfSquares(_ storage: Storage<Float>) -> Double {
    var sums = SIMD16<Double>.zero
    let whole = storage.count / 16 * 16
    let raw = UnsafeRawPointer(storage.pointer)
    for start in stride(from: 0, to: whole, by: 16) {
      let lanes = SIMD16<Double>(
        raw.load(fromByteOffset: start * MemoryLayout<Float>.stride, as: SIMD16<Float>.self))
      sums += lanes * lanes
    }
    for i in whole..<storage.count {
      let element = Double(storage.pointer[i])
      sums[i - whole] += element * element
    }
    let eight = sums.lowHalf + sums.highHalf
    let four = eight.lowHalf + eight.highHalf
    let two = four.lowHalf + four.highHalf
    return two[0] + two[1]
  }
}
