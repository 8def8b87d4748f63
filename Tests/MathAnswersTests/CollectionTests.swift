import MathAnswers
import Testing

struct CollectionTests {
  @Test(arguments: [
    ("32, 349", "349, 32"), ("3,4,5", "5, 4, and 3"), ("1,2", #"\{1,2\}"#),
    (#"1 \pm \sqrt{19}"#, #"1+\sqrt{19}, 1-\sqrt{19}"#), ("5", "5,5"),
    ("(1,2),(3,4)", "(3,4),(1,2)"), (#"\{1,2\}"#, #"\{2,1,1\}"#),
  ])
  func listsAreFreeInOrder(gold: String, prediction: String) {
    #expect(areEqual(gold, prediction))
  }

  @Test(arguments: [
    ("(1,2)", "(2,1)"), ("(1,2),(3,4)", "(2,1),(3,4)"), ("(3,-1)", "(3,1)"),
    (#"\{1,2\}"#, "(1,2)"),
  ])
  func tuplesAreNot(gold: String, prediction: String) {
    #expect(!areEqual(gold, prediction))
  }

  @Test(arguments: [
    ("5", "5,6"), ("42", "41,42,43"), (#"1 \pm \sqrt{19}"#, #"1+\sqrt{19}"#), ("42", "42 or 43"),
    (#"1, 2, \ldots, n"#, #"1, 3, \ldots, 2n-1"#),
  ])
  func severalAnswersAreNotOne(gold: String, prediction: String) {
    #expect(!areEqual(gold, prediction))
  }

  @Test(arguments: [
    (#"\begin{pmatrix}1\\2\end{pmatrix}"#, "(1,2)"),
    (#"\begin{pmatrix}2&0\\0&2\end{pmatrix}"#, #"2\begin{bmatrix}1&0\\0&1\end{bmatrix}"#),
    (#"\langle 1,2,3\rangle"#, "(1,2,3)"), (#"\begin{vmatrix}1&2\\3&4\end{vmatrix}"#, "-2"),
  ])
  func vectorsAndMatricesAgreeEntryByEntry(gold: String, prediction: String) {
    #expect(areEqual(gold, prediction))
  }

  @Test(arguments: [
    (#"[0,1]\cup[1,2]"#, "[0,2]"), (#"(-\infty,\infty)"#, #"\mathbb{R}"#),
    (#"\mathbb{R}\setminus\{1\}"#, #"(-\infty,1)\cup(1,\infty)"#), ("(0,1)", "]0,1["),
    ("(-2,2)", "-2<x<2"), (#"x<-2 \text{ or } x>2"#, #"(-\infty,-2)\cup(2,\infty)"#),
    (#"\{x \mid x>5\}"#, #"(5,\infty)"#),
  ])
  func intervalsAgreeInEndsAndBrackets(gold: String, prediction: String) {
    #expect(areEqual(gold, prediction))
  }

  @Test(arguments: [
    ("[0,1]", "(0,1)"), (#"[0,1)\cup(1,2]"#, "[0,2]"), ("[-3,2]", "[2,-3]"), ("(-2,2)", "x^2<4"),
  ])
  func otherIntervalsDiffer(gold: String, prediction: String) {
    #expect(!areEqual(gold, prediction))
  }
}
