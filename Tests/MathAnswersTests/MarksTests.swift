import MathAnswers
import Testing

struct MarksTests {
  @Test(arguments: [
    (#"25\%"#, "0.25"), (#"25\%"#, "25"), ("0.25", #"25\%"#), ("25", #"25\%"#),
    (#"5\%"#, "5 percent"), ("1.5", #"150\%"#),
  ])
  func percentIsItsNumberOrItsValue(gold: String, prediction: String) {
    #expect(areEqual(gold, prediction))
  }

  @Test(arguments: [
    (#"25\%"#, "2500"), ("10", "0.1"), ("10", "1000"), ("1.5", #"15\%"#),
  ])
  func noOtherFactorOfAHundredIsForgiven(gold: String, prediction: String) {
    #expect(!areEqual(gold, prediction))
  }

  @Test(arguments: [
    (#"10\text{ cm}"#, "10"), ("12", "12 m"),
    (#"16\text{ cm}^2"#, #"16 \text{ square centimeters}"#),
    (#"45\text{ mph}"#, "45 miles per hour"), (#"10 \text{ m/s}"#, "10 m/s"), ("5 apples", "5"),
    (#"30\text{ min}"#, "30 minutes"), (#"\$5"#, "5 dollars"), ("€20", "20"),
    ("90", #"90^\circ"#),
  ])
  func oneSidesUnitIsLeftAside(gold: String, prediction: String) {
    #expect(areEqual(gold, prediction))
  }

  @Test(arguments: [
    (#"10\text{ cm}"#, #"10\text{ m}"#), ("10 m", "10 cm"), ("5 dollars", "5 cents"),
    (#"10\text{ m/s}"#, #"10\text{ km/h}"#), ("5", "5a"),
  ])
  func unitsThatDifferAreNotConverted(gold: String, prediction: String) {
    #expect(!areEqual(gold, prediction))
  }

  @Test(arguments: [
    ("204_5", "204"), ("204_5", "(204)_5"), ("204_5", #"204_{\text{five}}"#),
    (#"\text{A5}_{11}"#, "A5_{11}"),
  ])
  func aBaseIsPartOfTheAnswerWhereItIsGiven(gold: String, prediction: String) {
    #expect(areEqual(gold, prediction))
  }

  @Test(arguments: [
    ("204_5", "204_6"), ("204", "204_6"),
  ])
  func anotherBaseIsAnotherNumber(gold: String, prediction: String) {
    #expect(!areEqual(gold, prediction))
  }

  @Test(arguments: [
    ("3:30", "3:30 PM"), (#"\text{4:30 p.m.}"#, "4:30 PM"), (#"4\!:\!51"#, "4{:}51"),
  ])
  func timesOfDayAgreeInHourMinuteAndHalf(gold: String, prediction: String) {
    #expect(areEqual(gold, prediction))
  }

  @Test(arguments: [
    ("3:30", "15:30"), ("3:30 am", "3:30 pm"), ("3:30", "3:03"),
  ])
  func otherTimesDiffer(gold: String, prediction: String) {
    #expect(!areEqual(gold, prediction))
  }

  @Test(arguments: [
    ("1:2:3", "2:4:6"), ("3:4", #"\frac34"#), ("3:4", #"3 \text{ to } 4"#),
  ])
  func ratiosAreProportional(gold: String, prediction: String) {
    #expect(areEqual(gold, prediction))
  }

  @Test(arguments: [
    (#"x \equiv 3 \pmod 7"#, #"x\equiv 10 \pmod{7}"#), (#"x \equiv 3 \pmod 7"#, "3"),
    ("3", #"3 \pmod 7"#),
  ])
  func congruencesAgreeByResidue(gold: String, prediction: String) {
    #expect(areEqual(gold, prediction))
  }

  @Test(arguments: [
    ("1:2:3", "1:3:2"), (#"x \equiv 3 \pmod 7"#, #"x\equiv 3 \pmod{8}"#),
  ])
  func ratiosAndCongruencesOfOtherKindsDiffer(gold: String, prediction: String) {
    #expect(!areEqual(gold, prediction))
  }
}
