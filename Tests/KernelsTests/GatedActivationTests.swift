import Foundation
import Kernels
import Tensors
import Testing

extension SharedMachine {
  @Suite struct GatedActivationTests {
    private func reference(_ u: Float, _ function: GatedActivation.Function) -> Float {
      switch function {
      case .silu:
        return u * (1 / (1 + Reference.exp(-u)))
      case .geluTanh:
        let cubic = Float(1).addingProduct(0.044715, u * u)
        return (0.5 * u) * (1 + Reference.tanh((0.797_884_560_802_865_4 * u) * cubic))
      }
    }

    private func forward(
      _ gateUp: [Float], _ function: GatedActivation.Function, rows: Int
    ) -> [Float] {
      let s = Table(rows: rows, columns: gateUp.count / rows / 2)
      GatedActivation.forward(Table(gateUp, rows: rows).matrix, function, into: s.matrix)
      return s.array
    }

    @Test(arguments: GatedActivation.Function.allCases, [5, 16, 1536])
    func forwardEqualsTheReadableOneEverywhere(_ function: GatedActivation.Function, width: Int) {
      let rows = 20
      let gateUp = normals(rows * 2 * width, seed: 1, scale: 4)
      var expected: [Float] = []
      for r in 0..<rows {
        for c in 0..<width {
          let gate = gateUp[r * 2 * width + c]
          expected.append(reference(gate, function) * gateUp[(r * 2 + 1) * width + c])
        }
      }
      let results = everywhere { Bits(forward(gateUp, function, rows: rows)) }
      #expect(results.allSatisfy { $0 == Bits(expected) })
    }

    @Test func valuesAgreeWithTheFormulas() {
      for u: Float in [-120, -20, -3, -0.5, 0, 1e-6, 0.7, 5, 120] {
        let x = Double(u)
        let silu = forward([u, 1], .silu, rows: 1)[0]
        #expect(abs(Double(silu) - x / (1 + exp(-x))) <= 4e-7 * abs(x) + 1e-37)
        let gelu = forward([u, 1], .geluTanh, rows: 1)[0]
        let exact = 0.5 * x * (1 + tanh((2 / .pi).squareRoot() * (x + 0.044715 * x * x * x)))
        #expect(abs(Double(gelu) - exact) <= 4e-7 * abs(x))
      }
    }

    @Test(arguments: GatedActivation.Function.allCases)
    func backwardMatchesCentralDifferences(_ function: GatedActivation.Function) {
      let (rows, width) = (3, 19)
      let gateUp = normals(rows * 2 * width, seed: 2, scale: 2)
      let ds = normals(rows * width, seed: 3)
      let gradient = Table(rows: rows, columns: 2 * width)
      GatedActivation.backward(
        Table(ds, rows: rows).matrix, Table(gateUp, rows: rows).matrix, function,
        into: gradient.matrix)
      let error = gradientError(at: gateUp, gradient: gradient.array) {
        dot(ds, forward($0, function, rows: rows))
      }
      #expect(error < 1e-3)
    }

    @Test func refusesAGateWithoutItsUp() async {
      await #expect(processExitsWith: .failure) {
        let x = Storage<Float>(12)
        GatedActivation.forward(
          x.matrix(rows: 2, columns: 6), .silu, into: Storage<Float>(12).matrix(rows: 2, columns: 6)
        )
      }
    }
  }
}
