import Testing
import Trajectories

@testable import PluginHost

@Suite struct MultipleChoiceTests {
  private let row = #"""
    {"answer": "B", "choices": ["Rome", "Paris", "Vitamin A", "I do"]}
    """#

  @Test(arguments: [
    "B", "b", "(B)", "B.", "**B**", "B) Paris", "B. Paris", "Paris", "paris.", #"\boxed{B}"#,
    #"\boxed{\text{B}}"#, "<answer>B</answer>", "#### B", "Answer: Paris", "The answer is B.",
    "The answer is (B) because C is wrong", "The answer is B because C is wrong",
    "A is not it.\nSo (B)", "The correct answer is: **B. Paris**",
    "Answer: B. This is because C is wrong.", "<think>C</think>B",
  ])
  func theChoiceThatIsNamedIsRight(_ completion: String) throws {
    #expect(try judge("multiple-choice", completion, row: row).verdict == .right)
  }

  @Test(arguments: [
    ("C", Verdict.wrong), ("C. Vitamin A", .wrong), ("Vitamin A", .wrong), ("A is right", .wrong),
    ("A or B", .unparsable), ("A, B, C or D", .unparsable), ("A. B. C. D.", .unparsable),
    ("B) or C)", .unparsable), ("B. Rome", .unparsable), (#"\boxed{B, C}"#, .unparsable),
    ("none of them", .unparsable), ("", .unparsable), ("<think>B</think>", .unparsable),
    ("I think the answer is a vitamin", .unparsable),
  ])
  func otherOrSeveralChoicesAreNot(_ completion: String, _ verdict: Verdict) throws {
    #expect(try judge("multiple-choice", completion, row: row).verdict == verdict)
  }

  @Test func strictTakesNoMentionInPassing() throws {
    let mention = "It could be\nthe one called (B), maybe"
    #expect(try judge("multiple-choice", mention, row: row).verdict == .right)
    #expect(try judge("multiple-choice:extract=strict", mention, row: row).verdict == .unparsable)
    #expect(try judge("multiple-choice:extract=strict", "(B)", row: row).verdict == .right)
  }

  @Test(arguments: [
    #"{"answer": 1, "choices": ["a", "b"]}"#, #"{"answer": "(B)"}"#,
    #"{"answer": "paris", "choices": ["Rome", "Paris"]}"#,
    #"{"answer": "1", "choices": {"A": "x", "B": "y"}}"#,
    #"{"answer": "B", "choices": {"label": ["A", "B"], "text": ["x", "y"]}}"#,
  ])
  func theGoldAnswerIsALabelATextOrANumber(_ row: String) throws {
    #expect(try judge("multiple-choice", "B", row: row).verdict == .right)
    #expect(try judge("multiple-choice", "A", row: row).verdict == .wrong)
  }

  @Test func labelsAndKeysAreConfigurable() throws {
    let row = #"{"gold": 2, "options": ["x", "y"]}"#
    let request = "multiple-choice:gold=gold,choices=options,labels=12,first_index=1"
    #expect(try judge(request, "2", row: row).verdict == .right)
    #expect(try judge(request, "1", row: row).verdict == .wrong)
  }

  @Test(arguments: [
    "{}", #"{"answer": "Z"}"#, #"{"answer": 9, "choices": ["a", "b"]}"#,
    #"{"answer": "A", "choices": "a"}"#, "[]",
  ])
  func aBrokenRowIsFailed(_ row: String) throws {
    #expect(try judge("multiple-choice", "A", row: row).verdict == .failed)
  }
}
