import Foundation
import MathAnswers

/// Makes answers and responses that no one would write, the same ones from the same seed.
struct InputGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next(below bound: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    var mixed = state ^ (state >> 33)
    mixed = mixed &* 0xFF51_AFD7_ED55_8CCD
    return Int((mixed ^ (mixed >> 33)) % UInt64(bound))
  }

  /// Fragments put together, one of them perhaps many times over.
  mutating func answer() -> String {
    var text = ""
    let kind = next(below: 1_000)
    let count = kind < 900 ? 1 + next(below: 12) : kind < 995 ? 1 + next(below: 60) : 400
    for _ in 0..<count { text += fragment() }
    if next(below: 200) == 0 {
      text += String(repeating: fragment(), count: 1 + next(below: 1_500))
    }
    if next(below: 20) == 0 { text = text.mutated(by: &self) }
    return text
  }

  /// A variation of an answer, so that comparisons go past the first difference.
  mutating func variation(of answer: String) -> String {
    switch next(below: 6) {
    case 0: answer.mutated(by: &self)
    case 1: "(" + answer + ")"
    case 2: answer + fragment()
    case 3: "x=" + answer
    case 4: "\\frac{" + answer + "}{" + fragment() + "}"
    default: self.answer()
    }
  }

  mutating func response() -> String {
    let marks = [
      "\\boxed{", "\\boxed ", "\\fbox{", "}", "#### ", "The answer is ", "<think>", "</think>",
      "<answer>", "</answer>", "Final Answer: The final answer is ", ". I hope it is correct.",
      "\n", "$", "$$", "\\(", "\\)", "\\[", "\\]", "Question: ", "<|im_end|>", " and ", "**",
    ]
    var text = ""
    for _ in 0...next(below: 10) {
      text += marks[next(below: marks.count)]
      if next(below: 2) == 0 { text += answer() }
    }
    return text
  }

  private mutating func fragment() -> String {
    if next(below: 40) == 0 { return String(UnicodeScalar(UInt8(next(below: 256)))) }
    if next(below: 60) == 0 {
      return String(repeating: Self.fragments[next(below: Self.fragments.count)], count: 40)
    }
    return Self.fragments[next(below: Self.fragments.count)]
  }

  private static let fragments = [
    "0", "1", "2", "3", "7", "10", "42", "100", "999", "1000", "12345678901234567890", "0.5", ".5",
    "5.", "1e3", "1e-9", "1e99999", "3.14", "1,000", "1{,}000", "0.\\overline{3}", "2,5", "x", "y",
    "n", "k", "e", "i", "j", "A", "B", "E", "f", "f(x)", "x_1", "x_{12}", "ab", "\\pi", "\\theta",
    "+",
    "-", "\\cdot ", "\\times ", "*", "/", "\\div ", "^", "^2", "^{2}", "^{-1}", "^{10}", "^{x}",
    "^{1/2}", "^{9^9}", "**", "_", "_5", "_{11}", "!", "!!", "'", "%", "\\%", "^\\circ", "\\$", "$",
    "\\pm ", "\\mp ", "=", "<", ">", "\\le ", "\\ge ", "\\ne ", "\\approx ", "\\equiv ", "\\in ",
    "\\Rightarrow ", ",", ", ", ";", " and ", " or ", "\\text{ and }", ":", "(", ")", "[", "]", "{",
    "}", "\\{", "\\}", "\\left(", "\\right)", "\\langle ", "\\rangle ", "|", "\\lfloor ",
    "\\rfloor ", "\\frac", "\\frac{1}{2}", "\\frac12", "\\frac{", "\\sqrt", "\\sqrt{", "\\sqrt[3]{",
    "\\sqrt2", "\\binom{5}{2}", "\\binom", "\\over ", "\\choose ", "\\sin ", "\\cos(", "\\tan^{-1}",
    "\\ln ", "\\log_2 ", "\\exp(", "\\max(", "\\gcd(", "\\sum_{k=1}^{n}", "\\sum_{k=1}^{9999}",
    "\\prod_{k=1}^{5}", "\\int_0^1 ", "\\infty", "-\\infty", "\\cup ", "\\cap ", "\\setminus ",
    "\\mathbb{R}", "\\emptyset", "\\begin{pmatrix}", "\\end{pmatrix}", "\\begin{vmatrix}",
    "\\end{vmatrix}", "&", "\\\\", "\\text{cm}", "\\text{", "\\mathrm{E}", " m", " cm", " feet",
    "\\pmod{7}", "\\ldots", "...", "\\ ", "\\,", "\\!", "~", " ", "  ", "\\", "\\\\frac",
    "\\hat{x}",
    "\\overline{AB}", "\\displaystyle ", "\\phantom{", "\\boxed{", "twelve", "twenty-one",
    "no solution",
    "3:30", " p.m.", "½", "²", "√", "π", "−", "×", "∞", "≤", "\u{200B}", "\u{202F}", "\u{301}",
    "\u{10FFFF}", "\0", "\t", "\n", "sin", "sqrt(", "abs(", "degrees", "percent", "\\circ", "&&",
  ]
}

extension String {
  /// With a few bytes changed, taken out or doubled.
  fileprivate func mutated(by generator: inout InputGenerator) -> String {
    var bytes = Array(utf8)
    for _ in 0...generator.next(below: 3) where !bytes.isEmpty {
      let index = generator.next(below: bytes.count)
      switch generator.next(below: 3) {
      case 0: bytes[index] = UInt8(generator.next(below: 256))
      case 1: bytes.remove(at: index)
      default: bytes.insert(bytes[index], at: index)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// What a run of generated inputs came to.
struct FuzzReport {
  var inputs = 0
  /// Judgements that used up the budget.
  var exhausted = 0
  var mostWork = 0
  var slowestSeconds = 0.0
  var slowest: (gold: String, prediction: String) = ("", "")
  /// Pairs that were judged otherwise a second time.
  var changed = 0
}

/// Judges generated pairs and searches generated responses; a crash ends the process.
func fuzz(seed: UInt64, inputs: Int, each: (FuzzReport) -> Void = { _ in }) -> FuzzReport {
  var report = FuzzReport()
  var generator = InputGenerator(seed: seed)
  let comparer = AnswerComparer(seed: seed)
  let finder = AnswerFinder()
  while report.inputs < inputs {
    let gold = generator.answer()
    var prediction = generator.variation(of: gold)
    if report.inputs % 4 == 0 {
      prediction = finder.answer(in: generator.response()) ?? prediction
    }
    let start = processorSeconds()
    let comparison = comparer.compare(gold: gold, prediction: prediction)
    let seconds = processorSeconds() - start
    report.inputs += 1
    report.mostWork = max(report.mostWork, comparison.work)
    if comparison.work >= AnswerComparer.budget { report.exhausted += 1 }
    if seconds > report.slowestSeconds {
      (report.slowestSeconds, report.slowest) = (seconds, (gold, prediction))
    }
    if report.inputs % 64 == 0,
      comparer.compare(gold: gold, prediction: prediction) != comparison
    {
      report.changed += 1
    }
    if report.inputs % 100_000 == 0 { each(report) }
  }
  return report
}

/// What this thread has had of a processor, so that other programs do not count.
private func processorSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}
