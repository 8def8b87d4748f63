import Testing

@testable import EmbeddedTask

@Suite struct ArithmeticChainTests {
  @Test func worksFromLeftToRightWithoutPrecedence() {
    let chain = ArithmeticChain(numbers: [7, 5, 3, 2], operators: [.plus, .times, .minus])
    #expect(chain.problem == "7+5*3-2=")
    #expect(chain.results == [12, 36, 34])
    #expect(chain.answer == "34")
    #expect(chain.solution == "12 36#34")
  }

  @Test func wrapsRoundAtZeroAndAtAHundred() {
    let below = ArithmeticChain(numbers: [3, 7, 9, 8], operators: [.minus, .times, .plus])
    #expect(below.results == [96, 64, 72])
    let above = ArithmeticChain(numbers: [9, 9, 9, 9], operators: [.times, .times, .times])
    #expect(above.results == [81, 29, 61])
    let zero = ArithmeticChain(numbers: [4, 4, 5], operators: [.minus, .times])
    #expect(zero.solution == "00#00")
  }

  @Test func anAlteredResultIsCarriedOn() {
    let chain = ArithmeticChain(numbers: [7, 5, 3, 2], operators: [.plus, .times, .minus])
    #expect(chain.results { index, value in index == 0 ? value + 1 : value } == [13, 39, 37])
  }
}
