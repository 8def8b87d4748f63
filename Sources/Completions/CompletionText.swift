/// A completion, or a part of one, as the marks in it divide it: thinking, tags, boxes, fences.
///
/// Everything here takes time in proportion to the text, whatever is written in it.
public struct CompletionText: Sendable, Equatable {
  let bytes: ArraySlice<UInt8>

  public init(_ text: String) { bytes = Array(text.utf8)[...] }

  init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

  public var text: String { String(decoding: bytes, as: UTF8.self) }

  /// The text without the white space around it.
  public var trimmed: String {
    var rest = bytes
    while rest.last.map(isWhiteSpace) == true { rest.removeLast() }
    return String(decoding: rest.drop(while: isWhiteSpace), as: UTF8.self)
  }

  public var isBlank: Bool { bytes.allSatisfy(isWhiteSpace) }

  public static func == (a: CompletionText, b: CompletionText) -> Bool { a.bytes == b.bytes }

  /// What follows the last `</think>`, up to a `<think>` that stays open.
  public var afterThinking: CompletionText {
    let rest = positions(of: "</think>").last.map { bytes[($0 + 8)...] } ?? bytes
    let open = CompletionText(rest).positions(of: "<think>").first
    return CompletionText(open.map { rest[..<$0] } ?? rest)
  }

  /// Where `mark` begins, as positions in ``bytes``; none overlap.
  func positions(of mark: String) -> [Int] {
    var found: [Int] = []
    var start = bytes.startIndex
    while let position = position(of: mark, from: start) {
      found.append(position)
      start = position + mark.utf8.count
    }
    return found
  }

  /// Where `mark` begins first, at `start` or behind it.
  func position(of mark: String, from start: Int) -> Int? {
    let mark = Array(mark.utf8)
    guard bytes.endIndex - start >= mark.count else { return nil }
    return (start...bytes.endIndex - mark.count).first { position in
      bytes[position] == mark[0] && bytes[position..<position + mark.count].elementsEqual(mark)
    }
  }

  /// How often `mark` occurs.
  public func count(of mark: String) -> Int { positions(of: mark).count }
}

func isWhiteSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
