import CKernels
import Foundation
import Kernels
import Tensors
import Testing

extension SharedMachine {
  @Suite struct RotationTests {
    private func frequencies(_ half: Int) -> [Double] {
      (0..<half).map { pow(1e4, -Double($0) / Double(half)) }
    }

    @Test func tableEqualsTheReadableOneEverywhere() {
      let f = frequencies(16)
      let count = 3000
      var expected = (cosine: [Float](), sine: [Float]())
      for p in 0..<count {
        for m in f.indices {
          let (s, c) = Reference.sineCosine(Double(p) * f[m])
          expected.cosine.append(Float(1.25 * c))
          expected.sine.append(Float(1.25 * s))
        }
      }
      let results = everywhere {
        var cosine = [Float](repeating: 0, count: count * f.count)
        var sine = cosine
        tk_rope_table(&cosine, &sine, f, 1.25, Int64(count), Int64(f.count))
        return (Bits(cosine), Bits(sine))
      }
      for (cosine, sine) in results {
        #expect(cosine == Bits(expected.cosine))
        #expect(sine == Bits(expected.sine))
      }
    }

    /// Pair by pair, with cosines and sines rounded to float.
    private func reference(
      _ x: [Float], _ f: [Double], positions: [Int32], heads: Int, direction: Float
    ) -> [Float] {
      var y = x
      let width = 2 * f.count
      for (row, position) in positions.enumerated() {
        for head in 0..<heads {
          for m in f.indices {
            let low = (row * heads + head) * width + m
            let angle = Reference.sineCosine(Double(position) * f[m])
            let (c, s) = (Float(angle.cosine), direction * Float(angle.sine))
            y[low] = (-(x[low + f.count] * s)).addingProduct(x[low], c)
            y[low + f.count] = (x[low] * s).addingProduct(x[low + f.count], c)
          }
        }
      }
      return y
    }

    @Test(arguments: [5, 16, 24, 32]) func bothWaysEqualTheReadableOneEverywhere(_ half: Int) {
      let f = frequencies(half)
      let positions: [Int32] = (0..<90).map { $0 * 7 % 64 }
      let x = normals(positions.count * 3 * 2 * half, seed: 1)
      let rotation = RotationTable(frequencies: f, count: 64)
      for direction: Float in [1, -1] {
        let expected = Bits(
          reference(x, f, positions: positions, heads: 3, direction: direction))
        let results = everywhere {
          let y = Table(x, rows: positions.count)
          if direction > 0 {
            rotation.rotate(y.matrix, positions: positions, heads: 3)
          } else {
            rotation.rotateBack(y.matrix, positions: positions, heads: 3)
          }
          return Bits(y.array)
        }
        #expect(results.allSatisfy { $0 == expected })
      }
    }

    @Test func backwardMatchesCentralDifferences() {
      let rotation = RotationTable(frequencies: frequencies(5), multiplier: 1.1, count: 20)
      let positions: [Int32] = [0, 3, 19]
      let x = normals(3 * 20, seed: 2)
      let dy = normals(x.count, seed: 3)
      let dx = Table(dy, rows: 3)
      rotation.rotateBack(dx.matrix, positions: positions, heads: 2)
      let error = gradientError(at: x, gradient: dx.array) { x in
        let y = Table(x, rows: 3)
        rotation.rotate(y.matrix, positions: positions, heads: 2)
        return dot(dy, y.array)
      }
      #expect(error < 1e-4)
    }

    @Test func positionZeroStaysAndAQuarterTurnSwapsThePair() {
      let rotation = RotationTable(frequencies: [.pi / 4], count: 3)
      let x = Table([3, 5, 3, 5], rows: 2)
      rotation.rotate(x.matrix, positions: [0, 2], heads: 1)
      #expect(x.array[0...1] == [3, 5])
      #expect(abs(x.array[2] + 5) < 1e-6 && abs(x.array[3] - 3) < 1e-6)
    }

    @Test func refusesAPositionBeyondTheTable() async {
      await #expect(processExitsWith: .failure) {
        let x = Storage<Float>(4).matrix(rows: 1, columns: 4)
        RotationTable(frequencies: [1, 0.1], count: 8).rotate(x, positions: [8], heads: 1)
      }
    }
  }
}
