import Datasets
import Testing

struct ExampleSequenceTests {
  private func example(
    _ line: String, format: LetterFormat = LetterFormat()
  ) throws -> [String] {
    let example = try ExampleSequence(try dataset(line), format: format)
      .examples(from: 0, count: 1)[0]
    return [letters(example.prompt), letters(example.completion)]
  }

  @Test func aCompletionFollowsItsPromptAndIsEnded() throws {
    let line = #"{"prompt": "Once", "completion": " upon"}"#
    #expect(try example(line) == ["^Once", " upon$"])
    let problem = #"{"problem": "q", "solution": "s"}"#
    #expect(try example(problem) == ["u<q>$a<", "s>$"])
    #expect(try example(problem, format: LetterFormat(isChat: false)) == ["^q", "s$"])
  }

  @Test func whatStandsBehindTheFirstEndTokenIsNotLearned() throws {
    #expect(try example(#"{"prompt": "p", "completion": "a$b"}"#) == ["^p", "a$"])
  }

  @Test func theLastAnswerOfAConversationIsLearned() throws {
    let user = #"{"role": "user", "content": "q"}"#
    let answer = #"{"role": "assistant", "content": "x"}"#
    #expect(try example("{\"messages\": [\(user), \(answer)]}") == ["u<q>$a<", "x>$"])
    #expect(
      try example("{\"messages\": [\(user), \(answer), \(user), \(answer), \(user)]}")
        == ["u<q>$a<x>$u<q>$a<", "x>$"])
    #expect(
      try example("{\"messages\": [\(user), \(answer)], \"completion\": \"y\"}")
        == ["u<q>$a<", "y>$"])
  }

  @Test func aRowWithNothingToLearnIsAnError() throws {
    let error = #expect(throws: DatasetError.self) { try example(#"{"problem": "q"}"#) }
    #expect(error!.description.contains("there is nothing to learn"))
  }

  @Test func aTemplateThatRewritesThePromptIsRefused() throws {
    let error = #expect(throws: DatasetError.self) {
      try example(#"{"problem": "q", "solution": "s"}"#, format: LetterFormat(rewrites: true))
    }
    #expect(error!.description.contains("writes the conversation differently"))
  }

  @Test func theLimitCountsPromptAndCompletionTogether() throws {
    let data = try dataset(
      #"{"prompt": "ab", "completion": "cd"}"#, #"{"prompt": "a", "completion": "bcdefgh"}"#)
    let options = PromptOptions(maximumTokens: 6, tooLong: .skip)
    let examples = try ExampleSequence(data, format: LetterFormat(), options: options)
    #expect((examples.count, examples.skipped) == (1, 1))
  }
}
