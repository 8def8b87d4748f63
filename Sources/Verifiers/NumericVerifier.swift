import JSON
import Numerals
import Trajectories

/// Compares a number of the completion, the last one or the first behind a pattern, with the gold
/// answer, within a tolerance.
public struct NumericVerifier: Verifier {
  public let name = "numeric"
  /// `nil` for the last number of the completion.
  let pattern: Pattern?
  let tolerance: Double
  let relativeTolerance: Double
  let goldKey: String
  let rewards: VerdictRewards

  public static let defaults: JSONLiteral = [
    "pattern": "", "tolerance": 0, "relative_tolerance": 0, "gold": "answer",
    "right": 1, "wrong": 0, "unparsable": nil,
  ]

  /// - Parameter settings: an object with every key of ``defaults``.
  /// - Throws: ``VerifierConfigurationError`` that names the key and the remedy.
  public init(_ settings: JSONLiteral) throws(VerifierConfigurationError) {
    let reader = SettingsReader(settings)
    let text = try reader.string("pattern")
    pattern = text.isEmpty ? nil : try Pattern(text, key: "pattern")
    tolerance = try reader.nonnegative("tolerance")
    relativeTolerance = try reader.nonnegative("relative_tolerance")
    goldKey = try reader.string("gold")
    rewards = try reader.rewards()
  }

  public func judge(_ samples: [VerifierSample]) -> [Judgement] { samples.map(judge) }

  private func judge(_ sample: VerifierSample) -> Judgement {
    let gold: (text: String, value: Numeral)
    do { gold = try goldNumber(of: sample.row, key: goldKey) } catch {
      return .failed(error.description)
    }
    switch answer(in: sample.completion) {
    case .failure(let absence): return rewards.unparsable(absence.reason)
    case .success(let answer):
      guard let value = answer.value else {
        return rewards.unparsable("the number cannot be read", answer: answer.text)
      }
      return isClose(value, to: gold.value)
        ? rewards.right(answer: answer.text)
        : rewards.wrong("expected \(gold.text)", answer: answer.text)
    }
  }

  /// Why a completion has no number to compare.
  private struct Absence: Error { let reason: String }

  private func answer(in completion: String) -> Result<FoundNumeral, Absence> {
    guard let pattern else {
      guard completion.utf8.count <= Pattern.longestText else {
        return .failure(
          Absence(reason: "the completion has more than \(Pattern.longestText) bytes"))
      }
      return FoundNumeral.last(in: completion).map(Result.success)
        ?? .failure(Absence(reason: "there is no number"))
    }
    switch pattern.lastMatch(in: completion) {
    case .absent: return .failure(Absence(reason: "the pattern does not match"))
    case .tooMuchWork(let reason): return .failure(Absence(reason: reason))
    case .found(let match, let group, let rest):
      // A pattern with a group says where the number is; one without leads to it.
      let place = pattern.hasGroup ? group ?? match : rest
      return FoundNumeral.first(in: place).map(Result.success)
        ?? .failure(Absence(reason: "there is no number behind the pattern"))
    }
  }

  private func isClose(_ value: Numeral, to gold: Numeral) -> Bool {
    if value == gold { return true }
    let bound = max(tolerance, relativeTolerance * abs(gold.double))
    return bound > 0 && abs(value.double - gold.double) <= bound
  }
}
