import Foundation

/// A regular expression whose work on any text is bounded.
///
/// Matching backtracks, so a pattern such as `(a+)+b` can take longer than the universe lasts.
/// The engine reports to us after every 10,000 steps or so, and we stop it after
/// ``workBudget`` reports: steps, not seconds, so that a verdict does not depend on the machine.
struct Pattern: @unchecked Sendable {  // NSRegularExpression is immutable and safe to share
  /// A completion of more bytes is not searched.
  static let longestText = 1 << 18
  static let workBudget = 500

  private let expression: NSRegularExpression
  var groupCount: Int { expression.numberOfCaptureGroups }

  /// - Throws: ``VerifierConfigurationError`` that names the pattern.
  init(_ pattern: String, key: String) throws(VerifierConfigurationError) {
    do { expression = try NSRegularExpression(pattern: pattern) } catch {
      throw VerifierConfigurationError(
        "'\(key)' is not a regular expression: \(pattern); see docs/verifiers.md for the syntax")
    }
  }

  enum Outcome: Equatable {
    /// Of the last match: the whole of it, its first group if it has one that took part, and what
    /// stands behind it.
    case found(match: String, group: String?, rest: String)
    case absent
    /// The search used up its budget, or the text is too long to be searched.
    case tooMuchWork(String)
  }

  func lastMatch(in text: String) -> Outcome {
    guard text.utf8.count <= Self.longestText else {
      return .tooMuchWork("the completion has more than \(Self.longestText) bytes")
    }
    let string = text as NSString
    var last: NSTextCheckingResult?
    var reports = 0
    expression.enumerateMatches(
      in: text, options: .reportProgress, range: NSRange(location: 0, length: string.length)
    ) { result, flags, stop in
      if let result { last = result }
      if flags.contains(.progress) { reports += 1 }
      if reports > Self.workBudget { stop.pointee = true }
    }
    guard reports <= Self.workBudget else {
      return .tooMuchWork("the pattern takes too much work on this completion")
    }
    guard let last else { return .absent }
    let group = last.numberOfRanges > 1 ? last.range(at: 1) : last.range
    return .found(
      match: string.substring(with: last.range),
      group: group.location == NSNotFound ? nil : string.substring(with: group),
      rest: string.substring(from: last.range.upperBound))
  }
}
