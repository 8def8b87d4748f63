import Foundation
import Kernels
import Tensors

/// Adam with decoupled weight decay.
///
/// Loshchilov and Hutter 2019, "Decoupled Weight Decay Regularization" (arXiv:1711.05101),
/// algorithm 2, in PyTorch's order: the decay first, and epsilon outside of the corrected root.
///
///     theta <- theta (1 - eta lambda)
///     m <- b1 m + (1 - b1) g,   v <- b2 v + (1 - b2) g^2
///     theta <- theta - eta (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + epsilon)
public final class AdamW {
  public struct Configuration: Sendable, Equatable {
    public var beta1: Double
    public var beta2: Double
    public var epsilon: Double
    /// `lambda`; never on tensors of one dimension or embeddings.
    public var weightDecay: Double

    public init(
      beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0.01
    ) {
      (self.beta1, self.beta2, self.epsilon, self.weightDecay) = (
        beta1, beta2, epsilon, weightDecay
      )
    }
  }

  public let configuration: Configuration
  public let parameters: [ParameterSlot]
  /// `t`: updates made so far.
  public private(set) var step = 0
  private let moments: [(first: Storage<Float>, second: Storage<Float>)]

  public init(_ parameters: [ParameterSlot], configuration: Configuration = Configuration()) {
    precondition(
      Set(parameters.map(\.name)).count == parameters.count, "two parameters have one name")
    self.configuration = configuration
    self.parameters = parameters
    moments = parameters.map { (Self.zeros($0.value.count), Self.zeros($0.value.count)) }
  }

  /// Zeros that are written: a page that is read before it is written costs the system twice.
  private static func zeros(_ count: Int) -> Storage<Float> {
    let storage = Storage<Float>(count, zeroed: false)
    storage.zero()
    return storage
  }

  /// Moves every parameter by its gradient.
  ///
  /// - Parameters:
  ///   - learningRate: `eta` of this step.
  ///   - gradientScale: multiplies the gradients first; ``GradientNorm/scale(limit:)`` clips.
  public func update(learningRate: Double, gradientScale: Double = 1) {
    move(learningRate: learningRate, gradientScale: gradientScale) { update, slot, moments in
      update.apply(
        to: slot.value, firstMoment: moments.first, secondMoment: moments.second,
        gradient: slot.gradient)
    }
  }

  /// Counts an update and gives the step of each parameter to `apply`.
  func move(
    learningRate: Double, gradientScale: Double,
    _ apply: (AdamWStep, ParameterSlot, (first: Storage<Float>, second: Storage<Float>)) -> Void
  ) {
    step += 1
    for (slot, moments) in zip(parameters, moments) {
      let update = AdamWStep(
        step: step, learningRate: learningRate, beta1: configuration.beta1,
        beta2: configuration.beta2, epsilon: configuration.epsilon,
        decay: slot.decays ? configuration.weightDecay : 0, gradientScale: Float(gradientScale))
      apply(update, slot, moments)
    }
  }

  /// `v` of each parameter.
  var secondMoments: [Storage<Float>] { moments.map(\.second) }

  /// Refuses weights that updates have made infinite, or no numbers at all.
  ///
  /// - Throws: ``OptimizerError/nonFiniteWeight(name:shape:index:value:)``, the first one.
  public func requireFiniteWeights() throws(OptimizerError) {
    for slot in parameters {
      guard let index = slot.value.firstNonFinite else { continue }
      throw .nonFiniteWeight(
        name: slot.name, shape: slot.shape, index: index, value: slot.value[index])
    }
  }
}

extension AdamW {
  /// `m` and `v` of every parameter, to be saved and restored together with ``step``: the name is
  /// the parameter's with `.m` or `.v` behind it. The storages are the optimizer's own.
  public var state: [(name: String, shape: [Int], values: Storage<Float>)] {
    zip(parameters, moments).flatMap { slot, moments in
      [
        (slot.name + ".m", slot.shape, moments.first),
        (slot.name + ".v", slot.shape, moments.second),
      ]
    }
  }

  /// Puts back what ``state`` and ``step`` gave; nothing changes if it is refused.
  ///
  /// - Throws: ``OptimizerError/state(name:expected:found:)`` if a tensor is missing or has another
  ///   size.
  public func restore(
    step: Int, state saved: [String: Storage<Float>]
  ) throws(OptimizerError) {
    for (name, _, values) in state where saved[name]?.count != values.count {
      throw .state(name: name, expected: values.count, found: saved[name]?.count)
    }
    for (name, _, values) in state {
      memcpy(values.pointer, saved[name]!.pointer, values.count * MemoryLayout<Float>.stride)
    }
    self.step = step
  }
}
