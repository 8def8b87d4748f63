import Datasets
import JSON

/// Whether a conversation that goes on begins with the text that was there before: what a model was
/// given and wrote has to be what it is trained on, and what the next turn stands behind.
struct TemplateCheck {
  let format: any PromptFormat
  /// Whether the run has turns behind the model's first.
  let hasTurns: Bool

  init(_ format: any PromptFormat, hasTurns: Bool = false) {
    (self.format, self.hasTurns) = (format, hasTurns)
  }

  var finding: Finding {
    guard format.isChat else {
      return Finding("template", .ok, "none: prompts are given as they are")
    }
    do {
      if let breach = try firstBreak(answer: "It is 4.") {
        return Finding(
          "template", .fault, "not prefix-preserving: \(breach)",
          remedy: "a later turn would stand behind text that the model never wrote; use the "
            + "template of the model's makers for training, or one that writes turns in order")
      }
      if let breach = try firstBreak(answer: "<think>\nTwo and two.\n</think>\n\nIt is 4.") {
        return Finding(
          "template", hasTurns ? .fault : .warning,
          "not prefix-preserving where answers hold reasoning: \(breach)",
          remedy: "nothing to do for runs of one turn; over several turns, use a template that "
            + "keeps the reasoning of earlier ones")
      }
      return Finding("template", .ok, "prefix-preserving over two turns, in text and in ids")
    } catch {
      return Finding(
        "template", .fault, "it cannot be rendered: \(error)",
        remedy: "correct chat_template.jinja, or the template in tokenizer_config.json")
    }
  }

  /// Where a conversation is written differently once it goes on; `nil` where it is not.
  private func firstBreak(answer: String) throws -> String? {
    let first: [JSONLiteral] = [["role": "user", "content": "What is 2 + 2?"]]
    let reply: JSONLiteral = ["role": "assistant", "content": .string(answer)]
    let second: JSONLiteral = ["role": "user", "content": "And 3 + 3?"]
    func text(_ messages: [JSONLiteral], _ prompts: Bool) throws -> String {
      try format.render(messages, tools: .null, addGenerationPrompt: prompts)
    }
    let asked = try text(first, true)
    let answered = try text(first + [reply], false)
    let goingOn = try text(first + [reply, second], true)
    let turns = [
      ("the answered conversation", asked, answered), ("the next turn", answered, goingOn),
    ]
    for (what, before, after) in turns {
      guard after.utf8.starts(with: before.utf8) else {
        return "\(what) departs from the text before it at " + Self.place(before, after)
      }
    }
    // What was sampled stands as ids: a prompt that ends within a token would be cut elsewhere.
    let ids = (
      format.encode(asked, addSpecialTokens: false),
      format.encode(answered, addSpecialTokens: false)
    )
    guard ids.1.starts(with: ids.0) else {
      return "the prompt's last tokens are others once the answer stands behind them"
    }
    return nil
  }

  /// The texts where they part.
  private static func place(_ before: String, _ after: String) -> String {
    let common = zip(before, after).prefix { $0 == $1 }.count
    func piece(_ text: String) -> String {
      let start = text.index(text.startIndex, offsetBy: max(0, common - 12))
      return JSONLiteral.string(String(text[start...].prefix(32))).serialized()
    }
    return "\(piece(before)), which becomes \(piece(after))"
  }
}
