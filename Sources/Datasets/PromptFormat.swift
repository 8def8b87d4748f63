import JSON

/// How text reaches a model: its chat template and its tokenizer.
///
/// Data sets decide what is said by whom; a format only renders and encodes it.
public protocol PromptFormat: Sendable {
  /// False for a base model, which has no chat template.
  var isChat: Bool { get }
  /// The ids that end a completion.
  var endTokens: Set<Int32> { get }
  /// The one of them that ends a completion which no chat template has ended.
  var endToken: Int32? { get }

  /// The ids that the model knows: those below it.
  var vocabularySize: Int { get }

  /// The text of a conversation by the chat template.
  func render(
    _ messages: [JSONLiteral], tools: JSONLiteral, addGenerationPrompt: Bool
  ) throws -> String

  /// - Parameter addSpecialTokens: puts BOS in front where the tokenizer wants it.
  func encode(_ text: String, addSpecialTokens: Bool) -> [Int32]
}

/// What stands around the problem of a row.
public struct PromptOptions: Sendable {
  /// A paragraph behind the problem.
  public var instruction: String?
  /// A system message in front of the problem; a model without a chat template cannot have one.
  public var system: String?
  /// The wording of problems, in place of the instruction's.
  public var wording: PromptWording?
  /// The longest prompt, in tokens; for examples prompt and completion together.
  public var maximumTokens: Int?
  /// What is done with longer ones.
  public var tooLong = Dataset.Handling.error

  public init(
    instruction: String? = nil, system: String? = nil, wording: PromptWording? = nil,
    maximumTokens: Int? = nil, tooLong: Dataset.Handling = .error
  ) {
    (self.instruction, self.system, self.wording) = (instruction, system, wording)
    (self.maximumTokens, self.tooLong) = (maximumTokens, tooLong)
  }
}

extension PromptOptions {
  /// The row's task in its wording, where there is one and the row has a problem.
  func task(of row: Row, isChat: Bool) throws -> Row.Task {
    guard let wording, case .problem = row.task else { return row.task }
    let json = JSONLiteral(try JSON(parsing: row.json, source: "row"))
    return try wording.task(for: json, isChat: isChat, system: system)
  }

  /// What a user says of `problem`.
  func question(_ problem: String) -> String {
    instruction.map { "\(problem)\n\n\($0)" } ?? problem
  }

  func conversation(about problem: String) -> [JSONLiteral] {
    let user: JSONLiteral = ["role": "user", "content": .string(question(problem))]
    guard let system else { return [user] }
    return [["role": "system", "content": .string(system)], user]
  }
}

/// Text with its ids, and whether a chat template made it.
struct EncodedPrompt {
  /// What the chat template rendered; `nil` for text that is given as it is.
  let messages: [JSONLiteral]?
  let text: String
  let tokens: [Int32]
}

extension PromptFormat {
  /// What the model is given to go on from `row`.
  func prompt(for row: Row, _ options: PromptOptions) throws -> EncodedPrompt {
    let messages: [JSONLiteral]
    switch try options.task(of: row, isChat: isChat) {
    case .text(let text): return plain(text)
    case .problem(let problem) where !isChat:
      guard options.system == nil else {
        throw RowError(description: "the model has no chat template; leave the system message out")
      }
      return plain(options.question(problem))
    case .problem(let problem): messages = options.conversation(about: problem)
    case .conversation(let given):
      guard isChat else {
        throw RowError(
          description: """
            'messages' needs a chat template, and the model has none; give 'prompt' or 'problem', \
            or put a chat_template.jinja beside the tokenizer
            """)
      }
      guard !given.isEmpty else {
        throw RowError(description: "'messages' has nothing but an answer; ask something first")
      }
      messages = given
    }
    let text = try render(messages, tools: row.tools, addGenerationPrompt: true)
    // The template has written the special tokens itself.
    let tokens = encode(text, addSpecialTokens: false)
    return EncodedPrompt(messages: messages, text: text, tokens: tokens)
  }

  /// Refuses ids that the model does not know.
  func check(_ tokens: [Int32]) throws(RowError) {
    guard let id = tokens.first(where: { $0 < 0 || $0 >= vocabularySize }) else { return }
    throw RowError(
      description: """
        the tokenizer gives the id \(id), and the model has a vocabulary of \(vocabularySize); \
        they likely come from different folders
        """)
  }

  private func plain(_ text: String) -> EncodedPrompt {
    EncodedPrompt(messages: nil, text: text, tokens: encode(text, addSpecialTokens: true))
  }
}

extension Row {
  /// The row without the assistant's message at the end of its conversation: that is the answer.
  var question: Row {
    guard case .conversation(let messages) = task, messages.last?.isAssistant == true else {
      return self
    }
    var question = self
    question.task = .conversation(messages.dropLast())
    return question
  }
}

extension JSONLiteral {
  var isAssistant: Bool { self["role"] == .string("assistant") }
}
