import CKernels
import Kernels
import Tensors
import Testing

extension SharedMachine {
  @Suite struct ProductBackwardTests {
    static let shapes = [
      (1, 1, 1), (2, 7, 15), (5, 33, 16), (17, 33, 17), (64, 100, 100), (131, 7, 300),
      (300, 40, 33), (600, 24, 520),
    ]

    /// A float32 sum of n products differs from the exact one by at most about n/2^24 of the sum of
    /// their magnitudes; with numbers up to 1 that is n * n * 6e-8, and far less on average.
    private func tolerance(_ terms: Int) -> Float { Float(terms) * 0x1p-24 + 1e-6 }

    @Test(arguments: shapes)
    func gradientsMatchTheReference(rows: Int, inputs: Int, outputs: Int) {
      let dy = Sheet(rows: rows, columns: outputs, gap: 2, seed: 1)
      let x = Sheet(rows: rows, columns: inputs, gap: 1, seed: 2)
      for type in PackedWeight.Precision.trainable {
        let weight = packed(outputs: outputs, inputs: inputs, type: type, seed: 3)
        for accumulate in [false, true] {
          let dx = Sheet(rows: rows, columns: inputs, gap: 5, seed: 4)
          withUnsafePointer(to: weight.weight) {
            tk_reference_product_backward_input(
              dx.matrix.base, Int64(dx.matrix.stride), dy.matrix.base, Int64(dy.matrix.stride), $0,
              Int64(rows), Int64(outputs), accumulate ? 1 : 0)
          }
          onEveryInstructionSet { set in
            let fast = Sheet(rows: rows, columns: inputs, gap: 5, seed: 4)
            Product.backwardInput(dy.matrix, weight, into: fast.matrix, accumulate: accumulate)
            #expect(worst(fast, dx) < tolerance(outputs), "dx on \(set), \(type)")
          }
        }
      }
      let dw = Sheet(rows: outputs, columns: inputs, seed: 5)
      tk_reference_product_backward_weight(
        dw.matrix.base, dy.matrix.base, Int64(dy.matrix.stride), x.matrix.base,
        Int64(x.matrix.stride), Int64(rows), Int64(outputs), Int64(inputs))
      onEveryInstructionSet { set in
        let fast = Sheet(rows: outputs, columns: inputs, seed: 5)
        Product.backwardWeight(dy.matrix, x.matrix, into: fast.matrix)
        #expect(worst(fast, dw) < tolerance(rows), "dw on \(set)")
      }
    }

    /// The loss sum(dy * y) is linear in each of its operands, so a central difference in double is
    /// exact up to the rounding of the kernel's float32 gradient.
    @Test func gradientsMatchCentralDifferences() {
      let (rows, inputs, outputs) = (5, 9, 19)
      let dy = Sheet(rows: rows, columns: outputs, seed: 1)
      let x = Sheet(rows: rows, columns: inputs, seed: 2)
      let w = Sheet(rows: outputs, columns: inputs, seed: 3)
      let bias = randomNumbers(outputs, seed: 4)
      let weight = PackedWeight(outputs: outputs, inputs: inputs)

      func loss() -> Double {
        weight.pack(w.matrix)
        let y = Sheet(rows: rows, columns: outputs)
        Product.forward(x.matrix, weight, bias: UnsafePointer(bias.pointer), into: y.matrix)
        return zip(y.storage.array, dy.storage.array).reduce(0) { $0 + Double($1.0) * Double($1.1) }
      }
      func difference(_ storage: Storage<Float>, _ index: Int) -> Float {
        let value = storage[index]
        defer { storage[index] = value }
        storage[index] = value + 0.5
        let above = loss()
        storage[index] = value - 0.5
        return Float(above - loss())
      }

      weight.pack(w.matrix)
      let dx = Sheet(rows: rows, columns: inputs)
      Product.backwardInput(dy.matrix, weight, into: dx.matrix)
      let dw = Sheet(rows: outputs, columns: inputs)
      Product.backwardWeight(dy.matrix, x.matrix, into: dw.matrix)
      let db = Storage<Float>(outputs)
      Product.backwardBias(dy.matrix, into: db.pointer)
      // the forward's 95 outputs of up to 5 carry 3e-7 each, and a difference takes two losses
      for (operand, gradient) in [(x.storage, dx.storage), (w.storage, dw.storage), (bias, db)] {
        for index in 0..<operand.count {
          #expect(abs(difference(operand, index) - gradient[index]) < 2e-5)
        }
      }
    }

    @Test func gradientsAccumulate() {
      let dy = Sheet(rows: 4, columns: 20, seed: 1)
      let x = Sheet(rows: 4, columns: 10, seed: 2)
      let once = Sheet(rows: 20, columns: 10)
      Product.backwardWeight(dy.matrix, x.matrix, into: once.matrix)
      let onOne = Sheet(rows: 20, columns: 10)
      for index in 0..<200 { onOne.storage[index] = 1 }
      Product.backwardWeight(dy.matrix, x.matrix, into: onOne.matrix)
      for index in 0..<200 { #expect(onOne.storage[index] == 1 + once.storage[index]) }

      let db = Storage<Float>((0..<20).map(Float.init))
      Product.backwardBias(dy.matrix, into: db.pointer)
      for column in 0..<20 {
        var sum: Float = 0
        for row in 0..<4 { sum += dy.matrix[row, column] }
        #expect(db[column] == Float(column) + sum)
      }
    }

    @Test(arguments: PackedWeight.Precision.trainable)
    func bitsDoNotDependOnThreads(type: PackedWeight.Precision) {
      let (rows, inputs, outputs) = (300, 200, 530)
      let weight = packed(outputs: outputs, inputs: inputs, type: type, seed: 1)
      let dy = Sheet(rows: rows, columns: outputs, seed: 2)
      let x = Sheet(rows: rows, columns: inputs, seed: 3)
      for set in InstructionSet.available where set != .portable {
        let before = InstructionSet.current
        defer { before.select() }
        set.select()
        var seen: Set<[UInt32]> = []
        onEveryPool { _ in
          let dx = Sheet(rows: rows, columns: inputs, seed: 4)
          let dw = Sheet(rows: outputs, columns: inputs, seed: 5)
          let db = Sheet(rows: 1, columns: outputs, seed: 6)
          Product.backwardInput(dy.matrix, weight, into: dx.matrix, accumulate: true)
          Product.backwardWeight(dy.matrix, x.matrix, into: dw.matrix)
          Product.backwardBias(dy.matrix, into: db.storage.pointer)
          seen.insert(dx.bits + dw.bits + db.bits)
        }
        #expect(seen.count == 1, "\(set)")
      }
    }

    private func worst(_ a: Sheet, _ b: Sheet) -> Float {
      zip(a.storage.array, b.storage.array).map { abs($0 - $1) }.max() ?? 0
    }
  }
}
