import MathAnswers
import Testing

struct NumbersTests {
  @Test(arguments: [
    ("1{,}234", "1234"), ("$1,234.50", "1234.5"), ("100,000", "100000"), ("1 000 000", "1000000"),
    (#"1\,234\,567"#, "1234567"), ("+7", "7"), ("5.", "5"), (".5", "0.50"), ("007", "7"),
    ("-7", "−7"), ("1.5e3", "1500"), (#"1.5\times10^{3}"#, "1.5E3"),
    (#"3\times10^8"#, "3 x 10^8"), ("10^3", "1000"), ("2^10", "1024"), ("twenty-one", "21"),
    ("½", "0.5"), ("10²", "100"), ("５", "5"), (#"\frac12"#, #"\nicefrac{1}{2}"#),
    (#"{1 \over 2}"#, "1/2"), (#"\frac{3}{-4}"#, #"-\frac34"#),
  ])
  func aNumberIsEqualInAnyDress(gold: String, prediction: String) {
    #expect(areEqual(gold, prediction))
  }

  @Test(arguments: [
    (#"0.1\overline{6}"#, "1/6"), (#"0.\dot3"#, #"\frac13"#),
    (#"\frac{10}{3}"#, #"3.\overline{3}"#),
  ])
  func repeatingDecimalsAreExact(gold: String, prediction: String) {
    #expect(areEqual(gold, prediction))
  }

  @Test(arguments: [
    (#"-1\frac12"#, "-1.5"), ("3 1/2", "3.5"), (#"6\frac{1}{6}\text{ feet}"#, #"\frac{37}{6}"#),
  ])
  func aWholeNumberBeforeAProperFractionIsAMixedNumber(gold: String, prediction: String) {
    #expect(areEqual(gold, prediction))
  }

  @Test(arguments: [
    (#"\frac{\sqrt{3}}{2}"#, "0.8660254"), (#"\frac23"#, "0.666667"), (#"\ln 2"#, "0.693147"),
    (#"\pi^2"#, "9.8696044"),
  ])
  func aDecimalStandsForWhatItRoundsToSixPlaces(gold: String, prediction: String) {
    #expect(areEqual(gold, prediction))
  }

  @Test(arguments: [
    (#"\frac{1}{3}"#, "0.33333"), (#"\frac{\sqrt{3}}{2}"#, "0.866"), ("3", "2.9999999"),
    ("10^{-10}", "0"), ("10^{-7}", #"2\times10^{-7}"#), ("3.14", #"\pi"#),
  ])
  func shorterOrWrongDecimalsAreNot(gold: String, prediction: String) {
    #expect(!areEqual(gold, prediction))
  }

  @Test(arguments: [
    ("1,2345", "12345"), ("12,00", "1200"), ("32, 349", "32349"), ("42", #"4\;2"#),
  ])
  func separatorsThatSeparateNoThousandsMakeNoNumber(gold: String, prediction: String) {
    #expect(!areEqual(gold, prediction))
  }

  @Test(arguments: [
    ("2,74", "2.74"), ("0.111", "0,111"),
  ])
  func aLoneDecimalCommaIsRead(gold: String, prediction: String) {
    #expect(areEqual(gold, prediction))
  }

  @Test(arguments: [
    ("2^{2005}+1", "2^{2005}+2"), (#"\frac{1}{2004!}"#, #"\frac{1}{2006!}"#),
    ("2^{100000}", "2^{100001}"), ("9^{9^9}", "9^{9^8}"),
  ])
  func longNumbersAreComparedExactly(gold: String, prediction: String) {
    #expect(!areEqual(gold, prediction))
  }

  @Test(arguments: [
    ("9^{9^9}", "9^{387420489}"), ("(x+1)^{2000}", "(x+1)^{1999}(x+1)"),
    (#"\frac{1}{2004!}"#, #"\frac{2005}{2005!}"#),
  ])
  func hugePowersAreEqualByStructure(gold: String, prediction: String) {
    #expect(areEqual(gold, prediction))
  }
}
