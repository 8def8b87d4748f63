import Kernels
import Testing

extension SharedMachine {
  @Suite struct CeilingsTests {
    @Test func everyOperationIsMeasuredAgainstACeiling() {
      let measured = measureProducts(shapes: [(inputs: 64, outputs: 128)], turns: 1)
      // Forward at four numbers of rows; gradients at one, and none through int8.
      #expect(measured.count == 3 * 4 + 2 * 2)
      for one in measured {
        #expect(one.seconds > 0 && one.seconds.isFinite)
        #expect(one.ceilingSeconds > 0 && one.ceilingSeconds.isFinite)
        #expect(one.operationsPerSecond == Double(2 * one.rows * 64 * 128) / one.seconds)
      }
      #expect(Set(measured.map(\.operation)).count == 3)
    }
  }
}
