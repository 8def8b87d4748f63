import MathAnswers
import TestSupport
import Testing

@testable import Expressions

@Suite struct ExpressionTests {
  @Test(arguments: [
    ("1+2*3", "7"), ("(1+2)*3", "9"), ("8-3-2", "3"), ("7/2/2", "1.75"), ("1/3*3", "1"),
    ("2/3", "2/3"), ("10 - 4 * 2", "2"),
  ])
  func valuesAreExactAndLeftAssociative(_ text: String, _ value: String) throws {
    #expect(try Expression(text, target: 0).value().description == value)
  }

  @Test func literalsAreKeptAsTheyAreWritten() throws {
    #expect(try Expression("12+(3*3)", target: 0).literals == ["12", "3", "3"])
  }

  @Test(arguments: [
    ("", "the answer is empty"), ("1+", "it stops short"), ("(1", "a parenthesis stays open"),
    ("1 2", "it cannot be read"), ("01+2", "'01' starts with a zero"),
    ("2^3", "'^' is not allowed"),
    ("1+1=3", "behind '=' stands not the target"), ("1=1=1", "there is more than one '='"),
  ])
  func whatIsNoExpressionIsNamed(_ text: String, _ reason: String) {
    #expect(throws: ExpressionError(reason: reason)) { try Expression(text, target: 2) }
  }

  @Test func stepsCanBeHeldToNaturalNumbers() throws {
    let reason = ExpressionError(reason: "a step is a fraction or below zero")
    #expect(throws: reason) { try Expression("1/2*4", target: 2).value(integerSteps: true) }
    #expect(throws: reason) { try Expression("1-2+3", target: 2).value(integerSteps: true) }
    #expect(throws: ExpressionError(reason: "it divides by zero")) {
      try Expression("1/(2-2)", target: 2).value()
    }
  }

  @Test func numbersAreCounted() {
    #expect(NumberUse.all.fault(in: ["2", "3"], numbers: ["3", "2"]) == nil)
    #expect(NumberUse.all.fault(in: ["2"], numbers: ["3", "2"]) == "3 is not used")
    #expect(NumberUse.subset.fault(in: ["2"], numbers: ["3", "2"]) == nil)
    #expect(NumberUse.subset.fault(in: ["2", "2"], numbers: ["3", "2"]) == "2 is used too often")
    #expect(NumberUse.subset.fault(in: ["4"], numbers: ["3", "2"]) == "4 is not among the numbers")
  }

  @Test func otherWaysOfWritingAreRead() throws {
    #expect(try normalized(#"\frac{8\times3}{2}"#) == "((8*3)/(2))")
    #expect(try normalized("$[8 ÷ 2] − 1$") == "(8 / 2) - 1")
  }
}
