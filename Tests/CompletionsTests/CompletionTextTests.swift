import Testing

@testable import Completions

@Suite struct CompletionTextTests {
  @Test(arguments: [
    ("all of it", "all of it"), ("<think>a</think> b", " b"), ("a</think>b</think>c", "c"),
    ("<think>never ends", ""), ("<think>a</think>b<think>c", "b"),
  ])
  func whatFollowsTheThinkingIsTheAnswersPlace(_ text: String, _ rest: String) {
    #expect(CompletionText(text).afterThinking.text == rest)
  }

  @Test(arguments: [
    ("<answer>1</answer> <answer>2</answer>", ["1", "2"]), ("<answer>1", []), ("1</answer>", []),
    ("<answer>a<answer>b</answer>", ["a<answer>b"]), ("<answer></answer>", [""]),
    ("<answer>größer</answer>", ["größer"]),
  ])
  func tagsAreReadFromTheLeft(_ text: String, _ contents: [String]) {
    #expect(CompletionText(text).tagged("answer").map(\.text) == contents)
  }

  @Test(arguments: [
    (#"\boxed{1} \boxed{2}"#, "2"), (#"\boxed{\frac{1}{2}}"#, #"\frac{1}{2}"#),
    (#"\boxed{1} \boxed{2"#, "1"), (#"\boxed{a \boxed{b} c}"#, "b"), (#"\boxed{}"#, ""),
  ])
  func theLastClosedBoxCounts(_ text: String, _ content: String) {
    #expect(CompletionText(text).lastBoxed?.text == content)
  }

  @Test func withoutABoxThereIsNone() {
    #expect(CompletionText(#"{1} \boxed 2 } \boxed{"#).lastBoxed == nil)
  }

  @Test func fencesHaveALanguageAndAContent() {
    let text = CompletionText("a\n```python\nx = 1\n\ny = 2\n```\nb\n  ```\nz\n```\n```js\nopen")
    #expect(
      text.fences == [
        .init(language: "python", content: "x = 1\n\ny = 2"), .init(language: "", content: "z"),
        .init(language: "js", content: "open"),
      ])
  }

  @Test func hostileTextsTakeTimeInProportion() {
    let clock = ContinuousClock()
    for mark in [#"\boxed{"#, "<answer>", "</answer>", "<think>", "</think>", "```\n", "{", "}"] {
      let text = CompletionText(String(repeating: mark, count: (1 << 20) / mark.utf8.count))
      let time = clock.measure {
        _ = (text.lastBoxed, text.tagged("answer"), text.afterThinking, text.fences)
      }
      #expect(time < .seconds(2), "\(mark)")  // a quadratic way takes minutes
    }
  }
}
