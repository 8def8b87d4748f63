import CKernels
import Kernels
import Tensors
import Testing

extension SharedMachine {
  @Suite struct EmbeddingTests {
    static let ids: [Int32] = [3, 0, 49, 3, 17, 3, 49]

    @Test(arguments: PackedWeight.Precision.allCases, [1, 33, 130])
    func rowsAreThoseOfTheComputeCopy(type: PackedWeight.Precision, width: Int) {
      let weight = packed(outputs: 50, inputs: width, type: type, seed: 1)
      let all = Sheet(rows: 50, columns: width)
      weight.unpack(into: all.matrix)
      onEveryPool { _ in
        let y = Sheet(rows: Self.ids.count, columns: width)
        Self.ids.withUnsafeBufferPointer { Embedding.forward($0, weight, scale: 3, into: y.matrix) }
        for (row, id) in Self.ids.enumerated() {
          for k in 0..<width { #expect(y.matrix[row, k] == 3 * all.matrix[Int(id), k]) }
        }
      }
    }

    @Test(arguments: [1, 33, 130])
    func gradientsOfOneIdAddUpInTheOrderOfRows(width: Int) {
      let dy = Sheet(rows: Self.ids.count, columns: width, seed: 2)
      let expected = Sheet(rows: 50, columns: width, seed: 3)
      tk_reference_embedding_backward(
        expected.matrix.base, dy.matrix.base, Self.ids, 0.3, Int64(Self.ids.count), Int64(width))
      onEveryPool { threads in
        let dw = Sheet(rows: 50, columns: width, seed: 3)
        Self.ids.withUnsafeBufferPointer {
          Embedding.backward(dy.matrix, $0, scale: 0.3, into: dw.matrix)
        }
        #expect(dw.firstDifference(from: expected) == nil, "\(threads) threads")
      }
    }

    @Test func refusesAnIdOutsideTheVocabulary() async {
      await #expect(processExitsWith: .failure) {
        let weight = PackedWeight(outputs: 4, inputs: 3)
        [Int32(4)].withUnsafeBufferPointer {
          Embedding.forward($0, weight, into: matrix(1, 3, [0, 0, 0]))
        }
      }
    }
  }
}
