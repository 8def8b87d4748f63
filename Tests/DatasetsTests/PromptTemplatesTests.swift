import Datasets
import JSON
import Testing
import Trajectories

/// Two templates: one asks shortly, one at length and begins the answer.
private struct TwoWays: PromptPool {
  let name = "two"
  let templates = ["short", "long"]

  func parts(_ index: Int, problem: String, row: String) throws -> PromptParts {
    index == 0
      ? PromptParts(user: problem)
      : PromptParts(system: "Be patient.", user: "Please: \(problem)", prefix: "So")
  }

  func formScore(_ index: Int, completion: String) throws -> Double { 1 }
}

@Suite struct PromptTemplatesTests {
  private func sequence(
    _ lines: [String], seed: UInt64 = 1, _ options: PromptOptions = PromptOptions(),
    isChat: Bool = true
  ) throws -> PromptSequence {
    try PromptSequence(
      try dataset(lines.joined(separator: "\n")), format: LetterFormat(isChat: isChat),
      options: options,
      templates: PromptTemplates(TwoWays(), seed: seed), seed: 1)
  }

  @Test func aTemplateWritesTheConversationAndBeginsTheAnswer() throws {
    let prompts = try sequence([#"{"problem": "1+1"}"#]).prompts(from: 0, count: 40)
    let texts = Set(prompts.map(\.text))
    #expect(texts == ["u<1+1>$a<", "s<Be patient.>$u<Please: 1+1>$a<So"])
    for prompt in prompts {
      #expect(prompt.template?.name == (prompt.text.contains("Please") ? "long" : "short"))
    }
    let plain = try sequence([#"{"problem": "1+1"}"#], isChat: false).prompts(from: 0, count: 40)
    #expect(Set(plain.map(\.text)) == ["1+1", "Be patient.\n\nPlease: 1+1\n\nSo"])
  }

  @Test func theDrawIsAFunctionOfSeedEpochAndRow() throws {
    let lines = (0..<6).map { "{\"problem\": \"\($0)\"}" }
    let whole = try sequence(lines).prompts(from: 0, count: 60).map(\.text)
    let pieces = try (0..<60).map { try sequence(lines).prompts(from: $0, count: 1)[0].text }
    #expect(whole == pieces)
    #expect(try sequence(lines, seed: 2).prompts(from: 0, count: 60).map(\.text) != whole)
    // Another epoch meets at least one row in other words.
    #expect(Set(whole[..<6]) != Set(whole[6..<12]))
  }

  @Test func copiesOfAVisitAreDrawnApart() throws {
    let prompts = try sequence([#"{"problem": "1"}"#]).prompts(from: 0, count: 1, copies: 32)
    #expect(Set(prompts.map { $0.template!.index }) == [0, 1])
    #expect(Set(prompts.map(\.id)).count == 1)
  }

  @Test func theLongestTemplateHasToFit() throws {
    // "u<1>$a<" has 7 letters, "s<Be patient.>$u<Please: 1>$a<So" 32.
    let options = PromptOptions(maximumTokens: 20)
    #expect(throws: DatasetError.self) { try sequence([#"{"problem": "1"}"#], options) }
  }

  @Test func rowsWithoutAProblemAreRefused() throws {
    let error = #expect(throws: DatasetError.self) { try sequence([#"{"prompt": "1"}"#]) }
    #expect(error!.description.contains("'two' writes the words around a 'problem'"))
  }

  @Test func evaluationMeetsThePlainPrompt() throws {
    let prompt = try sequence([#"{"problem": "1"}"#]).all()[0]
    #expect(prompt.text == "u<1>$a<")
    #expect(prompt.template == nil)
  }
}
