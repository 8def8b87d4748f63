import Foundation
import Testing

@testable import Evaluation

struct AnswerRuleTests {
  private static let askedForms: [(AnswerRule, String, String?)] = [
    (AnswerRule.box, #"so \boxed{1} or \boxed{ \frac{1}{2} }."#, #"\frac{1}{2}"#),
    (.box, #"\fbox{3} \boxed{\{1\}}"#, #"\{1\}"#), (.box, #"\boxed{\frac{1}{2}"#, nil),
    (.hashes, "#### 1\nthen #### 1,200 km\nend", "1,200 km"), (.hashes, "no", nil),
    (.answerIs, "The answer is 3. Or the Answer is $4.5$. Done", "4.5"),
    (.finalSentence, "Final Answer: The final answer is $x+1$. I hope it is correct.", "x+1"),
    (.answerLine, "answer: 1\nANSWER: 7 apples\n", "7 apples"),
    (.answerTag, "<answer>1</answer> <answer> 2 </answer> <answer>3", "2"),
  ]

  @Test(arguments: askedForms)
  func aFormThatWasAskedForIsFound(rule: AnswerRule, text: String, answer: String?) {
    #expect(rule.answer(in: text) == answer)
  }

  /// What the harnesses' expressions give, their oddities included.
  private static let harnesses: [(AnswerRule, String, String?)] = [
    (AnswerRule.lmEvalStrict, "#### 12.\n\nQuestion: x #### 7", "12."),
    (.lmEvalStrict, "#### -1,000", "-1,000"), (.lmEvalStrict, "####12", nil),
    (.lmEvalStrict, "#### $5", nil),
    (.lmEvalFlexible, "it costs $1,234.50 in all.", "$1,234.50"),
    (.lmEvalFlexible, "7 of them... ", "..."), (.lmEvalFlexible, "x = 7", "7"),
    (.lmEvalFlexible, "none", nil),
    // The full stop at the end of the pattern takes a digit where nothing else follows.
    (.lmEvalCoT, "The answer is 42", "4"), (.lmEvalCoT, "The answer is 42.", "42"),
    (.lmEvalCoT, "The answer is 42 km", "42"), (.lmEvalCoT, "The answer is 4\n", nil),
    (.lmEvalCoT, "The answer is 1,000. Q: The answer is 5.", "1,000."),
    (.lmEvalSelfConsistency, "The answer is 42.", "42"),
    (.lmEvalLlama, "The final answer is 3 and The final answer is $40", "$40"),
    (
      .lmEvalMinerva, "Final Answer: The final answer is $2$. I hope it is correct.",
      "2"
    ),
    (.lmEvalMinerva, "Final Answer: The final answer is $2$. I hope it is correct", nil),
    (.lmEvalMinerva, "Final Answer: The final answer is\n2. I hope it is correct.", nil),
    (.lmEvalDollars, "$a$ and $b$", "a$ and $b"), (.lmEvalDollars, "b", "b"),
    (.lmEvalAIME, #"$a$ \boxed{7}"#, "7"), (.lmEvalAIME, "$a$", "a"),
    (.verlStrict, "#### 3 #### 4", "4"),
    (.verlFlexible, "5 apples .", "5"), (.verlFlexible, "5, or 6.", "6."),
    (.qwen, "The final answer is $x$. I hope it is correct.", "x"),
    (.qwen, #"\boxed{12} apples"#, "12"), (.qwen, "So the answer is 3.", "3"),
    (.qwen, "1,234 of 5,678", "5678"), (.qwen, "-0.5 or -.25", "-.25"),
  ]

  @Test(arguments: harnesses)
  func aHarnessIsFollowedToTheLetter(rule: AnswerRule, text: String, answer: String?) {
    #expect(rule.answer(in: text) == answer)
  }

  @Test func verlLooksAtTheLast300Characters() {
    let text = "#### 3" + String(repeating: "x", count: 294)
    #expect(AnswerRule.verlStrict.answer(in: text) == "3")
    #expect(AnswerRule.verlStrict.answer(in: text + "x") == nil)
  }

  @Test func noRuleIsSlowOnALongText() {
    let texts = [
      "$", "#### ", "\\boxed{", "<answer>", "answer is ", "9,", "-", "Final Answer: The",
    ]
    for rule in AnswerRule.allCases {
      for text in texts {
        let long = String(repeating: text, count: 200_000 / text.count)
        let start = Date()
        _ = rule.answer(in: long)
        #expect(Date().timeIntervalSince(start) < 2, "\(rule) on '\(text)'")
      }
    }
  }

  @Test(arguments: [
    ("0.5", #"\frac{1}{2}"#, true), ("1/2", #"\frac12"#, true), ("0.25", #"\frac14"#, false),
    (#"\dfrac{3}{4}"#, #"\tfrac34"#, true), ("x=5", "5", true), ("xyz=5", "5", false),
    (#"10\text{ cm}"#, "10", true), (#"50\%"#, "50", true), (#"\sqrt3"#, #"\sqrt{3}"#, true),
    (".5", "0.5", true), (#"90^\circ"#, "90", true), ("7.0", "7", false),
    (#"\left(1, 2\right)"#, "(1,2)", true), (#"\frac1"#, #"\frac1"#, true),
  ])
  func mathsOwnEqualityKnowsSpellingsAlone(a: String, b: String, areEqual: Bool) {
    #expect(MATHText.areEquivalent(a, b) == areEqual)
  }
}
