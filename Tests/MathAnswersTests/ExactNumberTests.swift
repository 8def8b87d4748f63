import Testing

@testable import MathAnswers

@Suite struct ExactNumberTests {
  private func number(_ text: String) throws -> ExactNumber {
    try #require(ExactNumber(literal: text))
  }

  @Test(arguments: ["0", "7", "12.5", "0.125", "123456789012345678901234567890"])
  func aLiteralIsWrittenAsItWasRead(_ text: String) throws {
    #expect(try number(text).description == text)
  }

  @Test(arguments: ["", ".", "1.", ".5", "-1", "1e3", "1,000", "٣", "1.2.3"])
  func otherTextsAreNoLiterals(_ text: String) {
    #expect(ExactNumber(literal: text) == nil)
  }

  @Test func arithmeticIsExact() throws {
    let third = try ExactNumber(1) / ExactNumber(3)
    #expect(try third * ExactNumber(3) == ExactNumber(1))
    #expect(try (third + third).description == "2/3")
    #expect(try (number("0.1") + number("0.2")) == number("0.3"))
    #expect(try (ExactNumber(1) / ExactNumber(-4)).description == "-0.25")
    #expect((-third).description == "-1/3")
    #expect(try (ExactNumber(1) / ExactNumber(3200)).description == "0.0003125")
  }

  @Test func largeNumbersKeepAllTheirDigits() throws {
    let large = try ExactNumber(10).power(36)
    #expect(large.description == "1" + String(repeating: "0", count: 36))
    #expect(
      try (large * large + ExactNumber(7)).description
        == "1" + String(repeating: "0", count: 71) + "7")
    #expect(try (ExactNumber(2).power(-2)).description == "0.25")
  }

  @Test func whatCannotBeHadIsSaid() throws {
    #expect(throws: ExactNumber.Failure.divisionByZero) {
      try ExactNumber(1) / ExactNumber(0)
    }
    #expect(throws: ExactNumber.Failure.divisionByZero) { try ExactNumber(0).power(-1) }
    #expect(throws: ExactNumber.Failure.tooLarge) { try ExactNumber(10).power(1001) }
    #expect(throws: ExactNumber.Failure.tooLarge) { try ExactNumber(2).power(Int.max) }
    #expect(try ExactNumber(1).power(Int.max) == ExactNumber(1))
    #expect(try ExactNumber(-1).power(Int.max) == ExactNumber(-1))
    #expect(throws: ExactNumber.Failure.tooLarge) {
      try (0..<2000).reduce(ExactNumber(1)) { product, _ in try product * ExactNumber(10) }
    }
  }
}
