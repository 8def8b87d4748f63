import MathAnswers
import Testing

struct AnswerFinderTests {
  private func boxed(_ response: String) -> String? {
    AnswerFinder(sources: [.boxed]).answer(in: response)
  }

  private func flexible(_ response: String) -> String? { AnswerFinder().answer(in: response) }

  @Test(arguments: [
    (
      #"\boxed{1}, which a longer look at all of the cases one by one refutes at last; \boxed{2}"#,
      "2"
    ),
    (#"\boxed{\frac{1}{2}}"#, #"\frac{1}{2}"#), (#"\boxed {5}"#, "5"), (#"\boxed 7."#, "7"),
    (#"\boxed\pi$"#, #"\pi"#), (#"\fbox{3}"#, "3"), (#"\boxed{\boxed{4}}"#, "4"),
    (#"\boxed{\{1,2\}}"#, #"\{1,2\}"#), (#"it is \boxed{}"#, ""),
    (#"$\boxed{2}$ and $\boxed{3}$"#, "2,3"), (#"\boxed{4} \boxed{4} \boxed{4}"#, "4"),
    (#"$x=\boxed{1}$ and $y=\boxed{2}$"#, "1,2"),
  ])
  func theLastBoxAndThoseThatBelongToItAreTheAnswer(response: String, answer: String) {
    #expect(boxed(response) == answer)
  }

  @Test(arguments: [
    #"\boxed{1+1 and then the text ends"#, "no box", #"<think>\boxed{4}</think> done"#,
    #"<think> \boxed{4}"#, #"#### 4"#, "",
  ])
  func withoutAClosedVisibleBoxThereIsNoBoxedAnswer(response: String) {
    #expect(boxed(response) == nil)
  }

  @Test(arguments: [
    ("so\n#### 1,170", "1,170"), ("The answer is 189. This uses 3 facts.", "189"),
    ("**Answer: 2**", "2"), ("the answer is 3.14.", "3.14"), ("The answer is (B).", "(B)"),
    ("Final Answer: The final answer is $4$. I hope it is correct.", "4"),
    ("#### 8\n\nQuestion: more\n#### 18", "8"), ("we get $x+1$ here", "x+1"),
    ("That makes 16", "16"), ("it costs 1,250.50 in all", "1,250.50"),
    ("<think>5</think><answer> 98 </answer>", "98"), ("<answer>1</answer> <answer>2</answer>", "2"),
    ("The answer is 72 clips altogether in May.", "72"), ("Answer: The largest $n$ is 34.", "34"),
    (#"\boxed{1} #### 2"#, "1"), ("The answer is 7<|im_end|> the answer is 8", "7"),
  ])
  func theFlexibleOrderIsBoxSentenceHashPhraseFormulaNumber(response: String, answer: String) {
    #expect(flexible(response) == answer)
  }

  @Test func anEmptyBoxHidesEveryOtherAnswer() {
    #expect(flexible(#"the answer is 0, so \boxed{}"#) == "")
  }

  @Test func aSentenceThatHedgesStaysWhole() {
    #expect(flexible("The answer is 5 or maybe 6 or possibly even 7.")?.contains("6") == true)
  }

  @Test func aMegabyteIsSearchedInLinearTime() {
    let noise = String(repeating: "x ", count: 500_000)
    #expect(boxed(#"\boxed{5} "# + noise) == "5")
    #expect(boxed(noise + #"\boxed{5}"#) == "5")
    #expect(boxed(#"\boxed{"# + noise) == nil)
    let spray = String(repeating: #"\boxed{1}\boxed{2} "#, count: 50_000)
    #expect(boxed(spray) == "1,2")
  }
}
