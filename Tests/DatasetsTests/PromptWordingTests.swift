import Datasets
import JSON
import Testing

struct PromptWordingTests {
  private let row = #"{"problem": "1+1", "tests": ["a", "b"], "n": 3}"#

  private func text(_ template: PromptWording, isChat: Bool = false, system: String? = nil) throws
    -> String
  {
    let options = PromptOptions(system: system, wording: template)
    let prompts = try PromptSequence(
      try dataset(row), format: LetterFormat(isChat: isChat), options: options)
    return try prompts.all()[0].text
  }

  @Test func keysStandForTheRowsValuesAndOtherBracesForThemselves() throws {
    let template = PromptWording(question: #"{problem} in \boxed{} {1} {n}: {tests}"#)
    #expect(try text(template) == "1+1 in \\boxed{} {1} 3: a\nb")
    #expect(try text(template, isChat: true) == "u<1+1 in \\boxed{} {1} 3: a\nb>$a<")
    #expect(throws: DatasetError.self) { try text(PromptWording(question: "{answer}")) }
  }

  @Test func aChatModelMayHaveItsOwnWordingAndASystemMessage() throws {
    var template = PromptWording(question: "{problem} now")
    template.chatQuestion = "{problem}"
    template.system = "Think."
    #expect(try text(template) == "1+1 now")
    #expect(try text(template, isChat: true) == "s<Think.>$u<1+1>$a<")
    #expect(try text(template, isChat: true, system: "No.") == "s<No.>$u<1+1>$a<")
  }

  @Test func examplesMakePlainTextUnlessTurnsAreAskedFor() throws {
    var template = PromptWording(question: "Q: {problem}\nA:")
    template.answer = " {solution}"
    template.shots = [["problem": "p", "solution": "s"], ["problem": "q", "solution": "t"]]
    let plain = "Q: p\nA: s\n\nQ: q\nA: t\n\nQ: 1+1\nA:"
    #expect(try text(template) == plain)
    #expect(try text(template, isChat: true) == plain)
    template.shotsAsTurns = true
    #expect(
      try text(template, isChat: true)
        == "u<Q: p\nA:>$a<s>$u<Q: q\nA:>$a<t>$u<Q: 1+1\nA:>$a<")
    #expect(try text(template) == plain)
  }

  @Test func aProbeIsTheSameRowsWhateverTheirOrder() throws {
    let lines = (0..<40).map { #"{"id": "row-\#($0)", "problem": "\#($0)"}"# }
    func ids(_ data: Dataset) throws -> [String] {
      try (0..<data.count).map { try data.row(at: $0).id }
    }
    let rows = try lines.map { JSONLiteral(try JSON(parsing: $0)) }
    let forward = try Dataset(name: "made", rows: rows).probe(8)
    let backward = try Dataset(name: "made", rows: rows.reversed()).probe(8)
    #expect(forward.count == 8)
    #expect(try ids(forward) == ids(backward).reversed())
    #expect(try Set(ids(forward)) != Set((0..<8).map { "row-\($0)" }))
    // Places in the file stay, and with them the random numbers of every row.
    let places = try (0..<8).map { try forward.row(at: $0).index }
    #expect(try places == ids(forward).map { Int($0.dropFirst(4))! })
    #expect(try ids(Dataset(name: "made", rows: rows).probe(99)).count == 40)
  }
}
