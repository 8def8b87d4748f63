/// Texts that end a completion, compared byte by byte: Swift's own comparison would not find a line
/// feed in a carriage return and line feed, nor a letter below an accent that follows it.
struct StopStrings {
  private let strings: [[UInt8]]
  /// Bytes of the longest.
  let longest: Int

  init(_ strings: [String]) {
    self.strings = strings.map { Array($0.utf8) }
    longest = self.strings.map(\.count).max() ?? 0
  }

  var isEmpty: Bool { strings.isEmpty }

  /// Where the first stop string in `text` begins.
  func first(in text: [UInt8]) -> Int? {
    text.indices.first { start in strings.contains { text[start...].starts(with: $0) } }
  }
}
