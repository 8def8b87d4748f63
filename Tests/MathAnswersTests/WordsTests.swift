import MathAnswers
import Testing

struct WordsTests {
  @Test(arguments: [
    (#"\text{Navin}"#, "navin"), (#"\text{even}"#, "even"), (#"\text{June 20}"#, "June 20"),
    (#"\text{does not exist}"#, "DNE"), (#"\emptyset"#, #"\text{no solution}"#),
    (#"\mathbb{R}"#, #"\text{all real numbers}"#),
  ])
  func wordsAreComparedWithoutCaseAndWrappers(gold: String, prediction: String) {
    #expect(areEqual(gold, prediction))
  }

  @Test(arguments: [
    (#"\text{(A)}"#, "A"), ("C", #"\textbf{(C)}\ 12"#), ("A", "a"),
    ("E", #"\left(\text{(E)}\right)"#),
  ])
  func aChoiceIsOneLetter(gold: String, prediction: String) {
    #expect(areEqual(gold, prediction))
  }

  @Test(arguments: [
    ("C", "A, B or C"), ("B", "A B"), ("A", "AB"), ("C", "D"), ("C", "C or D"),
    ("E", #"\mathrm{E}*2"#),
  ])
  func severalChoicesAreNone(gold: String, prediction: String) {
    #expect(!areEqual(gold, prediction))
  }

  @Test(arguments: [
    ("20", "June 20"), (#"\text{Tuesday}"#, "Thursday"), ("42", "the answer is 42 or 43"),
  ])
  func aNumberIsNoWord(gold: String, prediction: String) {
    #expect(!areEqual(gold, prediction))
  }
}
