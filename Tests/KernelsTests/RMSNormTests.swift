import Kernels
import Tensors
import Testing

extension SharedMachine {
  @Suite struct RMSNormTests {
    struct Shape: CustomTestStringConvertible {
      var rows, heads, width: Int
      var offset: Float
      var testDescription: String { "[\(rows), \(heads) x \(width)], offset \(offset)" }
    }
    static let shapes = [
      Shape(rows: 70, heads: 1, width: 576, offset: 0),
      Shape(rows: 33, heads: 3, width: 10, offset: 1),
      Shape(rows: 3, heads: 1, width: 17, offset: 0),
      Shape(rows: 5, heads: 2, width: 64, offset: 1),
    ]

    /// One row after the other, one channel after the other.
    private func reference(_ x: [Float], gain: [Float], _ s: Shape, epsilon: Float) -> (
      y: [Float], scale: [Float]
    ) {
      var y: [Float] = []
      var scale: [Float] = []
      for start in stride(from: 0, to: x.count, by: s.width) {
        let slice = x[start..<start + s.width]
        let mean = Reference.foldedProduct(slice, slice) / Float(s.width)
        let inverse = 1 / (mean + epsilon).squareRoot()
        scale.append(inverse)
        y += zip(slice, gain).map { (s.offset + $1) * ($0 * inverse) }
      }
      return (y, scale)
    }

    private func forward(_ x: [Float], gain: [Float], _ s: Shape) -> (y: [Float], scale: [Float]) {
      let input = Table(x, rows: s.rows)
      let y = Table(rows: s.rows, columns: s.heads * s.width)
      let scale = Table(rows: s.rows, columns: s.heads)
      RMSNorm.forward(
        input.matrix, gain: Storage(gain), offset: s.offset, epsilon: 1e-6, heads: s.heads,
        into: y.matrix, scale: scale.matrix)
      return (y.array, scale.array)
    }

    @Test(arguments: shapes) func forwardEqualsTheReadableOneEverywhere(_ s: Shape) {
      let x = normals(s.rows * s.heads * s.width, seed: 1)
      let gain = normals(s.width, seed: 2)
      let expected = reference(x, gain: gain, s, epsilon: 1e-6)
      for result in everywhere({ forward(x, gain: gain, s) }) {
        #expect(Bits(result.y) == Bits(expected.y))
        #expect(Bits(result.scale) == Bits(expected.scale))
      }
    }

    @Test func handComputedValue() {
      // mean of squares (1 + 4 + 4 + 16) / 4 = 25 / 4, so each is divided by 5/2
      let (y, scale) = forward(
        [1, -2, 2, 4], gain: [1, 1, 2, 0], Shape(rows: 1, heads: 1, width: 4, offset: 0))
      #expect(zip(y, [0.4, -0.8, 1.6, 0]).allSatisfy { abs($0 - $1) < 1e-6 })
      #expect(abs(scale[0] - 0.4) < 1e-6)
    }

    private func backward(
      _ dy: [Float], x: [Float], gain: [Float], _ s: Shape, start: [Float]? = nil
    ) -> (dx: [Float], dGain: [Float]) {
      let input = Table(x, rows: s.rows)
      let scale = Table(forward(x, gain: gain, s).scale, rows: s.rows)
      let gradient = Table(dy, rows: s.rows)
      // In place, where it does not accumulate.
      let dx = start.map { Table($0, rows: s.rows) } ?? gradient
      let dGain = Storage([Float](repeating: 1, count: s.width))
      RMSNorm.backward(
        gradient.matrix, x: input.matrix, scale: scale.matrix, gain: Storage(gain),
        offset: s.offset, heads: s.heads, into: dx.matrix, gainGradient: dGain,
        accumulate: start != nil)
      return (dx.array, dGain.array)
    }

    @Test(arguments: shapes.dropFirst()) func backwardMatchesCentralDifferences(_ s: Shape) {
      let x = normals(s.rows * s.heads * s.width, seed: 3)
      let gain = normals(s.width, seed: 4)
      let dy = normals(x.count, seed: 5)
      let (dx, dGain) = backward(dy, x: x, gain: gain, s)
      #expect(gradientError(at: x, gradient: dx) { dot(dy, forward($0, gain: gain, s).y) } < 2e-3)
      let gradient = dGain.map { $0 - 1 }  // backward adds; it does not overwrite
      #expect(
        gradientError(at: gain, gradient: gradient) { dot(dy, forward(x, gain: $0, s).y) } < 1e-3)
    }

    @Test func accumulatingAddsToWhatWasThere() {
      let s = Self.shapes[1]
      let x = normals(s.rows * s.heads * s.width, seed: 6)
      let gain = normals(s.width, seed: 7)
      let dy = normals(x.count, seed: 8)
      let before = normals(x.count, seed: 9)
      let alone = backward(dy, x: x, gain: gain, s).dx
      let added = backward(dy, x: x, gain: gain, s, start: before).dx
      #expect(zip(zip(alone, before), added).allSatisfy { $0.0 + $0.1 == $1 })
    }

    @Test func backwardRepeatsAtAnyNumberOfThreads() {
      let s = Shape(rows: 200, heads: 1, width: 576, offset: 0)
      let x = normals(s.rows * s.width, seed: 10)
      let gain = normals(s.width, seed: 11)
      let dy = normals(x.count, seed: 12)
      let results = onEachThreadCount {
        let result = backward(dy, x: x, gain: gain, s)
        return Bits(result.dx + result.dGain)
      }
      for set in results { #expect(set.allSatisfy { $0 == set[0] }) }
    }

    @Test func refusesAGainOfAnotherWidth() async {
      await #expect(processExitsWith: .failure) {
        let x = Storage<Float>(20).matrix(rows: 2, columns: 10)
        RMSNorm.forward(x, gain: Storage<Float>(8), epsilon: 1e-6, into: x)
      }
    }
  }
}
