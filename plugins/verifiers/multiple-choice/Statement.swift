import Completions
import TemperPlugin

/// Where in a completion the choice is named.
enum Extraction: String, PluginChoice {
  /// In an `<answer>` tag, a box, or behind `answer is`, `answer:` or `####`; or it is all there is.
  case strict
  /// Else in the last line that names one.
  case flexible

  /// The part of the completion that names a choice.
  func statement(in completion: String, _ question: Question) -> String? {
    let text = CompletionText(completion).afterThinking
    if let tagged = text.tagged("answer").last { return tagged.trimmed }
    if let boxed = text.lastBoxed { return boxed.trimmed }
    let lines = text.text.split(whereSeparator: \.isNewline).map(String.init)
    for line in lines.reversed() {
      if let statement = behindPhrase(line) { return statement }
    }
    if lines.count == 1, case .none = question.choice(in: lines[0]) { return nil }
    if lines.count == 1, self == .flexible || question.isBare(lines[0]) { return lines[0] }
    guard self == .flexible else { return nil }
    return lines.last { if case .none = question.choice(in: $0) { false } else { true } }
  }

  private func behindPhrase(_ line: String) -> String? {
    let lowered = line.lowercased()
    guard lowered.utf8.count == line.utf8.count else { return nil }
    let ends = ["answer is", "answer:", "answer:**", "####"].compactMap { phrase in
      lowered.ranges(of: phrase).last.map {
        lowered.utf8.distance(from: lowered.startIndex, to: $0.upperBound)
      }
    }
    guard let end = ends.max() else { return nil }
    let statement = line.utf8.dropFirst(end).drop { $0 == UInt8(ascii: ":") }
    let text = CompletionText(String(Substring(statement))).trimmed
    return text.isEmpty ? nil : text
  }
}

extension Question {
  enum Choice: Equatable {
    case one(String), several, none
  }

  /// The choice that a statement names: by its label, `B`, `(B)` or `B. Paris`, or by its text.
  ///
  /// Naming several is not naming one, and a label with the text of another is naming two.
  func choice(in statement: String) -> Choice {
    if let index = texts.firstIndex(of: plain(statement)) { return .one(labels[index]) }
    let words = Self.words(statement)
    guard let first = words.first else { return .none }
    if words.count == 1, let label = labels.first(where: { $0 == first.text.uppercased() }) {
      return .one(label)
    }
    let isReasoned = words.count > 1 && ["because", "since"].contains(words[1].text)
    if labels.contains(first.text), first.isMarked || isReasoned {
      return leading(first.text, words, statement)
    }
    let named = Set(words.indices.filter { isLabel(at: $0, of: words) }.map { words[$0].text })
    return named.count > 1 ? .several : named.first.map(Choice.one) ?? .none
  }

  /// `B. Paris`: a label with a mark behind it, and a text.
  private func leading(_ label: String, _ words: [Word], _ statement: String) -> Choice {
    guard words.count > 1 else { return .one(label) }
    let rest = plain(String(statement[words[1].start...]))
    if let index = texts.firstIndex(of: rest) {
      return labels[index] == label ? .one(label) : .several
    }
    let next = words[1].text
    let isList = ["or", "and"].contains(next.lowercased()) || isLabel(at: 1, of: words)
    return isList ? .several : .one(label)
  }

  /// True if the line is a label with no more than marks around it, or a label and its text.
  func isBare(_ line: String) -> Bool {
    guard let first = Self.words(line).first else { return false }
    return Self.words(line).count == 1 || first.isMarked || texts.contains(plain(line))
  }

  /// A capital in a sentence is a label unless it is a word there: `A vitamin`, `I think`.
  private func isLabel(at index: Int, of words: [Word]) -> Bool {
    let word = words[index]
    guard labels.contains(word.text) else { return false }
    guard ["A", "I"].contains(word.text), !word.isMarked, index + 1 < words.count else {
      return true
    }
    let next = words[index + 1].text
    return next.first?.isLowercase != true
      || ["or", "and", "is", "because", "since"].contains(next)
  }

  private struct Word {
    let text: String
    let start: String.Index
    /// A closing bracket, a full stop, a colon or an asterisk follows: `B)`, `B.`, `**B**`.
    let isMarked: Bool
  }

  private static func words(_ text: String) -> [Word] {
    var words: [Word] = []
    var start: String.Index?
    for index in text.indices + [text.endIndex] {
      let symbol = index < text.endIndex ? text[index] : " "
      if symbol.isLetter || symbol.isNumber || symbol == "'" {
        start = start ?? index
      } else if let begun = start {
        words.append(
          Word(
            text: String(text[begun..<index]), start: begun,
            isMarked: ").:*]}".contains(symbol)))
        start = nil
      }
    }
    return words
  }
}
