import JSON
import Numerals
import Trajectories

/// Searches the completion for a regular expression; without a comparison a match is right, with
/// one the match is the answer.
public struct RegexVerifier: Verifier {
  public let name = "regex"
  let pattern: Pattern
  /// `nil` where a match alone is right.
  let comparison: Comparison?
  let ignoresCase: Bool
  let goldKey: String
  let rewards: VerdictRewards

  public static let defaults: JSONLiteral = [
    "pattern": "", "compare": "none", "ignore_case": false, "gold": "answer",
    "right": 1, "wrong": 0, "unparsable": nil,
  ]

  /// - Parameter settings: an object with every key of ``defaults``.
  /// - Throws: ``VerifierConfigurationError`` that names the key and the remedy.
  public init(_ settings: JSONLiteral) throws(VerifierConfigurationError) {
    let reader = SettingsReader(settings)
    let text = try reader.string("pattern")
    guard !text.isEmpty else {
      throw VerifierConfigurationError(
        "'pattern' is empty; give a regular expression, for example 'answer is (\\d+)'")
    }
    pattern = try Pattern(text, key: "pattern")
    let compare = try reader.choice("compare", of: ["none"] + Comparison.allCases.map(\.rawValue))
    comparison = Comparison(rawValue: compare)
    ignoresCase = try reader.bool("ignore_case")
    goldKey = try reader.string("gold")
    rewards = try reader.rewards()
  }

  public func judge(_ samples: [VerifierSample]) -> [Judgement] { samples.map(judge) }

  private func judge(_ sample: VerifierSample) -> Judgement {
    do {
      switch comparison {
      case nil: return judge(pattern.lastMatch(in: sample.completion)) { rewards.right(answer: $0) }
      case .string:
        let gold = try goldAnswer(of: sample.row, key: goldKey)
        return judge(pattern.lastMatch(in: sample.completion)) { compare($0, with: gold) }
      case .number:
        let gold = try goldNumber(of: sample.row, key: goldKey)
        return judge(pattern.lastMatch(in: sample.completion)) { answer in
          guard let number = Numeral(only: answer) else {
            return rewards.unparsable("the answer is not one number", answer: answer)
          }
          return number == gold.value
            ? rewards.right(answer: answer)
            : rewards.wrong("expected \(gold.text)", answer: answer)
        }
      }
    } catch {
      return .failed(error.description)
    }
  }

  private func judge(_ outcome: Pattern.Outcome, found: (String) -> Judgement) -> Judgement {
    switch outcome {
    case .found(let match, let group, _): found((group ?? match).trimmed)
    case .tooMuchWork(let reason): rewards.unparsable(reason)
    // Where nothing is compared, the match is the whole question, and the answer to it is no.
    case .absent where comparison == nil: rewards.wrong("the pattern does not match")
    case .absent: rewards.unparsable("the pattern does not match")
    }
  }

  private func compare(_ answer: String, with gold: String) -> Judgement {
    let isEqual = ignoresCase ? answer.lowercased() == gold.lowercased() : answer == gold
    return isEqual
      ? rewards.right(answer: answer) : rewards.wrong("expected \(gold)", answer: answer)
  }
}
