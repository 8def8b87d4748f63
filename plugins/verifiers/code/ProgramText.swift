import Completions

/// The program that a completion comes to.
struct ProgramText {
  let source: String
  /// Of a prompt that is code, what stands in front of the function: imports and helpers, which
  /// the tests use as the prompt has them.
  let preamble: String

  /// - Parameters:
  ///   - prompt: the row's prompt; code where it defines `function`.
  ///   - function: the name of the function that is to be written; empty where there is none.
  /// - Returns: `nil` where there is no code.
  init?(_ completion: String, prompt: String, function: String) {
    let text = CompletionText(completion).afterThinking
    let isContinued = !function.isEmpty && Self.definition(of: function, in: prompt) != nil
    preamble = isContinued ? Self.before(function, in: prompt) : ""
    let fences = text.fences.map(\.content)
    let fenced = fences.first { Self.definition(of: function, in: $0) != nil } ?? fences.first
    let code = fenced ?? Self.betweenMarks(text.text) ?? text.text
    guard code.contains(where: { !$0.isWhitespace }) else { return nil }
    if !isContinued {
      source = code
    } else if Self.definition(of: function, in: code) != nil {
      source = preamble + "\n" + code
    } else {
      source = prompt + (fenced == nil ? Self.body(code) : Self.indented(code))
    }
  }

  /// Where a line `def function(` starts.
  private static func definition(of function: String, in code: String) -> String.Index? {
    guard !function.isEmpty else { return nil }
    return code.ranges(of: "def \(function)(").last { range in
      range.lowerBound == code.startIndex || code[code.index(before: range.lowerBound)].isNewline
    }?.lowerBound
  }

  private static func before(_ function: String, in prompt: String) -> String {
    definition(of: function, in: prompt).map { String(prompt[..<$0]) } ?? ""
  }

  /// The form that MBPP's examples ask for.
  private static func betweenMarks(_ text: String) -> String? {
    let start = text.ranges(of: "[BEGIN]").last?.upperBound
    let rest = start.map { text[$0...] } ?? text[...]
    guard
      let end = rest.firstRange(of: "[DONE]")?.lowerBound ?? (start == nil ? nil : rest.endIndex)
    else { return nil }
    return String(rest[..<end])
  }

  /// A function's body as a model goes on writing it, up to where the next thing begins.
  private static func body(_ text: String) -> String {
    let ends = ["\nclass ", "\ndef ", "\n#", "\nif ", "\nprint(", "\n@", "\n```"]
    let end = ends.compactMap { text.firstRange(of: $0)?.lowerBound }.min() ?? text.endIndex
    return String(text[..<end])
  }

  /// A body that a fence holds may have lost its indentation.
  private static func indented(_ code: String) -> String {
    let lines = code.split(separator: "\n", omittingEmptySubsequences: false)
    guard let first = lines.first(where: { !$0.allSatisfy(\.isWhitespace) }),
      !first.first!.isWhitespace
    else { return code }
    return lines.map { "    " + $0 }.joined(separator: "\n")
  }
}
