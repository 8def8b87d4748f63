import Foundation
import Kernels
import Tensors
import Testing

extension SharedMachine {
  @Suite struct UpdateTests {
    /// Ten steps on one number, in double.
    @Test func stepsFollowTheFormulas() {
      let (rate, decay, scale) = (0.01, 0.1, Float(0.5))
      let gradients = normals(10, seed: 1)
      var (theta, m, v) = (0.7, 0.0, 0.0)
      let values = Storage<Float>([0.7])
      let (first, second) = (Storage<Float>(1), Storage<Float>(1))
      for (index, g) in gradients.enumerated() {
        let t = index + 1
        let scaled = Double(g) * Double(scale)
        theta *= 1 - rate * decay
        m = 0.9 * m + 0.1 * scaled
        v = 0.999 * v + 0.001 * scaled * scaled
        theta -=
          rate * (m / (1 - pow(0.9, Double(t))))
          / ((v / (1 - pow(0.999, Double(t)))).squareRoot() + 1e-8)
        AdamWStep(step: t, learningRate: rate, decay: decay, gradientScale: scale).apply(
          to: values, firstMoment: first, secondMoment: second, gradient: Storage([g]))
        #expect(abs(Double(values[0]) - theta) < 1e-6)
        #expect(abs(Double(first[0]) - m) < 1e-6 && abs(Double(second[0]) - v) < 1e-6)
      }
    }

    @Test func updateHasTheSameBitsEverywhere() {
      let count = 40_001
      let g = Storage(normals(count, seed: 2))
      let results = everywhere {
        let values = Storage(normals(count, seed: 3))
        let (m, v) = (Storage<Float>(count), Storage<Float>(count))
        for t in 1...3 {
          AdamWStep(step: t, learningRate: 1e-3, decay: 0.01).apply(
            to: values, firstMoment: m, secondMoment: v, gradient: g)
        }
        return Bits(values.array + m.array + v.array)
      }
      #expect(results.allSatisfy { $0 == results[0] })
    }

    @Test func sumOfSquaresIsThatOfDoubles() {
      let x = normals(100_003, seed: 4, scale: 1e3)
      let exact = x.reduce(0) { $0 + Double($1) * Double($1) }
      let results = everywhere { Storage(x).sumOfSquares }
      #expect(results.allSatisfy { $0 == results[0] })
      #expect(abs(results[0] - exact) < 1e-12 * exact)
      #expect(Storage<Float>(0).sumOfSquares == 0)
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity])
    func theFirstNumberThatIsNotFiniteIsFound(_ bad: Float) {
      let x = Storage<Float>(100_003)
      #expect(everywhere { x.firstNonFinite }.allSatisfy { $0 == nil })
      for index in [100_002, 65_536, 40_007, 3] {
        x[index] = bad
        #expect(everywhere { x.firstNonFinite }.allSatisfy { $0 == index })
      }
    }

    @Test func refusesMomentsOfAnotherCount() async {
      await #expect(processExitsWith: .failure) {
        AdamWStep(step: 1, learningRate: 0.1).apply(
          to: Storage(4), firstMoment: Storage(4), secondMoment: Storage(3), gradient: Storage(4))
      }
    }
  }
}
