import Foundation
import Spelling

/// A named way to turn completions into right and wrong: who finds the answer, and who compares it
/// with the gold answer. Several are applied to the same completions.
public struct AnswerProtocol: Sendable, Equatable {
  public enum Method: Sendable, Equatable {
    /// The suite's verifier does both, with this `extract` where it is not `nil`.
    case verifier(extract: String?)
    /// The same, with a tolerance of that share of a gold answer that is a number, handed over as
    /// the row's `error`.
    case tolerant(Double, extract: String?)
    /// A rule finds the answer.
    case rule(AnswerRule, Comparison)
    /// The form that the prompt asked for finds it, and the suite's equality compares.
    case askedForm
    /// The environment has judged its episodes.
    case episode
  }

  /// How an answer that a rule has found is compared with the gold answer.
  public enum Comparison: Sendable, Equatable {
    /// By the verifier that the suite names for it.
    case equality
    /// Letter by letter, after lm-evaluation-harness's deletions for GSM8K: commas, dollar signs,
    /// everything up to `#### `, a full stop at the end; case does not matter.
    case gsm8kText
    /// Letter by letter, without commas and dollar signs, as verl does.
    case verlText
    /// As in the code that came with MATH.
    case mathText
  }

  public let name: String
  public let method: Method
  public let summary: String

  public static let all: [AnswerProtocol] = [
    .init("environment", .episode, "the environment's own word on its episodes"),
    .init("verifier", .verifier(extract: nil), "the verifier as it is configured"),
    .init("flexible", .verifier(extract: "flexible"), "any form of answer; the verifier compares"),
    .init("boxed", .verifier(extract: "boxed"), "the box alone; the verifier compares"),
    .init(
      "relative-1e-2", .tolerant(0.01, extract: "flexible"),
      "as flexible, with numbers right within 1% of the gold answer"),
    .init("strict", .askedForm, "the form that the prompt asks for alone; the verifier compares"),
    .init(
      "lm-eval-gsm8k-strict", .rule(.lmEvalStrict, .gsm8kText),
      "lm-evaluation-harness gsm8k, strict-match"),
    .init(
      "lm-eval-gsm8k-flexible", .rule(.lmEvalFlexible, .gsm8kText),
      "lm-evaluation-harness gsm8k and gsm8k_cot, flexible-extract"),
    .init(
      "lm-eval-gsm8k-cot", .rule(.lmEvalCoT, .gsm8kText),
      "lm-evaluation-harness gsm8k_cot, strict-match"),
    .init(
      "lm-eval-gsm8k-self-consistency", .rule(.lmEvalSelfConsistency, .gsm8kText),
      "lm-evaluation-harness gsm8k_cot_self_consistency"),
    .init(
      "lm-eval-gsm8k-llama", .rule(.lmEvalLlama, .gsm8kText),
      "lm-evaluation-harness gsm8k_cot_llama, strict-match"),
    .init(
      "verl-gsm8k-strict", .rule(.verlStrict, .verlText), "verl gsm8k, strict"),
    .init(
      "verl-gsm8k-flexible", .rule(.verlFlexible, .verlText), "verl gsm8k, flexible"),
    .init(
      "lm-eval-minerva", .rule(.lmEvalMinerva, .equality),
      "lm-evaluation-harness minerva_math's sentence; the verifier compares in place of SymPy"),
    .init(
      "lm-eval-hendrycks", .rule(.lmEvalDollars, .mathText),
      "lm-evaluation-harness hendrycks_math"),
    .init("lm-eval-aime", .rule(.lmEvalAIME, .mathText), "lm-evaluation-harness aime"),
    .init(
      "qwen", .rule(.qwen, .equality),
      "the order of Qwen2.5-Math; the verifier compares in place of its own"),
    .init(
      "answer-line", .rule(.answerLine, .equality),
      "the line behind ANSWER:, as in simple-evals and lighteval; the verifier compares"),
    .init(
      "answer-tag", .rule(.answerTag, .equality),
      "the last <answer> tag, as in R1-Zero; the verifier compares"),
  ]

  private init(_ name: String, _ method: Method, _ summary: String) {
    (self.name, self.method, self.summary) = (name, method, summary)
  }

  /// - Throws: ``UnknownProtocol``.
  public static func named(_ name: String) throws(UnknownProtocol) -> AnswerProtocol {
    guard let found = all.first(where: { $0.name == name }) else {
      throw UnknownProtocol(name: name)
    }
    return found
  }

}

public struct UnknownProtocol: Error, Equatable, CustomStringConvertible {
  let name: String

  public var description: String {
    let known = AnswerProtocol.all.map(\.name)
    return "there is no protocol '\(name)'"
      + (nearestName(to: name, among: known).map { "; did you mean '\($0)'?" }
        ?? "; there are \(known.joined(separator: ", "))")
  }
}

extension AnswerProtocol.Comparison {
  /// Whether two texts are the same answer; `nil` where a verifier has to say.
  func areEqual(_ answer: String, _ gold: String) -> Bool? {
    switch self {
    case .equality: nil
    case .mathText: MATHText.areEquivalent(answer, gold)
    case .gsm8kText, .verlText: normalized(answer) == normalized(gold)
    }
  }

  /// The spelling that equal texts share.
  func normalized(_ answer: String) -> String {
    switch self {
    case .equality: return answer.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    case .mathText: return MATHText.stripped(answer)
    case .verlText:
      return (answer.components(separatedBy: "#### ").last ?? answer)
        .filter { $0 != "," && $0 != "$" }
    case .gsm8kText:
      var text = answer.filter { $0 != "," && $0 != "$" }
      text = text.components(separatedBy: "#### ").last ?? text
      return (text.hasSuffix(".") ? String(text.dropLast()) : text).lowercased()
    }
  }
}
