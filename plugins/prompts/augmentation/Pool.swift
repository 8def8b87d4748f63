import TemperPlugin

extension Augmentation {
  static var pool: [PromptTemplate] {
    plainBoxed + taggedStrictly + taggedLoosely + [derivation] + finalAnswer + solveThenCheck
  }

  /// Reason, then box the answer; nothing else is asked of the form.
  private static var plainBoxed: [PromptTemplate] {
    let request = #"Work through the problem and write the final result inside \boxed{}."#
    return [
      PromptTemplate("boxed-system", system: request),
      PromptTemplate("boxed-user", user: { "\($0)\n\n\(request)" }),
      PromptTemplate("boxed-steps", system: request, prefix: "Let us go one step at a time.\n"),
    ]
  }

  /// Tags on lines of their own.
  private static var taggedStrictly: [PromptTemplate] {
    let request = #"""
      First think, between <think> and </think>, then answer, between <answer> and </answer>. \#
      Each tag stands on a line of its own, and the answer holds the result inside \boxed{}.
      """#
    let tags = ["\n</think>\n", "\n<answer>\n", "\n</answer>"]
    return [
      PromptTemplate("tags-strict", system: request, form: share(of: ["<think>\n"] + tags)),
      PromptTemplate(
        "tags-strict-opened", system: request, prefix: "<think>\n", form: share(of: tags)),
    ]
  }

  private static var taggedLoosely: [PromptTemplate] {
    let request = #"""
      Put your reasoning between <think> and </think> and, behind it, your answer between \#
      <answer> and </answer>, with the result inside \boxed{}.
      """#
    let tags = ["</think>", "<answer>", "</answer>"]
    return [
      PromptTemplate("tags", system: request, form: share(of: ["<think>"] + tags)),
      PromptTemplate("tags-opened", system: request, prefix: "<think>", form: share(of: tags)),
    ]
  }

  private static var derivation: PromptTemplate {
    PromptTemplate(
      "derivation",
      system: #"""
        Derive the result rigorously: state what is given, justify each step by the one before \#
        it, and end with the result inside \boxed{}.
        """#)
  }

  /// A sentence that introduces the result.
  private static var finalAnswer: [PromptTemplate] {
    let phrase = "The final answer is"
    let request = #"Close with the sentence "\#(phrase) \boxed{...}", your result in the box."#
    return [
      PromptTemplate(
        "sentence-system", system: request, prefix: "Here is how it goes.\n",
        form: share(of: [phrase])),
      PromptTemplate(
        "sentence-user", user: { "\($0)\n\n\(request)" }, form: share(of: [phrase])),
      PromptTemplate(
        "sentence-steps", prefix: "Step 1:",
        user: { $0 + "\n\n" + #"Show every step, and box the result with \boxed{}."# }),
    ]
  }

  /// A solution, a check of it, then the answer.
  private static var solveThenCheck: [PromptTemplate] {
    let request = #"""
      Solve the problem between <solution> and </solution>. Then check what you found between \#
      <check> and </check>. After that give the result inside \boxed{}.
      """#
    let tags = ["</solution>", "<check>", "</check>"]
    return [
      PromptTemplate("check", system: request, form: share(of: ["<solution>"] + tags)),
      PromptTemplate(
        "check-opened", system: request, prefix: "<solution>", form: share(of: tags)),
    ]
  }
}

/// The share of `parts` that a completion has exactly once. A part that the prefix has already
/// written is not asked for again.
private func share(of parts: [String]) -> @Sendable (String) -> Double {
  { completion in
    let bytes = Array(completion.utf8)
    let kept = parts.count { occurrences(of: Array($0.utf8), in: bytes) == 1 }
    return Double(kept) / Double(parts.count)
  }
}

/// How often `part` occurs, occurrences counted apart.
private func occurrences(of part: [UInt8], in text: [UInt8]) -> Int {
  var count = 0
  var start = 0
  while start + part.count <= text.count {
    if text[start..<start + part.count].elementsEqual(part) {
      count += 1
      start += part.count
    } else {
      start += 1
    }
  }
  return count
}
