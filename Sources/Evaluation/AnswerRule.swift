/// A rule that finds the answer in a completion, by text alone.
///
/// The first six are plain forms that a prompt can ask for; the others do what the code of common
/// harnesses does, with what is odd about it, so that their scores can be had again.
public enum AnswerRule: String, Sendable, CaseIterable {
  /// What the last `\boxed{...}` or `\fbox{...}` holds.
  case box
  /// The line behind the last `####`.
  case hashes
  /// What follows the last `answer is`, up to the end of the sentence.
  case answerIs = "answer-is"
  /// `The final answer is ... . I hope it is correct.`, the last.
  case finalSentence = "final-sentence"
  /// The line behind the last `ANSWER:`.
  case answerLine = "answer-line"
  /// What the last complete `<answer>...</answer>` holds.
  case answerTag = "answer-tag"

  /// `#### (\-?[0-9\.\,]+)`, the first.
  case lmEvalStrict = "lm-eval-strict"
  /// `(-?[$0-9.,]{2,})|(-?[0-9]+)`, the last.
  case lmEvalFlexible = "lm-eval-flexible"
  /// `The answer is (\-?[0-9\.\,]+).`, the first; the full stop at the end is any character.
  case lmEvalCoT = "lm-eval-cot"
  /// `The answer is (\-?[0-9\.\,]*[0-9]+)`, the first.
  case lmEvalSelfConsistency = "lm-eval-self-consistency"
  /// `The final answer is ((-?[$0-9.,]{2,})|(-?[0-9]+))`, the last.
  case lmEvalLlama = "lm-eval-llama"
  /// `Final Answer: The final answer is(.*?). I hope it is correct.`, the first, on one line.
  case lmEvalMinerva = "lm-eval-minerva"
  /// Between the first and the last `$`; everything where there are not two.
  case lmEvalDollars = "lm-eval-dollars"
  /// As before, unless there is a box.
  case lmEvalAIME = "lm-eval-aime"
  /// `#### (\-?[0-9\.\,]+)` in the last 300 characters, the last.
  case verlStrict = "verl-strict"
  /// `(\-?[0-9\.\,]+)`, the last that is not a full stop.
  case verlFlexible = "verl-flexible"
  /// The Qwen2.5-Math order: final answer sentence, box, `he answer is`, last number.
  case qwen

  /// The answer, or `nil` where the rule finds none.
  public func answer(in completion: String) -> String? {
    let text = RuleText(completion)
    switch self {
    case .box: return text.lastBox
    case .hashes: return text.after(last: "####").map { RuleText($0).firstLine }
    case .answerIs: return text.after(last: "answer is", ignoringCase: true).map(sentence)
    case .finalSentence:
      return text.after(last: "final answer is", ignoringCase: true)
        .flatMap { RuleText($0).before(first: ". I hope") }.map(withoutDollars)
    case .answerLine:
      return text.after(last: "answer:", ignoringCase: true).map { RuleText($0).firstLine }
    case .answerTag: return text.lastAnswerTag
    case .lmEvalStrict: return text.numbers(behind: "#### ", .digits).first
    case .lmEvalFlexible: return text.numbers(.money).last
    case .lmEvalCoT: return text.numbers(behind: "The answer is ", .digitsAndOneMore).first
    case .lmEvalSelfConsistency: return text.numbers(behind: "The answer is ", .endingInDigit).first
    case .lmEvalLlama: return text.numbers(behind: "The final answer is ", .money).last
    case .lmEvalMinerva: return text.minervaSentence
    case .lmEvalDollars: return text.betweenDollars
    case .lmEvalAIME: return text.lastBox ?? text.betweenDollars
    case .verlStrict:
      return RuleText(String(completion.suffix(300))).numbers(behind: "#### ", .digits).last
    case .verlFlexible: return text.numbers(.digits).last { $0 != "." }
    case .qwen: return text.qwenAnswer
    }
  }
}

/// Up to a full stop with a blank or the end behind it, or the end of the line.
private func sentence(_ text: String) -> String {
  var result = ""
  var characters = text[...]
  if characters.first == ":" { characters = characters.dropFirst() }
  while let character = characters.popFirst(), !character.isNewline {
    if character == ".", characters.first?.isWhitespace ?? true { break }
    result.append(character)
  }
  return withoutDollars(result)
}

private func withoutDollars(_ text: String) -> String {
  let trimmed = text.trimmingBlanks
  guard trimmed.count >= 2, trimmed.hasPrefix("$"), trimmed.hasSuffix("$") else { return trimmed }
  return String(trimmed.dropFirst().dropLast()).trimmingBlanks
}

extension String {
  var trimmingBlanks: String {
    guard let first = firstIndex(where: { !$0.isWhitespace }),
      let last = lastIndex(where: { !$0.isWhitespace })
    else { return "" }
    return String(self[first...last])
  }
}
