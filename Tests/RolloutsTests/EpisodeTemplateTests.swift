import ChatTemplates
import Environments
import Foundation
import JSON
import TestSupport
import Testing
import Tokenizers

@testable import Rollouts

/// Whether a conversation that is rendered whole gives what an episode has recorded stretch by
/// stretch, for every chat template that we know.
@Suite struct EpisodeTemplateTests {
  struct Conversation: Sendable {
    let name: String
    var opening: [JSONLiteral] = [["role": "user", "content": "What is 6 times 7?"]]
    var role = "user"
    var words = ["call(6*7)", "It is 42."]
    /// Whether turns end with the template's token, or are cut.
    var ends = true
    var tools = JSONLiteral.null
  }

  static let conversations = [
    Conversation(name: "user"),
    Conversation(
      name: "system",
      opening: [
        ["role": "system", "content": "Be terse."], ["role": "user", "content": "6 times 7?"],
      ]),
    Conversation(name: "tool", role: "tool", tools: tools),
    Conversation(name: "cut", ends: false),
    Conversation(name: "lines", words: ["  call\n(6*7)\n", "\n It is 42. "]),
    Conversation(name: "blank", words: [" call(6*7)", " It is 42."]),
    Conversation(
      name: "reasoning",
      words: ["<think>\nsix sevens\n</think>\n\ncall(6*7)", "<think>\nso\n</think>\n\nIt is 42."]),
  ]

  static let tools: JSONLiteral = [
    [
      "type": "function",
      "function": [
        "name": "call", "description": "Works out a term.",
        "parameters": ["type": "object", "properties": ["term": ["type": "string"]]],
      ],
    ]
  ]

  /// Where rendering again gives another text, and why.
  static let departures: [String: [String: String]] = {
    let trims = "it trims what the model wrote"
    // White space before an answer is another than behind the generation prompt.
    let all = Dictionary(
      uniqueKeysWithValues: conversations.map { ($0.name, "it writes an answer in another place") })
    return [
      "chatml": all, "gemma-merge-system": all, "mistral-merge-system": all, "zephyr": all,
      "gemma": ["lines": trims, "blank": trims], "llama3": ["lines": trims, "blank": trims],
      "llama3.2-tools": ["lines": trims, "blank": trims],
      "smollm3": ["lines": "it drops line feeds before an answer"],
      "qwen3": ["reasoning": "it drops the reasoning of earlier turns"],
    ]
  }()

  static func format(_ name: String, tools: JSONLiteral) throws -> (ConversationFormat, String) {
    let folder = Shared.url("golden/chat_templates")
    let (_, row) = try JSONLines(of: folder.appending(path: "rendered.jsonl")).first {
      try $0.value.get()["template"].string == name
    }!
    let variables = Dictionary(
      uniqueKeysWithValues: try row.get()["vars"].requireObject().map {
        ($0.key, JSONLiteral($0.value))
      })
    let file = folder.appending(path: "templates/\(name).jinja")
    let template = try ChatTemplate(
      source: String(contentsOf: file, encoding: .utf8), name: name, variables: variables)
    let day = Date(timeIntervalSince1970: 1_736_932_023)
    let format = ConversationFormat(tools: tools) { messages, tools, addGenerationPrompt in
      try template.render(
        messages: .array(messages), tools: tools, addGenerationPrompt: addGenerationPrompt,
        now: day, timeZone: .gmt)
    }
    let ends = [
      "phi3-mini": "<|end|>", "phi4": "<|end|>", "gemma": "<end_of_turn>",
      "gemma-merge-system": "<end_of_turn>",
      "zephyr": "</s>", "mistral-merge-system": "</s>", "llama3": "<|eot_id|>",
      "llama3.2-tools": "<|eot_id|>",
    ]
    return (format, ends[name] ?? "<|im_end|>")
  }

  static let names = [
    "chatml", "gemma", "gemma-merge-system", "llama3", "llama3.2-tools", "mistral-merge-system",
    "phi3-mini", "phi4", "qwen2.5", "qwen3", "smollm2", "smollm3", "zephyr",
  ]

  @Test(.enabled(if: Shared.isPresent, Shared.absence), arguments: names)
  func renderingTheWholeGivesTheRecordExceptWhereTheTableSays(name: String) throws {
    let folders = ["llama3.2-tools": "llama3", "qwen3": "qwen2.5", "chatml": "qwen2.5"]
    let folder = Shared.url("tokenizers/\(folders[name] ?? name)")
    let tokenizer =
      FileManager.default.fileExists(atPath: folder.path) ? try Tokenizer(folder: folder) : nil
    for conversation in Self.conversations {
      let (format, end) = try Self.format(name, tools: conversation.tools)
      let turns = zip(conversation.words, ["42", "Right."]).map { words, answer in
        ConversationTurn(
          words, endToken: conversation.ends ? end : nil,
          answer: [["role": .string(conversation.role), "content": .string(answer)]])
      }
      let pieces = try format.recorded(conversation.opening, turns)
      let whole = try format.whole(conversation.opening, turns)
      let record = pieces.map(\.text).joined()
      let departure = Self.departures[name]?[conversation.name]
      #expect(
        (record == whole) == (departure == nil), "\(conversation.name):\n\(record)\n---\n\(whole)")
      guard let tokenizer, departure == nil else { continue }
      let ids = try ids(pieces, conversation, turns, format, tokenizer)
      // A line feed of the model's can be one token with that of the generation prompt: there
      // encoding the whole gives other ids than any model has sampled.
      if ids == nil { #expect(conversation.name == "lines") }
      guard let ids else { continue }
      #expect(
        ids == tokenizer.encode(whole, addSpecialTokens: false), "\(conversation.name)")
    }
  }

  /// The ids as sampling puts them together, segments encoded apart from what the model wrote;
  /// `nil` where no model can have written its words behind the prompt's ids.
  private func ids(
    _ pieces: [ConversationPiece], _ conversation: Conversation, _ turns: [ConversationTurn],
    _ format: ConversationFormat, _ tokenizer: Tokenizer
  ) throws -> [Int32]? {
    func encode(_ text: String) -> [Int32] { tokenizer.encode(text, addSpecialTokens: false) }
    var ids = encode(pieces[0].text)
    for (number, turn) in turns.enumerated() {
      let before = pieces[...(2 * number)].map(\.text).joined()
      let (prompt, answered) = (encode(before), encode(before + turn.text))
      guard answered.starts(with: prompt) else { return nil }
      ids += answered.dropFirst(prompt.count)
      let end = turn.endToken.flatMap { tokenizer.id(of: $0) }
      if let end { ids.append(end) }
      let segment = try format.segment(
        behind: turn.text, endToken: turn.endToken, after: conversation.opening,
        answer: turn.answer)
      ids += EncodedSegment(segment, behind: end, tokenizer).tokens
    }
    return ids
  }

  // MARK: Roles

  @Test func rolesThatATemplateLacksArePutInThoseThatItHas() throws {
    let format = ConversationFormat { messages, _, _ in
      var last = "assistant"
      var text = ""
      for message in messages {
        guard case .string(let role)? = message["role"], role != last,
          ["user", "assistant"].contains(role), case .string(let content)? = message["content"]
        else { throw ScriptedWorld.Fault() }
        last = role
        text += "[\(role.first!)|\(content)]"
      }
      return text + "[a|"
    }
    #expect(!format.roles.system && !format.roles.tool && !format.roles.repeats)
    let opening = try format.opening([
      ["role": "system", "content": "Be terse."], ["role": "user", "content": "Six?"],
    ])
    #expect(opening == "[u|Be terse.\n\nSix?][a|")
    let segment = try format.segment(
      behind: "call", endToken: nil, after: [["role": "user", "content": "Six?"]],
      answer: [["role": "tool", "content": "42"], ["role": "tool", "content": "43"]])
    #expect(segment.text == "][u|42\n43][a|")
    #expect(segment.contents == [4..<9])
  }

  @Test func aModelWithoutATemplateHasATranscript() throws {
    let format = ConversationFormat(render: nil)
    #expect(
      try format.opening([
        ["role": "system", "content": "Be terse."], ["role": "user", "content": "Six?"],
      ]) == "Be terse.\nSix?\n")
    func segment(_ turn: String) throws -> ConversationSegment {
      try format.segment(
        behind: turn, endToken: "</s>", after: [], answer: [["role": "tool", "content": "42"]])
    }
    #expect(try segment("call").text == "\n42\n")
    #expect(try segment("call").contents == [1..<3])
    #expect(try segment("call\n").text == "42\n")
  }

  @Test func contentsAreFoundInTheFormThatTheTemplateGivesThem() throws {
    let format = ConversationFormat { messages, _, _ in
      messages.map { message in
        guard case .string(let content)? = message["content"] else { return "" }
        return message["role"] == "tool"
          ? "<\(JSONLiteral.string(content).serialized())>" : "(\(content))"
      }.joined()
    }
    let segment = try format.segment(
      behind: "x", endToken: nil, after: [["role": "user", "content": "q"]],
      answer: [["role": "tool", "content": "a\nb"]])
    #expect(segment.text == ")<\"a\\nb\">")
    #expect(segment.contents == [3..<7])
  }
}
