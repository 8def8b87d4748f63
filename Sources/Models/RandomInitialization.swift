import Foundation
import Kernels
import Tensors

extension Transformer {
  /// A model with random weights: matrices normal with deviation `deviation`, those that write to
  /// the residual stream narrower by `sqrt(2 L)`, norms at gain 1, biases 0.
  ///
  /// A weight is a function of the seed, its tensor's number and its place in it.
  ///
  /// - Parameter deviation: `initializer_range`.
  public convenience init(
    random configuration: ModelConfiguration, seed: UInt64,
    weightType: PackedWeight.Precision = .float32, trainable: Bool = true, deviation: Double = 0.02
  ) throws {
    let residual = deviation / (2 * Double(configuration.layerCount)).squareRoot()
    let random = CounterRandom(seed: seed, purpose: .initialization)
    var tensor = -1
    try self.init(configuration, weightType: weightType, trainable: trainable) {
      name, shape, rows, values in
      if rows.lowerBound == 0 { tensor += 1 }
      if shape.count == 1 {
        let gain = name.hasSuffix("norm.weight") ? 1 - configuration.normGainOffset : 0
        values.update(repeating: gain)
        return
      }
      let writesResidual = name.hasSuffix("o_proj.weight") || name.hasSuffix("down_proj.weight")
      random.fill(
        values, tensor, from: rows.lowerBound * shape[1],
        deviation: writesResidual ? residual : deviation)
    }
  }
}

extension CounterRandom {
  /// Fills `values` with a tensor's normal numbers from element `origin` on, on all threads, four to a
  /// counter.
  fileprivate func fill(
    _ values: UnsafeMutableBufferPointer<Float>, _ tensor: Int, from origin: Int, deviation: Double
  ) {
    precondition(origin % 4 == 0, "four to a counter, from element \(origin)")
    let chunk = 1 << 14
    ThreadPool.parallel((values.count + chunk - 1) / chunk) { index in
      let end = min((index + 1) * chunk, values.count)
      for first in stride(from: index * chunk, to: end, by: 4) {
        let place = origin + first
        let four = deviation * normals(tensor, place / 4, place >> 34)
        for offset in 0..<min(4, end - first) { values[first + offset] = Float(four[offset]) }
      }
    }
  }

  /// Four standard normal numbers, two pairs by Box and Muller.
  private func normals(_ a: Int, _ b: Int, _ c: Int) -> SIMD4<Double> {
    let bits = bits(a, b, c)
    func pair(_ first: UInt32, _ second: UInt32) -> (Double, Double) {
      let radius = (-2 * log((Double(first) + 1) * 0x1p-32)).squareRoot()
      let angle = 2 * Double.pi * 0x1p-32 * Double(second)
      return (radius * cos(angle), radius * sin(angle))
    }
    let (x, y) = pair(bits[0], bits[1])
    let (z, w) = pair(bits[2], bits[3])
    return SIMD4(x, y, z, w)
  }
}
