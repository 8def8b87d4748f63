import Kernels
import Tensors
import Testing

extension SharedMachine {
  /// What the int8 copy promises besides the bits of its reference twin (ProductForwardTests).
  @Suite struct QuantizedTests {
    @Test(arguments: [1, 32, 33, 100, 288])
    func weightsAreWithinHalfALevelOfTheirBlock(inputs: Int) {
      let rows = Sheet(rows: 21, columns: inputs, seed: 3)
      let back = Sheet(rows: 21, columns: inputs)
      let weight = packed(outputs: 21, inputs: inputs, type: .int8, seed: 3)
      weight.unpack(into: back.matrix)
      for n in 0..<21 {
        for block in stride(from: 0, to: inputs, by: 32) {
          let places = block..<min(block + 32, inputs)
          // The scale is bfloat16, rounded up: by less than one part in 128.
          let level = places.map { abs(rows.matrix[n, $0]) }.max()! / 127 * (1 + 1 / 128)
          for k in places {
            #expect(abs(back.matrix[n, k] - rows.matrix[n, k]) <= level * 0.5001)
          }
        }
      }
    }

    @Test func productsAreWithinAHundredthOfTheExactOnes() {
      let (rows, inputs, outputs) = (9, 600, 50)
      let x = Sheet(rows: rows, columns: inputs, seed: 1)
      func product(_ type: PackedWeight.Precision) -> [Float] {
        let y = Sheet(rows: rows, columns: outputs)
        Product.forward(
          x.matrix, packed(outputs: outputs, inputs: inputs, type: type, seed: 2), into: y.matrix)
        return y.storage.array
      }
      let exact = product(.float32)
      let error = zip(product(.int8), exact).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      let size = exact.reduce(0) { $0 + $1 * $1 }
      // Two roundings to levels a 127th apart, each uniform: some 0.5% of random numbers.
      #expect((error / size).squareRoot() < 0.01)
      #expect(error > 0)
    }

    @Test func wholeNumbersOfAFullScaleAreExact() {
      // Largest 127 in each block, so that a level is 1; bfloat16 has it.
      let inputs = 64
      let numbers = (0..<inputs).map { Float(($0 * 37) % 255 - 127) }
      let rows = numbers.enumerated().map { $0 % 32 == 0 ? 127 : $1 }
      let weight = PackedWeight(outputs: 1, inputs: inputs, type: .int8)
      weight.pack(matrix(1, inputs, rows))
      onEveryInstructionSet { set in
        let y = Storage<Float>(1)
        Product.forward(
          matrix(1, inputs, rows.reversed()), weight, into: y.matrix(rows: 1, columns: 1))
        // reversed, each block still has its 127
        #expect(y[0] == zip(rows, rows.reversed()).reduce(0) { $0 + $1.0 * $1.1 }, "\(set)")
      }
    }

    @Test func aRowThatIsNotFiniteGivesNothingElse() {
      let weight = packed(outputs: 40, inputs: 70, type: .int8, seed: 1)
      onEveryInstructionSet { set in
        for bad in [Float.nan, .infinity, -.infinity] {
          let x = Sheet(rows: 3, columns: 70, seed: 2)
          let y = Sheet(rows: 3, columns: 40)
          let z = Sheet(rows: 3, columns: 40)
          Product.forward(x.matrix, weight, into: z.matrix)
          x.matrix[1, 69] = bad
          Product.forward(x.matrix, weight, into: y.matrix)
          for n in 0..<40 {
            #expect(y.matrix[1, n].isNaN, "\(set), \(bad)")
            #expect(y.matrix[0, n] == z.matrix[0, n] && y.matrix[2, n] == z.matrix[2, n])
          }
        }
      }
      let rows = Sheet(rows: 40, columns: 70, seed: 1)
      rows.matrix[7, 3] = .nan
      weight.pack(rows.matrix)
      let y = Sheet(rows: 1, columns: 40)
      Product.forward(Sheet(rows: 1, columns: 70, seed: 2).matrix, weight, into: y.matrix)
      for n in 0..<40 { #expect(y.matrix[0, n].isNaN == (n == 7)) }
    }

    @Test func zerosAndTheSmallestNumbersGiveTheBias() {
      let weight = packed(outputs: 20, inputs: 40, type: .int8, seed: 1)
      let bias = randomNumbers(20, seed: 5)
      for tiny in [Float(0), .leastNonzeroMagnitude, .leastNormalMagnitude, -1e-32] {
        let y = Storage<Float>(20)
        Product.forward(
          matrix(1, 40, Array(repeating: tiny, count: 40)), weight,
          bias: UnsafePointer(bias.pointer), into: y.matrix(rows: 1, columns: 20))
        #expect(y.array == bias.array)
      }
    }

    @Test func refusesAGradient() async {
      await #expect(processExitsWith: .failure) {
        let weight = PackedWeight(outputs: 4, inputs: 4, type: .int8)
        let numbers = [Float](repeating: 0, count: 4)
        Product.backwardInput(matrix(1, 4, numbers), weight, into: matrix(1, 4, numbers))
      }
    }
  }
}
