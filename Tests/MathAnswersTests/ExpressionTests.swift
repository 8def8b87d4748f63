import MathAnswers
import Testing

struct ExpressionTests {
  @Test(arguments: [
    ("x^2-1", "(x-1)(x+1)"), ("-(x-3)", "3-x"), ("2(x+y)", "2x+2y"), ("a^2-b^2", "(a+b)(a-b)"),
    ("n(n+1)/2", #"\frac{n^2+n}{2}"#),
  ])
  func polynomialsMeetExpanded(gold: String, prediction: String) {
    #expect(areEqual(gold, prediction))
  }

  @Test(arguments: [
    (#"\frac{1}{x-1}-\frac{1}{x+1}"#, #"\frac{2}{x^2-1}"#), (#"\frac{x^2-1}{x-1}"#, "x+1"),
    ("2^{-3}", #"\frac18"#),
  ])
  func rationalFunctionsMeetOverOneDenominator(gold: String, prediction: String) {
    #expect(areEqual(gold, prediction))
  }

  @Test(arguments: [
    (#"\sqrt{8}"#, #"2\sqrt2"#), (#"\frac{1}{\sqrt2+1}"#, #"\sqrt2-1"#),
    (#"\sqrt{2}+\sqrt{3}"#, #"\sqrt{5+2\sqrt6}"#), (#"\sqrt[3]{-8}"#, "-2"),
    (#"2^{1/3}\cdot 4^{1/3}"#, "2"), ("x^{1/2}", #"\sqrt{x}"#),
    (#"\sqrt{\frac{1}{n}}"#, #"\frac{1}{\sqrt n}"#), ("√2", #"\sqrt2"#),
  ])
  func radicalsMeet(gold: String, prediction: String) {
    #expect(areEqual(gold, prediction))
  }

  @Test(arguments: [
    ("4^x", "2^{2x}"), ("e^{2t}", "(e^t)^2"), (#"\ln(xy)"#, #"\ln x + \ln y"#),
    (#"\sin 2x"#, #"2\sin x\cos x"#), (#"\sec^2x-\tan^2x"#, "1"),
    (#"\frac{n!}{(n-2)!}"#, "n(n-1)"), (#"\binom{n}{2}"#, #"\frac{n(n-1)}{2}"#),
    (#"\sum_{k=0}^{n-1}2^k"#, "2^n-1"), (#"\sum_{i=1}^{n} i"#, #"\frac{n(n+1)}{2}"#),
  ])
  func identitiesAreTestedAtPoints(gold: String, prediction: String) {
    #expect(areEqual(gold, prediction))
  }

  @Test(arguments: [
    ("x^2-1", "(x-1)^2"), (#"\sqrt{x^2}"#, "x"), (#"\ln(x+y)"#, #"\ln x+\ln y"#),
    (#"\cos(3\theta)"#, #"3\cos\theta"#), ("x^2", "y^2"), ("f(x)", "f(y)"), ("4", #"4\sqrt(2)"#),
  ])
  func whatDiffersSomewhereIsNotEqual(gold: String, prediction: String) {
    #expect(!areEqual(gold, prediction))
  }

  @Test(arguments: [
    (#"\sin 30^\circ"#, "0.5"), (#"\log_2 8"#, "3"), (#"\log 100"#, "2"), (#"\log_28"#, "3"),
    (#"\tan^{-1}(1)"#, #"\frac{\pi}{4}"#), (#"\gcd(12,18)"#, "6"), (#"\lceil 2.1\rceil"#, "3"),
    ("5!", "120"),
  ])
  func functionsTakeTheNextFactor(gold: String, prediction: String) {
    #expect(areEqual(gold, prediction))
  }

  @Test(arguments: [
    (#"\frac{1}{i}"#, "-i"), ("(2+i)(2-i)", "5"), (#"e^{i\pi}"#, "-1"),
    (#"e^{i\pi/3}"#, #"\frac12+\frac{\sqrt3}{2}i"#), ("2i", #"\sqrt{-4}"#),
    ("3-4i", #"3-4\mathrm{i}"#),
  ])
  func complexNumbersAreEvaluated(gold: String, prediction: String) {
    #expect(areEqual(gold, prediction))
  }
}
