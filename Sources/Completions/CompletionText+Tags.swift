extension CompletionText {
  /// The contents of every `<name>...</name>`, read from the left: a tag ends at the first end
  /// behind its start.
  public func tagged(_ name: String) -> [CompletionText] {
    let (start, end) = ("<\(name)>", "</\(name)>")
    var found: [CompletionText] = []
    var position = bytes.startIndex
    while let open = self.position(of: start, from: position),
      let close = self.position(of: end, from: open + start.utf8.count)
    {
      found.append(CompletionText(bytes[(open + start.utf8.count)..<close]))
      position = close + end.utf8.count
    }
    return found
  }

  /// The content of the `\boxed{...}` that begins last, among those whose brace is closed.
  public var lastBoxed: CompletionText? {
    let mark = Array(#"\boxed"#.utf8)
    var open: [(start: Int, isBox: Bool)] = []
    var last: Range<Int>?
    for (position, byte) in zip(bytes.indices, bytes) {
      if byte == UInt8(ascii: "{") {
        open.append((position + 1, bytes[..<position].suffix(mark.count).elementsEqual(mark)))
      } else if byte == UInt8(ascii: "}"), let (start, isBox) = open.popLast(), isBox,
        start > last?.lowerBound ?? -1
      {
        last = start..<position
      }
    }
    return last.map { CompletionText(bytes[$0]) }
  }

  /// A block between lines of three backquotes.
  public struct Fence: Sendable, Equatable {
    /// What follows the first backquotes: `python`.
    public let language: String
    public let content: String
  }

  /// The fenced blocks, in order; one that stays open reaches to the end.
  public var fences: [Fence] {
    var found: [Fence] = []
    var current: (language: String, lines: [ArraySlice<UInt8>])?
    for line in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      let text = line.drop(while: isWhiteSpace)
      let isMark = text.starts(with: "```".utf8)
      if isMark, let block = current {
        found.append(Fence(language: block.language, content: joined(block.lines)))
        current = nil
      } else if isMark {
        current = (CompletionText(text.dropFirst(3)).trimmed, [])
      } else {
        current?.lines.append(line)
      }
    }
    if let block = current {
      found.append(Fence(language: block.language, content: joined(block.lines)))
    }
    return found
  }

  private func joined(_ lines: [ArraySlice<UInt8>]) -> String {
    String(decoding: Array(lines.joined(separator: "\n".utf8)), as: UTF8.self)
  }
}

extension CompletionText {
  /// True if each tag ends before the next one starts. Each occurs once.
  public func isOrdered(_ tags: [String]) -> Bool {
    var position = bytes.startIndex
    for tag in tags {
      guard let start = self.position(of: "<\(tag)>", from: position),
        let end = self.position(of: "</\(tag)>", from: start)
      else { return false }
      position = end
    }
    return true
  }

  /// The text without the tags and what they hold. Each occurs once.
  public func outside(_ tags: [String]) -> CompletionText {
    var kept = Array(repeating: true, count: bytes.count)
    for tag in tags {
      guard let start = position(of: "<\(tag)>", from: bytes.startIndex),
        let end = position(of: "</\(tag)>", from: start)
      else { continue }
      for index in start..<end + "</\(tag)>".utf8.count { kept[index - bytes.startIndex] = false }
    }
    return CompletionText(zip(bytes, kept).filter(\.1).map(\.0)[...])
  }
}
