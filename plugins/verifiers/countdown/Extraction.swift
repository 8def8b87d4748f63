import Completions
import TemperPlugin

/// Where in a completion the expression stands.
enum Extraction: String, PluginChoice {
  /// In the last `<answer>` tag behind the thinking, else in the last box.
  case strict
  /// Else the last line that holds an operator.
  case flexible

  func answer(in completion: String) -> String? {
    let text = CompletionText(completion).afterThinking
    if let tagged = text.tagged("answer").last { return tagged.trimmed }
    if let boxed = text.lastBoxed { return boxed.trimmed }
    guard self == .flexible else { return nil }
    let operators: Set<Character> = ["+", "-", "*", "/", "×", "÷", "·", "−"]
    return text.text.split(whereSeparator: \.isNewline)
      .last { $0.contains { operators.contains($0) } }.map(String.init)
  }
}
