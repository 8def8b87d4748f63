import Kernels
import Foundation
import Tensors

extension Transformer {
  /// A model with random weights: matrices normal with deviation `deviation`, those that write to
  /// the residual stream narrower by `sqrt(2 L)`, norms at gain 1, biases 0.
  ///
  /// - Parameter deviation: `initializer_range`.
  public convenience init(
    random configuration: ModelConfiguration, seed: UInt64, weightType: PackedWeight.Precision = .float32,
    trainable: Bool = true, deviation: Double = 0.02
  ) throws {
    let residual = deviation / (2 * Double(configuration.layerCount)).squareRoot()
    let random = CounterRandom(seed: seed, purpose: .initialization)
    var tensor = 0
    try self.init(configuration, weightType: weightType, trainable: trainable) {
      name, shape, values in
      defer { tensor += 1 }
      if shape.count == 1 {
        let gain = name.hasSuffix("norm.weight") ? 1 - configuration.normGainOffset : 0
        values.update(repeating: gain)
        return
      }
      let writesResidual = name.hasSuffix("o_proj.weight") || name.hasSuffix("down_proj.weight")
      let width = writesResidual ? residual : deviation
      for index in values.indices {
        values[index] = Float(width * random.normal(tensor, index & 0xFFFF_FFFF, index >> 32))
      }
    }
  }
}
