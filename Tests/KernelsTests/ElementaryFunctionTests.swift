import CKernels
import Foundation
import Kernels
import Tensors
import Testing

extension SharedMachine {
  /// The readable functions against the C library's in double; the kernels' against the readable
  /// ones, to the bit.
  @Suite struct ElementaryFunctionTests {
    /// Every float whose bits are a multiple of `stride`, up to `limit` on both sides of 0.
    private func floats(upTo limit: Float, stride step: UInt32) -> [Float] {
      stride(from: 0, through: limit.bitPattern, by: Int(step)).flatMap { bits in
        [Float(bitPattern: bits), -Float(bitPattern: bits)]
      }
    }

    /// The distance in units of the last place of the nearest float.
    private func ulps(_ value: Float, _ exact: Double) -> Double {
      abs(Double(value) - exact) / Double(max(abs(Float(exact)), .leastNormalMagnitude).ulp)
    }

    @Test func exponentialIsGoodToTwoUnits() {
      for x in floats(upTo: 110, stride: 5003) {
        let exact = Foundation.exp(Double(x))
        let value = Reference.exp(x)
        if exact > Double(Float.greatestFiniteMagnitude) {
          #expect(value == .infinity, "exp(\(x))")
        } else if exact < 0x1p-125 * 0.999_999 {
          #expect(value == 0, "exp(\(x))")
        } else if exact > 0x1p-125 * 1.000_001 {
          #expect(ulps(value, exact) < 2, "exp(\(x))")
        }
      }
    }

    @Test func hyperbolicTangentIsGoodToTwoUnits() {
      for x in floats(upTo: 40, stride: 5003) {
        #expect(ulps(Reference.tanh(x), Foundation.tanh(Double(x))) < 2, "tanh(\(x))")
      }
    }

    @Test func logarithmIsGoodToOneUnit() {
      for bits in stride(from: 0x0010_0000_0000_0000, to: 0x7ff0_0000_0000_0000, by: 1 << 45 + 7) {
        let x = Double(bitPattern: UInt64(bits))
        let exact = Foundation.log(x)
        #expect(abs(Reference.log(x) - exact) <= max(exact.magnitude.ulp, 1e-300), "log(\(x))")
      }
      for step in 1..<20_000 {
        let x = 0.5 + Double(step) * 1e-4
        let exact = Foundation.log(x)
        #expect(abs(Reference.log(x) - exact) <= exact.magnitude.ulp, "log(\(x))")
      }
    }

    @Test func sineAndCosineAreGoodToFifteenDigits() {
      for step in 0..<200_000 {
        let x = Double(step) * 4.999_973
        let (sine, cosine) = Reference.sineCosine(x)
        #expect(abs(sine - Foundation.sin(x)) < 2.3e-16, "sin(\(x))")
        #expect(abs(cosine - Foundation.cos(x)) < 2.3e-16, "cos(\(x))")
      }
    }

    /// With lse 0, slope -1 and another token, the gradient of logits z is e^z.
    private func kernelExponentials(_ x: [Float]) -> [Float] {
      var result = [Float](repeating: 0, count: x.count)
      let z = x + [0]
      var dz = result + [0]
      tk_logprob_backward(
        &dz, Int64(z.count), z, Int64(z.count), [Int32(x.count)], [-1], [0], [0], [0], 1, 1,
        Int64(z.count), Int64(z.count))
      result = Array(dz.dropLast())
      return result
    }

    @Test func kernelsExponentialEqualsTheReadableOne() {
      let x = floats(upTo: 127, stride: 20_011) + [88.72283, 88.72284, -86.64339]
      let expected = Bits(x.map(Reference.exp))
      #expect(everywhere { Bits(kernelExponentials(x)) }.allSatisfy { $0 == expected })
      #expect(kernelExponentials([.nan])[0].isNaN)
      #expect(kernelExponentials([-.infinity]) == [0])
    }

    @Test func kernelsHyperbolicTangentEqualsTheReadableOne() {
      let x = floats(upTo: 200, stride: 20_011) + [.infinity, -.infinity, 0.625, -0.625]
      let expected = Bits(x.map(Reference.tanh))
      let results = everywhere {
        let z = Table(x, rows: 1)
        Softcap.forward(z.matrix, cap: 1)
        return Bits(z.array)
      }
      #expect(results.allSatisfy { $0 == expected })
    }

    @Test func kernelsLogarithmEqualsTheReadableOne() {
      // n equal logits of 0 have a log-sum-exp of log n
      for n in [1, 2, 3, 10, 1000, 5003] {
        let logits = Table(rows: 1, columns: n)
        let results = everywhere { TokenLogprob.forward(logits.matrix, tokens: [0]).lse }
        #expect(results.allSatisfy { $0 == [Reference.log(Double(n))] })
      }
    }
  }
}
