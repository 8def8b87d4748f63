import Kernels
import Tensors

/// An update that can be looked at, shortened and taken back before it is final.
extension AdamW {
  /// What is worth knowing of each parameter before an update, `[parameters]`.
  ///
  /// - Parameter spike: counts entries of the gradient with `g^2 > spike v`.
  public func figures(spike: Double? = nil) -> [TensorFigures] {
    zip(parameters, secondMoments).map { slot, second in
      TensorFigures(
        weights: slot.value, gradient: slot.gradient,
        spikes: spike.map { TensorFigures.Spikes(over: $0, times: second) })
    }
  }

  /// Moves every parameter as ``update(learningRate:gradientScale:)`` does, to the bit, and leaves
  /// the weights as they were in the parameters' gradients, which are needed no more.
  ///
  /// - Returns: `[parameters]` the norm of what was added to each.
  public func updateKeeping(learningRate: Double, gradientScale: Double = 1) -> [Double] {
    var norms: [Double] = []
    move(learningRate: learningRate, gradientScale: gradientScale) { update, slot, moments in
      norms.append(
        update.applyKeeping(
          to: slot.value, firstMoment: moments.first, secondMoment: moments.second,
          gradient: slot.gradient
        ).squareRoot())
    }
    return norms
  }

  /// After ``updateKeeping(learningRate:gradientScale:)``: leaves of the update the part `share`.
  /// The moments stay as the whole one made them, as where a step is shortened to a safe radius
  /// ("Ghosts of Softmax", arXiv:2603.13552).
  public func shorten(to share: Double) {
    for slot in parameters {
      slot.value.setBetween(slot.gradient, slot.value, share: Float(share))
    }
  }

  /// Moments and count of updates, to go back to.
  public struct Memory {
    fileprivate let step: Int
    fileprivate let moments: [String: Storage<Float>]
  }

  public var memory: Memory {
    Memory(
      step: step,
      moments: Dictionary(uniqueKeysWithValues: state.map { ($0.name, $0.values.copy()) }))
  }

  /// After ``updateKeeping(learningRate:gradientScale:)``: undoes the update.
  ///
  /// - Parameter memory: as it was before.
  public func undo(to memory: Memory) {
    for slot in parameters {
      slot.value.pointer.update(from: slot.gradient.pointer, count: slot.value.count)
    }
    restore(memory)
  }

  /// Goes back to moments and count; the weights stay.
  public func restore(_ memory: Memory) {
    // The moments are this optimizer's own, so that nothing can be amiss.
    try! restore(step: memory.step, state: memory.moments)
  }
}
