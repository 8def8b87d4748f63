/// Where in a response an answer may stand.
public enum AnswerSource: String, Sendable, CaseIterable {
  /// The last `\boxed{...}` or `\fbox{...}`, with the boxes that belong to it.
  case boxed
  /// Between `final answer is` and `I hope it is correct`.
  case minerva
  /// Behind the last `####`.
  case hash
  /// Behind the last `answer is` or `answer:`.
  case phrase
  /// The last formula between dollar signs or LaTeX's brackets.
  case formula
  /// The last number or plain arithmetic expression.
  case number
  /// The whole text.
  case whole

  /// In the order in which they are tried when every source is allowed.
  public static let flexible: [AnswerSource] = [
    .boxed, .minerva, .hash, .phrase, .formula, .number,
  ]
}

/// Finds the answer in a model's response, in time linear in its length.
public struct AnswerFinder: Sendable {
  /// What searches other than that for boxes look at: the end of the text.
  static let window = 64 << 10

  /// The sources, the first that has an answer wins.
  public var sources: [AnswerSource]
  /// Only what stands behind the last `</think>` is looked at; nothing where it is missing.
  public var skipsThinking: Bool

  public init(sources: [AnswerSource] = AnswerSource.flexible, skipsThinking: Bool = true) {
    (self.sources, self.skipsThinking) = (sources, skipsThinking)
  }

  /// - Returns: `nil` where there is none; an empty box is the empty answer.
  public func answer(in response: String) -> String? {
    var response = response
    let found = response.withUTF8 { answer(in: $0) }
    return found.map { String(decoding: $0, as: UTF8.self) }
  }

  private func answer(in utf8: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    var text = Array(utf8)
    for index in text.indices where text[index] < 0x20 && text[index] != 0x0A && text[index] != 0x09
    {
      text[index] = 0x20
    }
    guard var visible = visiblePart(of: text[...]) else { return nil }
    var sources = sources
    if sources != [.whole], let inner = Self.answerTag(in: visible) {
      visible = inner
      if sources.contains(where: { $0 != .boxed }) { sources = [.boxed, .whole] }
    }
    for source in sources {
      if let answer = Self.answer(in: visible, source) { return answer }
      // The response was cut inside of its answer; what stands before is no answer.
      if source == .boxed, Boxes.isLastUnclosed(in: visible) { return nil }
    }
    return nil
  }

  private static func answer(in text: ArraySlice<UInt8>, _ source: AnswerSource) -> [UInt8]? {
    let end = text.suffix(window)
    switch source {
    case .boxed: return Boxes.answer(in: text)
    case .minerva: return Sentences.minerva(in: end).map(Prose.answer)
    case .hash: return Sentences.behindHash(in: end).map(Prose.answer)
    case .phrase: return Sentences.behindPhrase(in: end).map(Prose.answer)
    case .formula:
      guard let formula = Formulas.last(in: end) else { return nil }
      // A number in a later sentence is nearer to the conclusion.
      let isClosed = formula.content.last == UInt8(ascii: ".")
      return Prose.endsSentence(end[formula.end...], isClosed) ? nil : formula.content
    case .number: return Numbers.last(in: end)
    case .whole:
      let trimmed = text.trimmingBlanks()
      return trimmed.isEmpty ? nil : Array(trimmed)
    }
  }

  // MARK: Before looking

  /// The text behind its thinking, up to where it begins to invent the next question.
  private func visiblePart(of text: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    var text = text
    if skipsThinking {
      if let close = text.lastRange(of: "</think>") {
        text = text[close.upperBound...]
      } else if text.firstRange(of: "<think>") != nil {
        return nil
      }
    }
    return Self.beforeContinuation(text)
  }

  private static let tokenMarkers: [StaticString] = [
    "<|im_start|>", "<|im_end|>", "<|endoftext|>", "</s>", "<|eot_id|>", "<|end_of_text|>",
  ]
  private static let lineMarkers: [StaticString] = [
    "Question:", "Q:", "Problem:", "### Instruction",
  ]

  private static func beforeContinuation(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var isBlank = true
    var isLineStart = true
    for index in text.indices {
      let byte = text[index]
      if !isBlank {
        if byte == UInt8(ascii: "<") {
          let rest = text[index...]
          if tokenMarkers.contains(where: { rest.hasPrefix($0) }) { return text[..<index] }
        } else if isLineStart,
          byte == UInt8(ascii: "Q") || byte == UInt8(ascii: "P")
            || byte == UInt8(ascii: "#")
        {
          let rest = text[index...]
          if lineMarkers.contains(where: { rest.hasPrefix($0) }) { return text[..<index] }
        }
      }
      if byte == 0x0A {
        isLineStart = true
      } else if !byte.isBlank {
        isLineStart = false
        isBlank = false
      }
    }
    return text
  }

  /// The content of the last complete pair of `<answer>` tags.
  private static func answerTag(in text: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    guard let close = text.lastRange(of: "</answer>"),
      let open = text[..<close.lowerBound].lastRange(of: "<answer>")
    else { return nil }
    return text[open.upperBound..<close.lowerBound]
  }
}

extension ArraySlice<UInt8> {
  func firstRange(of pattern: StaticString) -> Range<Int>? {
    let pattern = pattern.bytes
    guard count >= pattern.count else { return nil }
    return withUnsafeBufferPointer { bytes in
      (0...bytes.count - pattern.count).first { start in
        bytes[start] == pattern[0]
          && bytes[start..<start + pattern.count].elementsEqual(pattern)
      }
    }.map { startIndex + $0..<startIndex + $0 + pattern.count }
  }

  func lastRange(of pattern: StaticString) -> Range<Int>? {
    let pattern = pattern.bytes
    guard count >= pattern.count else { return nil }
    return withUnsafeBufferPointer { bytes in
      (0...bytes.count - pattern.count).last { start in
        bytes[start] == pattern[0]
          && bytes[start..<start + pattern.count].elementsEqual(pattern)
      }
    }.map { startIndex + $0..<startIndex + $0 + pattern.count }
  }
}
