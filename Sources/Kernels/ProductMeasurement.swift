import CKernels
import Tensors

/// How close one product comes to the machine's limits.
public struct ProductMeasurement: Sendable {
  public enum Operation: String, Sendable, CaseIterable {
    case forward, backwardInput, backwardWeight
  }

  public let operation: Operation
  public let type: PackedWeight.Precision
  public let rows, inputs, outputs: Int
  /// The median time of one product.
  public let seconds: Double
  /// The same product by OpenBLAS in float32, timed in turns with it.
  public let peerSeconds: Double
  /// The median of max(operations / peak, weight bytes / bandwidth), each measured in its turn; four
  /// times the peak for bytes.
  public let ceilingSeconds: Double
  /// Operations a second.
  public var operationsPerSecond: Double { Double(2 * rows * inputs * outputs) / seconds }
  /// The part of the ceiling that is reached, at most about 1.
  public var share: Double { ceilingSeconds / seconds }
}

/// The products of the models that benchmarks use, forward at 1, 8 and 64 rows and all three at
/// 512: half a minute.
///
/// Weights of up to a few megabytes lie in a cache here, as those of a small model do; the last
/// shape, a part of a head, is there to be read from memory.
public func measureProducts(
  shapes: [(inputs: Int, outputs: Int)] = [(288, 768), (576, 1536), (896, 4864), (896, 32768)],
  turns: Int = 7
) -> [ProductMeasurement] {
  var measurements: [ProductMeasurement] = []
  for (inputs, outputs) in shapes {
    for type in PackedWeight.Precision.allCases {
      let bench = ProductBench(inputs: inputs, outputs: outputs, type: type, rows: 512)
      for rows in [1, 8, 64] {
        measurements.append(bench.measure(.forward, rows: rows, turns: turns))
      }
      for operation in ProductMeasurement.Operation.allCases
      where outputs < 10_000 && (type != .int8 || operation == .forward) {
        measurements.append(bench.measure(operation, rows: 512, turns: turns))
      }
    }
  }
  return measurements
}

/// The operands of one shape, and the loop that times them.
private final class ProductBench {
  let weight: PackedWeight
  let x, y, dw: Storage<Float>

  init(inputs: Int, outputs: Int, type: PackedWeight.Precision, rows: Int) {
    weight = PackedWeight(outputs: outputs, inputs: inputs, type: type)
    let random = CounterRandom(seed: 7, purpose: .check)
    x = Storage((0..<rows * inputs).map { Float(random.uniform($0) - 0.5) })
    y = Storage(rows * outputs)
    dw = Storage((0..<outputs * inputs).map { Float(random.uniform($0, 1) - 0.5) })
    weight.pack(dw.matrix(rows: outputs, columns: inputs))
  }

  func measure(
    _ operation: ProductMeasurement.Operation, rows: Int, turns: Int
  ) -> ProductMeasurement {
    let x = x.matrix(rows: rows, columns: weight.inputs)
    let y = y.matrix(rows: rows, columns: weight.outputs)
    let dw = dw.matrix(rows: weight.outputs, columns: weight.inputs)
    func once() {
      switch operation {
      case .forward: Product.forward(x, weight, into: y)
      case .backwardInput: Product.backwardInput(y, weight, into: x)
      case .backwardWeight: Product.backwardWeight(y, x, into: dw)
      }
    }
    let operations = Double(2 * rows * weight.inputs * weight.outputs)
    let repetitions = max(1, Int(1e-3 / Ceilings.time(once)))
    let panels = UnsafeBufferPointer(
      start: UnsafeRawPointer(weight.weight.panels).assumingMemoryBound(to: Float.self),
      count: weight.byteCount / MemoryLayout<Float>.stride)
    var seconds: [Double] = []
    var peerSeconds: [Double] = []
    var ceilings: [Double] = []
    for _ in 0..<turns {
      // OpenBLAS's threads turn in circles for some 30 ms after their work: until they are asleep, and
      // ours on cores of their own.
      let settled = ContinuousClock.now + .milliseconds(60)
      repeat { once() } while ContinuousClock.now < settled
      let computing = operations / (Ceilings.operationsPerSecond() * weight.type.multiplies)
      var reading = 0.0
      for _ in 0..<2 {  // the second finds the weights where the product will find them
        reading = Double(weight.byteCount) / Ceilings.bytesPerSecond(reading: panels)
      }
      ceilings.append(max(computing, reading))
      seconds.append(Ceilings.time { for _ in 0..<repetitions { once() } } / Double(repetitions))
      peerSeconds.append(
        Ceilings.time { for _ in 0..<repetitions { peer(operation, rows: rows) } }
          / Double(repetitions))
    }
    return ProductMeasurement(
      operation: operation, type: weight.type, rows: rows, inputs: weight.inputs,
      outputs: weight.outputs, seconds: seconds.sorted()[turns / 2],
      peerSeconds: peerSeconds.sorted()[turns / 2],
      ceilingSeconds: ceilings.sorted()[turns / 2])
  }

  /// The same by OpenBLAS, on row-major weights.
  private func peer(_ operation: ProductMeasurement.Operation, rows: Int) {
    let (rows, inputs, outputs) = (Int64(rows), Int64(weight.inputs), Int64(weight.outputs))
    switch operation {
    case .forward:
      tk_peer_product_forward(y.pointer, x.pointer, dw.pointer, rows, inputs, outputs)
    case .backwardInput:
      tk_peer_product_backward_input(x.pointer, y.pointer, dw.pointer, rows, inputs, outputs)
    case .backwardWeight:
      tk_peer_product_backward_weight(dw.pointer, y.pointer, x.pointer, rows, inputs, outputs)
    }
  }
}
