import Foundation

/// A regular expression (ICU's syntax) whose work on any text is bounded.
///
/// Matching backtracks, so a pattern such as `(a+)+b` can take longer than the universe lasts.
/// The engine reports to us after every 10,000 steps, and we stop it after ``workBudget``
/// reports: steps, not seconds, so that a verdict does not depend on the machine.
///
/// A search by the engine also reports at every place where it tries to match, which would make
/// steps uncountable. So we let it match at the start of the text alone, an expression that skips
/// to the match itself.
struct Pattern: @unchecked Sendable {  // NSRegularExpression is immutable and safe to share
  /// A completion of more bytes is not searched.
  static let longestText = 1 << 18
  static let workBudget = 1000

  /// Skips to the first match.
  private let first: NSRegularExpression
  /// Takes match after match and keeps the groups of the last; a match without text would keep it
  /// in place.
  private let last: NSRegularExpression
  var hasGroup: Bool { first.numberOfCaptureGroups > 1 }

  /// - Throws: ``VerifierConfigurationError`` that names the pattern.
  init(_ pattern: String, key: String) throws(VerifierConfigurationError) {
    guard !Self.hasNumberedReference(pattern) else {
      throw VerifierConfigurationError(
        #"'\#(key)' refers to a group by number: \#(pattern); name it, (?<name>...) and \k<name>"#)
    }
    do {
      first = try NSRegularExpression(pattern: "(?s:.*?)(\(pattern))")
      last = try NSRegularExpression(pattern: "(?>(?s:.*?)(\(pattern)))*+")
    } catch {
      throw VerifierConfigurationError(
        "'\(key)' is not a regular expression: \(pattern); see docs/verifiers.md for the syntax")
    }
    if case .found = lastMatch(in: "") {
      throw VerifierConfigurationError(
        "'\(key)' matches the empty text, so it matches everywhere: \(pattern)")
    }
  }

  enum Outcome: Equatable {
    /// The match that ends last; its first group if it took part; what stands behind the match.
    case found(match: String, group: String?, rest: String)
    case absent
    /// The search used up its budget, or the text is too long to be searched.
    case tooMuchWork(String)
  }

  /// The last of the matches that a search from left to right finds, none overlapping. A match
  /// without text, of an assertion such as `(?=please)`, is found where it is first.
  func lastMatch(in text: String) -> Outcome {
    guard text.utf8.count <= Self.longestText else {
      return .tooMuchWork("the completion has more than \(Self.longestText) bytes")
    }
    do {
      guard let found = try match(first, in: text) else { return .absent }
      let isEmpty = found.range(at: 1).length == 0
      return outcome(try isEmpty ? found : match(last, in: text) ?? found, in: text as NSString)
    } catch {
      return .tooMuchWork("the pattern takes too much work on this completion")
    }
  }

  private struct OutOfBudget: Error {}

  /// The match of `expression` at the start of the text.
  private func match(
    _ expression: NSRegularExpression, in text: String
  ) throws(OutOfBudget) -> NSTextCheckingResult? {
    var found: NSTextCheckingResult?
    var reports = 0
    var isExhausted = false
    expression.enumerateMatches(
      in: text, options: [.anchored, .reportProgress, .reportCompletion],
      range: NSRange(location: 0, length: text.utf16.count)
    ) { result, flags, stop in
      if let result {
        found = result
        stop.pointee = true
      }
      if flags.contains(.progress) { reports += 1 }
      // The engine gives up by itself where its stack is full.
      isExhausted = isExhausted || reports > Self.workBudget || flags.contains(.internalError)
      if isExhausted { stop.pointee = true }
    }
    if isExhausted { throw OutOfBudget() }
    return found
  }

  private func outcome(_ result: NSTextCheckingResult, in text: NSString) -> Outcome {
    let match = result.range(at: 1)
    // A group may hold what an earlier match left there.
    let group = result.numberOfRanges > 2 ? result.range(at: 2) : match
    let tookPart = group.location != NSNotFound && group.location >= match.location
    return .found(
      match: text.substring(with: match), group: tookPart ? text.substring(with: group) : nil,
      rest: text.substring(from: match.upperBound))
  }

  /// True for `\1` to `\9`: our own group in front moves their numbers.
  private static func hasNumberedReference(_ pattern: String) -> Bool {
    var isEscaped = false
    for byte in pattern.utf8 {
      if isEscaped, byte >= UInt8(ascii: "1"), byte <= UInt8(ascii: "9") { return true }
      isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
    }
    return false
  }
}
