import Foundation
import MathAnswers
import Testing

struct HostileInputTests {
  @Test(arguments: [
    ("1/0", "1/0"), (#"\frac{1}{0}"#, #"\frac{1}{0}"#), ("", ""),
    ("42", #"\frac{42}{1}\cdot\frac00"#), ("0", "nan"), ("42", "?"), ("42", "\0"),
  ])
  func nothingEqualsWhatHasNoValue(gold: String, prediction: String) {
    #expect(!areEqual(gold, prediction))
  }

  static let hostile = [
    "\\", "{", "}", String(repeating: "(", count: 20_000), String(repeating: "-", count: 30_000),
    String(repeating: "9", count: 200_000), String(repeating: "9", count: 49_999),
    String(repeating: "\\frac", count: 2_000), String(repeating: "\\text{", count: 3_000),
    String(repeating: "\\sqrt{", count: 60) + "2" + String(repeating: "}", count: 60),
    String(repeating: "\\frac{1}{1+", count: 1_000) + "1" + String(repeating: "}", count: 1_000),
    String(repeating: "5^{", count: 100) + "5" + String(repeating: "}", count: 100),
    String(repeating: "1/", count: 2_000) + "1", String(repeating: "\\sin ", count: 2_000) + "x",
    String(repeating: "|", count: 2_001), String(repeating: "\\pm ", count: 500) + "1",
    String(repeating: "x!", count: 900), "x" + String(repeating: "!", count: 3_000),
    String(repeating: "\\begin{pmatrix}1&1\\\\1&1\\end{pmatrix}", count: 100),
    "((10^{10})!)!", "100000!", "9^{9^{9^{9^9}}}", "\\binom{10^9}{10^8}", "1e999999999999",
    "\\sum_{k=1}^{9999}\\sum_{m=1}^{9999}\\sum_{n=1}^{9999}\\sin(kmn)",
    "\\" + String(repeating: "percent", count: 2_000), String(repeating: "1,", count: 3_000) + "1",
    "(a+b+c+d+e+f)^{30}(a-b-c-d-g-h)^{30}", String(repeating: "[0,1]\\cup", count: 300) + "[2,3]",
  ]

  @Test(arguments: hostile)
  func whatCannotBeReadEndsWithinTheBudget(text: String) {
    let start = clock()
    for (gold, prediction) in [("42", text), (text, "42"), ("x+1", text)] {
      let comparison = AnswerComparer().compare(gold: gold, prediction: prediction)
      #expect(comparison.verdict != .equal)
      #expect(comparison.work <= AnswerComparer.budget)
    }
    // Milliseconds in truth; the bound only has to tell a budget from none.
    #expect(Double(clock() - start) / Double(CLOCKS_PER_SEC) < 2)
  }

  @Test func aGoldThatCannotBeReadIsTheGoldsFault() {
    let comparer = AnswerComparer()
    #expect(comparer.compare(gold: "\\frac{", prediction: "42").verdict == .goldUnreadable)
    #expect(comparer.compare(gold: "", prediction: "42").verdict == .goldUnreadable)
    #expect(comparer.compare(gold: "42", prediction: "4 2").verdict == .unreadable)
    #expect(comparer.compare(gold: "42", prediction: "43").verdict == .different)
  }

  @Test func theSameSeedGivesTheSameComparison() {
    for (gold, prediction) in [(#"\sin 2x"#, #"2\sin x\cos x"#), (#"\ln(x+1)"#, "x")] {
      for seed: UInt64 in 0..<20 {
        let comparer = AnswerComparer(seed: seed)
        #expect(
          comparer.compare(gold: gold, prediction: prediction)
            == comparer.compare(gold: gold, prediction: prediction))
      }
    }
  }

  @Test func aToleranceTakesThePlaceOfTheRules() {
    let comparer = AnswerComparer(tolerance: "1e-1")
    #expect(comparer.compare(gold: "6.28", prediction: #"2\pi"#).verdict == .equal)
    #expect(comparer.compare(gold: "6.28", prediction: "6.5").verdict == .different)
  }

  /// `TEMPER_FUZZ_INPUTS=10000000` runs the ten million.
  @Test func generatedInputsNeitherCrashNorHangNorChangeTheirVerdict() {
    let named = ProcessInfo.processInfo.environment["TEMPER_FUZZ_INPUTS"].flatMap { Int($0) }
    let report = fuzz(seed: 20_261_121, inputs: named ?? 3_000)
    #expect(report.changed == 0)
    #expect(report.mostWork <= AnswerComparer.budget)
    #expect(
      report.slowestSeconds < 1,
      "\(report.slowest.gold.prefix(200)) against \(report.slowest.prediction.prefix(200))")
  }
}
