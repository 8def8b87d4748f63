import Numerals
import TemperPlugin

enum Comparison: String, PluginChoice { case number, string }

/// Where in a completion the answer stands.
enum Extraction: String, PluginChoice {
  /// Behind a marker.
  case marker
  /// The last number of the text.
  case lastNumber = "last-number"
  /// The whole text.
  case whole

  /// The answer without surrounding white space, or `nil` where there is none.
  func answer(in completion: String, _ markers: [String]) -> String? {
    let answer: String? =
      switch self {
      case .marker: markers.lazy.compactMap { completion.after(last: $0) }.first
      case .lastNumber: FoundNumeral.last(in: completion)?.text
      case .whole: completion.trimmed
      }
    return answer?.isEmpty == true ? nil : answer
  }

  /// Why there is no answer.
  func absence(_ markers: [String]) -> String {
    switch self {
    case .marker: "no answer behind \(markers.map { "'\($0)'" }.joined(separator: " or "))"
    case .lastNumber: "there is no number"
    case .whole: "the completion is empty"
    }
  }
}

extension String {
  /// The first line with text behind the last occurrence of `marker`; behind a marker that ends
  /// in `{`, the text up to the brace that closes it. `nil` where the marker does not occur or its
  /// brace stays open.
  func after(last marker: String) -> String? {
    guard let start = lastEnd(of: marker) else { return nil }
    let rest = self[start...]
    guard marker.utf8.last == UInt8(ascii: "{") else {
      let text = rest.drop { $0.isWhitespace }
      return String(text.prefix { !$0.isNewline }).trimmed
    }
    var depth = 1
    for (index, byte) in zip(rest.utf8.indices, rest.utf8) {
      if byte == UInt8(ascii: "{") { depth += 1 }
      if byte == UInt8(ascii: "}") { depth -= 1 }
      if depth == 0 { return String(rest[..<index]).trimmed }
    }
    return nil
  }

  /// Where the last occurrence of `text`, byte for byte, ends.
  private func lastEnd(of text: String) -> Index? {
    var haystack = self
    var needle = text
    let offset: Int? = haystack.withUTF8 { haystack in
      needle.withUTF8 { needle in
        guard haystack.count >= needle.count else { return nil }
        return (0...haystack.count - needle.count).last { start in
          haystack[start] == needle[0]
            && haystack[start..<start + needle.count].elementsEqual(needle)
        }.map { $0 + needle.count }
      }
    }
    return offset.map { utf8.index(startIndex, offsetBy: $0) }
  }

  var trimmed: String {
    guard let first = firstIndex(where: { !$0.isWhitespace }),
      let last = lastIndex(where: { !$0.isWhitespace })
    else { return "" }
    return String(self[first...last])
  }
}
