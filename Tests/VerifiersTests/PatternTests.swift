import Testing

@testable import Verifiers

@Suite struct PatternTests {
  @Test func theLastMatchCountsWithItsGroupAndTheRest() throws {
    let pattern = try Pattern(#"answer: (\w+)"#, key: "pattern")
    #expect(
      pattern.lastMatch(in: "answer: one, no, answer: two – so")
        == .found(match: "answer: two", group: "two", rest: " – so"))
  }

  @Test func aGroupThatTookNoPartIsNil() throws {
    let pattern = try Pattern("a|(b)", key: "pattern")
    #expect(pattern.lastMatch(in: "a") == .found(match: "a", group: nil, rest: ""))
  }

  @Test(arguments: ["(a+)+b", "(a|aa)+$b", "(.*)*x", "(a*)*(a*)*(a*)*b"])
  func catastrophicBacktrackingEndsAndIsTooMuchWork(_ text: String) throws {
    let pattern = try Pattern(text, key: "pattern")
    let completion = String(repeating: "a", count: 5000)
    let elapsed = ContinuousClock().measure {
      guard case .tooMuchWork = pattern.lastMatch(in: completion) else {
        Issue.record("\(text) ended without using up its budget")
        return
      }
    }
    #expect(elapsed < .seconds(5))
  }

  @Test func aTextBeyondTheBoundIsNotSearched() throws {
    let pattern = try Pattern("a", key: "pattern")
    let text = String(repeating: "a", count: Pattern.longestText + 1)
    #expect(
      pattern.lastMatch(in: text) == .tooMuchWork("the completion has more than 262144 bytes"))
    #expect(
      pattern.lastMatch(in: String(text.dropLast())) == .found(match: "a", group: "a", rest: ""))
  }

  @Test func anUnreadablePatternIsNamed() {
    #expect {
      _ = try Pattern("(a", key: "pattern")
    } throws: {
      "\($0)".hasPrefix("'pattern' is not a regular expression: (a;")
    }
  }
}
