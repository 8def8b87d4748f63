import CKernels
import Kernels
import Tensors
import Testing

extension SharedMachine {
  @Suite struct WeightTests {
    @Test(arguments: [1, 15, 16, 17, 100], [1, 7, 16, 33, 50])
    func unpackingGivesBackWhatWasPacked(outputs: Int, inputs: Int) {
      onEveryInstructionSet { set in
        let rows = Sheet(rows: outputs, columns: inputs, seed: 3)
        let weight = PackedWeight(outputs: outputs, inputs: inputs)
        weight.pack(rows.matrix)
        let back = Sheet(rows: outputs, columns: inputs)
        weight.unpack(into: back.matrix)
        #expect(back.firstDifference(from: rows) == nil, "\(set)")
      }
    }

    @Test(arguments: PackedWeight.Precision.allCases)
    func packingInPiecesEqualsPackingAtOnce(type: PackedWeight.Precision) {
      let rows = Sheet(rows: 100, columns: 37, seed: 5)
      let whole = PackedWeight(outputs: 100, inputs: 37, type: type)
      whole.pack(rows.matrix)
      let pieces = PackedWeight(outputs: 100, inputs: 37, type: type)
      for range in [40..<41, 0..<16, 16..<40, 41..<55, 55..<100] {
        pieces.pack(rows.matrix.rows(range), at: range.lowerBound)
      }
      #expect(pieces.bytes == whole.bytes)

      let some = Sheet(rows: 30, columns: 37)
      pieces.unpack(into: some.matrix, at: 9)
      let all = Sheet(rows: 100, columns: 37)
      whole.unpack(into: all.matrix)
      #expect(some.bits == Array(all.bits[(9 * 37)..<(39 * 37)]))
    }

    @Test func panelsHoldSixteenOutputsSideBySide() {
      let weight = PackedWeight(outputs: 18, inputs: 3)
      weight.pack(matrix(18, 3, (0..<54).map(Float.init)))
      let panels = UnsafeBufferPointer(
        start: weight.weight.panels.assumingMemoryBound(to: Float.self), count: 2 * 3 * 16)
      // element (n, k) of W is 3n + k; the last panel holds outputs 16 and 17, then zeros
      #expect(Array(panels[0..<3]) == [0, 3, 6])
      #expect(Array(panels[16..<19]) == [1, 4, 7])
      #expect(Array(panels[48..<51]) == [48, 51, 0])
      #expect(weight.byteCount == 2 * 3 * 16 * 4)
    }

    @Test func bfloat16RoundsToNearestEven() {
      let cases: [(UInt32, UInt32)] = [
        (0x3F80_0000, 0x3F80_0000),  // 1
        (0x3F80_8000, 0x3F80_0000),  // half way, the lower is even
        (0x3F81_8000, 0x3F82_0000),  // half way, the upper is even
        (0x3F80_8001, 0x3F81_0000),  // just above half way
        (0xBF80_7FFF, 0xBF80_0000),  // just below
        (0x7F7F_FFFF, 0x7F80_0000),  // the largest float32 becomes infinity
        (0x7F80_0000, 0x7F80_0000),  // infinity
        (0x0000_8001, 0x0001_0000),  // a subnormal
        (0x8000_0000, 0x8000_0000),  // -0
      ]
      let values = cases.map { Float(bitPattern: $0.0) } + [.nan, Float(bitPattern: 0x7F80_0001)]
      onEveryInstructionSet { set in
        for pieces in [[0..<17], [0..<5, 5..<17]] {  // whole panels, and parts of them
          let weight = PackedWeight(outputs: 17, inputs: values.count, type: .bfloat16)
          let rows = matrix(17, values.count, Array(repeating: values, count: 17).flatMap(\.self))
          for range in pieces { weight.pack(rows.rows(range), at: range.lowerBound) }
          let back = Sheet(rows: 17, columns: values.count)
          weight.unpack(into: back.matrix)
          for row in 0..<17 {
            for (k, expected) in cases.map(\.1).enumerated() {
              #expect(back.matrix[row, k].bitPattern == expected, "\(set), case \(k)")
            }
            #expect(back.matrix[row, cases.count].isNaN)
            #expect(back.matrix[row, cases.count + 1].isNaN)
          }
        }
      }
    }

    @Test func refusesRowsThatDoNotFit() async {
      await #expect(processExitsWith: .failure) {
        PackedWeight(outputs: 4, inputs: 3).pack(matrix(2, 3, [1, 2, 3, 4, 5, 6]), at: 3)
      }
    }
  }
}

extension PackedWeight {
  fileprivate var bytes: [UInt8] {
    Array(UnsafeRawBufferPointer(start: weight.panels, count: byteCount))
  }
}
