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
    #expect(pattern.lastMatch(in: "ba") == .found(match: "a", group: nil, rest: ""))
    #expect(pattern.lastMatch(in: "ab") == .found(match: "b", group: "b", rest: ""))
  }

  @Test(arguments: [
    (#"\d+"#, "a 12 b 345 c", "345"), (#"(?<=b )\d+"#, "b 12 c 345", "12"),
    ("^a", "aaa", "a"), (#"is \d$"#, "is 1, is 2", "is 2"), ("(?i)YES", "Yes or no", "Yes"),
    ("aa", "aaaaa", "aa"), (".+", "one\ntwo", "two"), ("ä|ö", "Häö!", "ö"),
    (#"(?<q>["']).*?\k<q>"#, "'a' \"b\"", "\"b\""),
  ])
  func theLastMatchIsThatOfASearchFromLeftToRight(
    _ text: String, _ completion: String, _ expected: String
  ) throws {
    let pattern = try Pattern(text, key: "pattern")
    guard case .found(let match, _, _) = pattern.lastMatch(in: completion) else {
      Issue.record("\(text) is not found")
      return
    }
    #expect(match == expected)
  }

  @Test(arguments: ["(?=please)", #"^(?=.*please)(?!.*sorry)"#, #"\b"#])
  func anAssertionIsFoundWithoutText(_ text: String) throws {
    let pattern = try Pattern(text, key: "pattern")
    guard case .found(match: "", _, _) = pattern.lastMatch(in: "yes please, please") else {
      Issue.record("\(text) is not found")
      return
    }
    #expect(pattern.lastMatch(in: "-") == .absent)
  }

  @Test(arguments: ["[0-9]+", "z", #"answer: (\d+)"#, "^b", "(?:x|y)+1"])
  func aLongTextIsSearchedToItsEnd(_ text: String) throws {
    let pattern = try Pattern(text, key: "pattern")
    #expect(pattern.lastMatch(in: String(repeating: "ax ", count: 80_000)) == .absent)
  }

  @Test(arguments: ["(a+)+b", "(.*)*x", "((a?)*)*b"])
  func catastrophicBacktrackingEndsAndIsTooMuchWork(_ text: String) throws {
    let pattern = try Pattern(text, key: "pattern")
    let completion = String(repeating: "a", count: 5000)
    let elapsed = ContinuousClock().measure {
      guard case .tooMuchWork = pattern.lastMatch(in: completion) else {
        Issue.record("\(text) ended without using up its budget")
        return
      }
    }
    #expect(elapsed < .seconds(60))  // about 0.3 s; without a budget it would not end
  }

  @Test func aTextBeyondTheBoundIsNotSearched() throws {
    let pattern = try Pattern("a", key: "pattern")
    let text = String(repeating: "a", count: Pattern.longestText + 1)
    #expect(
      pattern.lastMatch(in: text) == .tooMuchWork("the completion has more than 262144 bytes"))
    #expect(
      pattern.lastMatch(in: String(text.dropLast())) == .found(match: "a", group: "a", rest: ""))
  }

  @Test(arguments: [
    ("(a", "'pattern' is not a regular expression: (a; see docs/verifiers.md for the syntax"),
    ("b*", "'pattern' matches the empty text, so it matches everywhere: b*"),
    (
      #"(a)\1"#,
      #"'pattern' refers to a group by number: (a)\1; name it, (?<name>...) and \k<name>"#
    ),
  ])
  func aPatternThatCannotBeUsedIsNamed(_ text: String, _ reason: String) {
    #expect {
      _ = try Pattern(text, key: "pattern")
    } throws: {
      "\($0)" == reason
    }
    #expect(throws: Never.self) { try Pattern(#"\\1"#, key: "pattern") }
  }
}
