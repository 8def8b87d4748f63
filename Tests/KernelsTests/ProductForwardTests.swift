import CKernels
import Kernels
import Tensors
import Testing

extension SharedMachine {
  /// The forward product gives the bits of its reference twin, whatever the machine does.
  @Suite struct ProductForwardTests {
    static let rows = [1, 2, 5, 8, 17, 64, 131]

    @Test(arguments: [1, 7, 33, 900], [1, 15, 16, 17, 100])
    func bitsEqualTheReference(inputs: Int, outputs: Int) {
      // 900 inputs are more than one stretch of the depth; portable C has no fma instruction to call.
      let sizes = inputs > 100 ? [1, 8, 17] : Self.rows
      for type in PackedWeight.Precision.allCases {
        let weight = packed(outputs: outputs, inputs: inputs, type: type, seed: 1)
        let bias = randomNumbers(outputs, seed: 2)
        for rows in sizes {
          let x = Sheet(rows: rows, columns: inputs, gap: 3, seed: 4)
          for biased in [false, true] {
            let expected = Sheet(rows: rows, columns: outputs, gap: 2, seed: 9)
            reference(x.matrix, weight, bias: biased ? bias : nil, into: expected.matrix)
            onEveryInstructionSet { set in
              onEveryPool { threads in
                let y = Sheet(rows: rows, columns: outputs, gap: 2, seed: 9)
                Product.forward(
                  x.matrix, weight, bias: biased ? UnsafePointer(bias.pointer) : nil, into: y.matrix
                )
                // the numbers between rows, equal at first, are compared too
                #expect(
                  y.bits == expected.bits, "\(set), \(threads) threads, \(rows) rows, \(type)")
              }
            }
          }
        }
      }
    }

    @Test(arguments: PackedWeight.Precision.allCases)
    func aRowIsTheSameAloneAndInABatch(type: PackedWeight.Precision) {
      let (rows, inputs, outputs) = (260, 800, 150)
      let weight = packed(outputs: outputs, inputs: inputs, type: type, seed: 1)
      let x = Sheet(rows: rows, columns: inputs, seed: 2)
      for set in InstructionSet.available where set != .portable {
        let before = InstructionSet.current
        defer { before.select() }
        set.select()
        let batch = Sheet(rows: rows, columns: outputs)
        Product.forward(x.matrix, weight, into: batch.matrix)
        for size in [1, 3, 10, 30] {
          let alone = Sheet(rows: rows, columns: outputs)
          for first in stride(from: 0, to: rows, by: size) {
            let part = first..<min(first + size, rows)
            Product.forward(x.matrix.rows(part), weight, into: alone.matrix.rows(part))
          }
          #expect(alone.firstDifference(from: batch) == nil, "\(set), \(size) rows at a time")
        }
      }
    }

    @Test func thousandsOfRowsAgreeBetweenInstructionSets() {
      // More rows and depth than one chunk holds.
      let (rows, inputs, outputs) = (2100, 1100, 40)
      let weight = packed(outputs: outputs, inputs: inputs, type: .float32, seed: 1)
      let x = Sheet(rows: rows, columns: inputs, seed: 2)
      let expected = Sheet(rows: rows, columns: outputs)
      for row in [0, 1, 1050, 2047, 2048, 2099] {
        reference(
          x.matrix.rows(row..<row + 1), weight, bias: nil, into: expected.matrix.rows(row..<row + 1)
        )
      }
      for set in InstructionSet.available where set != .portable {
        let before = InstructionSet.current
        defer { before.select() }
        set.select()
        let y = Sheet(rows: rows, columns: outputs)
        Product.forward(x.matrix, weight, into: y.matrix)
        for row in [0, 1, 1050, 2047, 2048, 2099] {
          for column in 0..<outputs {
            #expect(y.matrix[row, column] == expected.matrix[row, column], "\(set), row \(row)")
          }
        }
      }
    }

    @Test func computesOnlyTheFirstOutputsThatAreAskedFor() {
      let weight = packed(outputs: 70, inputs: 20, type: .float32, seed: 1)
      let x = Sheet(rows: 3, columns: 20, seed: 2)
      let all = Sheet(rows: 3, columns: 70)
      Product.forward(x.matrix, weight, into: all.matrix)
      let some = Sheet(rows: 3, columns: 37, gap: 33, seed: 5)
      let untouched = Sheet(rows: 3, columns: 37, gap: 33, seed: 5)
      Product.forward(x.matrix, weight, into: some.matrix)
      for row in 0..<3 {
        for column in 0..<70 {
          let expected = column < 37 ? all.storage : untouched.storage
          #expect(some.storage[row * 70 + column] == expected[row * 70 + column])
        }
      }
    }

    @Test func aSmallProductIsTheOneWorkedByHand() {
      let weight = PackedWeight(outputs: 2, inputs: 3)
      weight.pack(matrix(2, 3, [1, 2, 3, -1, 0, 4]))
      let x = matrix(2, 3, [1, 1, 1, 0.5, -2, 1])
      let y = Storage<Float>(4)
      Product.forward(x, weight, bias: [10, 20], into: y.matrix(rows: 2, columns: 2))
      #expect(y.array == [16, 23, 9.5, 23.5])
    }

    @Test func noRowsAreNoWork() {
      let weight = packed(outputs: 20, inputs: 5, type: .float32, seed: 1)
      Product.forward(matrix(0, 5, []), weight, into: matrix(0, 20, []))
      let dw = Sheet(rows: 20, columns: 5, seed: 3)
      Product.backwardWeight(matrix(0, 20, []), matrix(0, 5, []), into: dw.matrix)
      #expect(dw.firstDifference(from: Sheet(rows: 20, columns: 5, seed: 3)) == nil)
    }

    @Test func refusesShapesThatDisagree() async {
      await #expect(processExitsWith: .failure) {
        let weight = PackedWeight(outputs: 4, inputs: 3)
        let numbers = [Float](repeating: 0, count: 8)
        Product.forward(matrix(2, 4, numbers), weight, into: matrix(2, 4, numbers))
      }
    }

    private func reference(
      _ x: Matrix, _ w: PackedWeight, bias: Storage<Float>?, into y: Matrix
    ) {
      let reference =
        w.type == .int8 ? tk_reference_quantized_forward : tk_reference_product_forward
      withUnsafePointer(to: w.weight) {
        reference(
          y.base, Int64(y.stride), x.base, Int64(x.stride), $0, bias?.pointer, Int64(y.rows),
          Int64(y.columns))
      }
    }
  }
}
