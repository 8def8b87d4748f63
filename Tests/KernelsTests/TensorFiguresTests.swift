import Kernels
import Tensors
import Testing

extension SharedMachine {
  @Suite struct TensorFiguresTests {
    private let count = 100_003

    @Test func figuresAreThoseOfDoubles() {
      let (w, g) = (normals(count, seed: 1, scale: 0.1), normals(count, seed: 2, scale: 1e-3))
      var v = normals(count, seed: 3, scale: 1e-4).map { $0 * $0 }
      v[7] = 0  // never had a gradient
      let (storage, gradient, moments) = (Storage(w), Storage(g), Storage(v))
      let results = everywhere {
        TensorFigures(
          weights: storage, gradient: gradient, spikes: .init(over: 5000, times: moments))
      }
      #expect(results.allSatisfy { $0 == results[0] })
      let figures = results[0]
      func sum(_ term: (Int) -> Double) -> Double { (0..<count).reduce(0) { $0 + term($1) } }
      func agree(_ a: Double, _ b: Double) -> Bool { abs(a - b) <= 1e-11 * abs(b) }
      #expect(agree(figures.weightSquares, sum { Double(w[$0]) * Double(w[$0]) }))
      #expect(figures.gradientSquares == gradient.sumOfSquares)
      #expect(agree(figures.gradientMean, sum { Double(abs(g[$0])) } / Double(count)))
      #expect(figures.gradientMax == Double(g.map(abs).max()!))
      #expect(abs(figures.alignment + sum { Double(w[$0]) * Double(g[$0]) }) < 1e-9)
      let spikes = (0..<count).count { g[$0] * g[$0] > 5000 * v[$0] && v[$0] > 0 }
      #expect(figures.spikes == spikes && spikes > 100)
      #expect(TensorFigures(weights: storage, gradient: gradient).spikes == nil)
    }

    /// The update that keeps the weights as they were is the other one, to the bit.
    @Test func anUpdateThatKeepsIsTheSameUpdate() {
      let g = normals(count, seed: 2)
      let start = normals(count, seed: 3)
      let step = AdamWStep(step: 1, learningRate: 1e-3, decay: 0.01, gradientScale: 0.3)
      let plain = Storage(start)
      let (m, v) = (Storage<Float>(count), Storage<Float>(count))
      step.apply(to: plain, firstMoment: m, secondMoment: v, gradient: Storage(g))
      let results = everywhere {
        let (values, gradient) = (Storage(start), Storage(g))
        let (first, second) = (Storage<Float>(count), Storage<Float>(count))
        let squares = step.applyKeeping(
          to: values, firstMoment: first, secondMoment: second, gradient: gradient)
        #expect(
          Bits(values.array + first.array + second.array) == Bits(plain.array + m.array + v.array))
        #expect(Bits(gradient.array) == Bits(start))
        return squares
      }
      let exact = zip(plain.array, start).reduce(0.0) {
        $0 + (Double($1.0) - Double($1.1)) * (Double($1.0) - Double($1.1))
      }
      #expect(results.allSatisfy { $0 == results[0] })
      #expect(abs(results[0] - exact) <= 1e-12 * exact)
    }

    @Test func whatStandsBetweenIsOnTheLine() {
      let (a, b) = (Storage(normals(count, seed: 5)), Storage(normals(count, seed: 6)))
      let results = everywhere {
        let y = Storage<Float>(count)
        y.setBetween(a, b, share: 0.3)
        return Bits(y.array)
      }
      #expect(results.allSatisfy { $0 == results[0] })
      let y = b.copy()
      y.setBetween(a, y, share: 0.3)
      #expect(Bits(y.array) == results[0])
      #expect((0..<count).allSatisfy { abs(y[$0] - (0.7 * a[$0] + 0.3 * b[$0])) < 1e-6 })
      y.setBetween(a, b, share: 0)
      #expect(Bits(y.array) == Bits(a.array))
    }
  }
}
