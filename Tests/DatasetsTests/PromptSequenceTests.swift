import Datasets
import JSON
import Testing

struct PromptSequenceTests {
  private func text(
    _ line: String, isChat: Bool = true, _ options: PromptOptions = PromptOptions()
  ) throws -> String {
    let prompts = try PromptSequence(
      try dataset(line), format: LetterFormat(isChat: isChat), options: options)
    let prompt = try prompts.all()[0]
    #expect(letters(prompt.tokens).hasSuffix(prompt.text))
    return letters(prompt.tokens)
  }

  @Test func aProblemIsTheUsersTurnWithItsInstructionInAParagraph() throws {
    let line = #"{"problem": "1+1"}"#
    #expect(try text(line) == "u<1+1>$a<")
    let options = PromptOptions(instruction: "Think.", system: "Be brief.")
    #expect(try text(line, options) == "s<Be brief.>$u<1+1\n\nThink.>$a<")
  }

  @Test func aBaseModelGetsTheTextWithItsBOS() throws {
    #expect(try text(#"{"prompt": "Once"}"#) == "^Once")
    let options = PromptOptions(instruction: "Think.")
    #expect(try text(#"{"problem": "1+1"}"#, isChat: false, options) == "^1+1\n\nThink.")
  }

  @Test func aConversationIsRenderedUpToItsAnswer() throws {
    let asked = #"{"role": "user", "content": "q"}"#
    let answered = asked + #", {"role": "assistant", "content": "a"}"#
    #expect(try text("{\"messages\": [\(asked)]}") == "u<q>$a<")
    #expect(try text("{\"messages\": [\(answered)]}") == "u<q>$a<")
    #expect(try text("{\"messages\": [\(answered), \(asked)]}") == "u<q>$a<a>$u<q>$a<")
    #expect(try text("{\"messages\": [\(asked)], \"tools\": [1]}") == "[1]u<q>$a<")
  }

  @Test(arguments: [
    (#"{"messages": [{"role": "user", "content": "q"}]}"#, false, "needs a chat template"),
    (#"{"messages": [{"role": "assistant", "content": "q"}]}"#, true, "nothing but an answer"),
    (#"{"messages": [{"role": "user"}]}"#, true, "a message without text"),
  ])
  func rowsThatCannotBecomePromptsAreNamedByLine(line: String, isChat: Bool, why: String) throws {
    let data = try dataset(#"{"prompt": "fine"}"#, line)
    let error = #expect(throws: DatasetError.self) {
      try PromptSequence(data, format: LetterFormat(isChat: isChat))
    }
    #expect(error!.description.contains(".jsonl:2: "))
    #expect(error!.description.contains(why))
  }

  @Test func longPromptsAreAnErrorOrLeftOutAndCounted() throws {
    let data = try dataset(
      #"{"prompt": "abc"}"#, #"{"prompt": "abcdef"}"#, #"{"prompt": "ab"}"#)
    var options = PromptOptions(maximumTokens: 4)
    let error = #expect(throws: DatasetError.self) {
      try PromptSequence(data, format: LetterFormat(), options: options)
    }
    #expect(
      error!.description.contains(
        "1 of 3 rows are longer than 4 tokens (lines 2; the longest has 7)"))
    options.tooLong = .skip
    let prompts = try PromptSequence(data, format: LetterFormat(), options: options)
    #expect((prompts.count, prompts.skipped) == (2, 1))
    // Randomness is keyed by the place in the file, whatever was left out.
    #expect(try prompts.all().map(\.index) == [0, 2])
    options.maximumTokens = 1
    #expect(throws: DatasetError.nothingLeft(file: data.name, limit: 1)) {
      try PromptSequence(data, format: LetterFormat(), options: options)
    }
  }

  @Test func aRunResumesWithThePlaceAlone() throws {
    let lines = (0..<10).map { "{\"id\": \($0), \"prompt\": \"p\($0)\"}" }.joined(separator: "\n")
    let data = try dataset(lines)
    let first = try PromptSequence(data, format: LetterFormat(), seed: 5)
    let whole = try (1...8).flatMap { try first.prompts(from: ($0 - 1) * 3, count: 3) }
    let again = try PromptSequence(data, format: LetterFormat(), seed: 5)
    let rest = try (5...8).flatMap { try again.prompts(from: ($0 - 1) * 3, count: 3) }
    #expect(rest.map(\.id) == whole[12...].map(\.id))
    #expect(Set(whole[..<10].map(\.id)).count == 10)
    #expect(try first.prompts(from: 4, count: 2).map(\.id) == whole[4..<6].map(\.id))
    #expect(whole[0].row == "{\"id\": \(whole[0].id), \"prompt\": \"p\(whole[0].id)\"}")
  }

  @Test func idsThatTheModelDoesNotKnowAreRefusedByLine() throws {
    let data = try dataset(#"{"prompt": "a"}"#, #"{"prompt": "z", "completion": "b"}"#)
    let format = LetterFormat(vocabularySize: 100)
    let error = #expect(throws: DatasetError.self) { try PromptSequence(data, format: format) }
    #expect(error!.description.contains(":2: the tokenizer gives the id 122"))
    let examples = try dataset(#"{"prompt": "a", "completion": "z"}"#)
    #expect(throws: DatasetError.self) { try ExampleSequence(examples, format: format) }
  }
}
